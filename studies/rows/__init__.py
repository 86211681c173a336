"""Rows in the forms that people bring them: nested in dicts and tuples, arrays of several meanings, items."""
