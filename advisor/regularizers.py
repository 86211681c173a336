"""Regularizers by name, for the set of them that a recipe holds.

Example:
    >>> import advisor
    >>> recipe = advisor.Recipe(regularizers=(advisor.regularizers.Dropout(rate=0.2),))
    >>> recipe.to_params()["regularizers"]
    'Dropout'
"""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("regularizers", __name__)
