"""Statements: what the advice says, one class a kind of claim; each can be checked against the records."""
