"""Columns: how each kind of column is told, read and turned into inputs, one file a kind."""

from typing import Final

READING: Final = 1
"""Version of how columns are read; studies of versions that do not say have 0."""
