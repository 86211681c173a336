"""dashboard shows: what the advisor decided, and the trials it rests on."""
