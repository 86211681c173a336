"""Command line: commands, their options, and what is printed in a terminal."""
