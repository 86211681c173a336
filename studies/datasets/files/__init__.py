"""Readers of the user's own data, one file a form; imported only when such data is read."""
