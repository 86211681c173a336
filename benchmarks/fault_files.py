"""Faults of files and clocks."""
FILES = ()
