"""Wrappers around an optimizer by name, for the set of them that a recipe holds.

Example:
    >>> import advisor
    >>> advisor.Recipe(wrappers=(advisor.wrappers.EMA(decay=0.98),)).to_params()["wrappers"]
    'EMA'
"""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("wrappers", __name__)
