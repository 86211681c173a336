"""Engines: where trials are trained, and how what they are trained on gets there."""
