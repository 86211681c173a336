"""Regularizers by name: `advisor.Recipe(regularizers=(advisor.regularizers.Dropout(),))`."""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("regularizers", __name__)
