"""Wrappers around an optimizer by name: `advisor.Recipe(wrappers=(advisor.wrappers.EMA(),))`."""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("wrappers", __name__)
