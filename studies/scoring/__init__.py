"""Scoring: which way metrics go by their names, and how scorers and functions of other makers are called."""
