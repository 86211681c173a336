"""Commands, one file each: the arguments it takes, what it calls, and what it prints."""
