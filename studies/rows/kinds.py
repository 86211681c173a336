"""Kinds of rows: what a row of inputs is. Standard library only."""

from __future__ import annotations

from typing import Final, Literal

Kind = Literal["table", "image", "text", "signal", "mixed"]
KINDS: Final = ("table", "image", "text", "signal")
"""Kinds that a user may name; mixed is what a dict or a tuple of inputs is."""
