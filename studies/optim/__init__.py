"""Torch optimizers of our own, and what several optimizer choices are built from."""
