"""Every choice of every folder as the parameters of a test, so that a new file is tested with no edit."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from studies import catalogue

EVERY = [
    pytest.param(c, id=f"{axis}-{name}")
    for axis in catalogue.FOLDERS
    for name, c in catalogue.choices(axis).items()
]


NAMED = [param for param in EVERY if not param.id.endswith("-none")]


def of(axis):
    return [
        pytest.param(choice, id=name, marks=marks_of(choice))
        for name, choice in catalogue.choices(axis).items()
    ]


def marks_of(choice):
    """Skip what needs a package that is not here, and what steps on nothing but sparse tables."""
    extra = getattr(choice, "extra", "")
    missing = bool(extra) and find_spec(extra.split(":")[0]) is None
    return [
        pytest.mark.skipif(missing, reason=f"needs {extra}"),
        pytest.mark.skipif(getattr(choice, "only_sparse", False), reason="steps on sparse tables alone"),
    ]
