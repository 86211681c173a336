"""Infeasible trials: reasons that are knowledge about a recipe, not errors of the program."""

from __future__ import annotations


class Diverged(Exception):
    """The training loss exploded or is no number."""


class CannotCompress(Exception):
    """The model cannot be treated so; the message is one line that says why."""
