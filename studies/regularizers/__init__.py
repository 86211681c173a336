"""Regularizers, one file each; a recipe holds a set of them.

`attach` hooks one into a training run before it starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.attachment import Attachment


@dataclass(frozen=True, kw_only=True)
class RegularizerChoice(Attachment):
    """Base of every regularizer."""

    axis: ClassVar[str] = "regularizers"
    waits: ClassVar[bool] = False
    """Whether it does nothing until something happens in the run, such as a large gradient; it then has tests
    of its own."""
