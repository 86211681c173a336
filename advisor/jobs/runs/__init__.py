"""Runs that other tools recorded, as evidence: read, their columns given a meaning, and kept as a study."""
