"""Runs of other trainers that tests share: recipes for them, reports that are noted, and quiet trainers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import advisor

QUIET_LIGHTNING: Final = {
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "accelerator": "cpu",
}
"""Options of Lightning's Trainer that write nothing anywhere."""


def noting(reports: list[Any], stop_after: int = 99) -> Callable[..., bool]:
    """Return what a training function reports to: it notes each report, and says to stop after an epoch."""

    def report(epoch: int, metric: float, **losses: float | None) -> bool:
        reports.append((epoch, metric, losses))
        return epoch >= stop_after

    return report


def recipe_of(
    optimizer: str = "AdamW", schedule: str = "Constant", *, epochs: int = 3, **parts: Any
) -> advisor.Recipe:
    """Return a recipe of an optimizer and a schedule as they come, by name."""
    choice, plan = getattr(advisor.optimizers, optimizer)(), getattr(advisor.schedules, schedule)()
    return advisor.Recipe(optimizer=choice, schedule=plan, epochs=epochs, **parts)
