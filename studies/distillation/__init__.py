"""Distillation, one file each way; a later release fills this axis, today a recipe always says none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.choice import Choice


@dataclass(frozen=True, kw_only=True)
class DistillationChoice(Choice):
    """Base of every way of distillation."""

    axis: ClassVar[str] = "distillation"
