"""Jobs: what a command does, from a request to a session, its trials and their advice."""
