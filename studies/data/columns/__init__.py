"""Columns: how each kind of column is told, read and turned into inputs, one file a kind."""
