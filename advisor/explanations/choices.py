"""Text of a choice: what it does, when it helps and hurts, its ranges, and what was measured of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from advisor.published.openings import openings
from advisor.published.shown import measured
from studies.choice import Choice, sections, summary
from studies.optim.routing import ROLES
from studies.optimizers import LR_ROWS, MOST_LR_ROWS, OptimizerChoice
from studies.space import Range, ranges, unsearched_ranges

AT_ROWS: Final = f"the range below is for batches of {LR_ROWS} rows and grows with"
LR_GROWTH: Final = {
    1.0: f"{AT_ROWS} them, up to {MOST_LR_ROWS} rows",
    0.5: f"{AT_ROWS} their root, up to {MOST_LR_ROWS} rows",
}
"""What the range of a lr does as batches do, by the power."""


def choice_text(choice: type[Choice]) -> str:
    """Return what a choice says of itself, and what was measured of it."""
    noun = {"regularizers": "regularizer"}.get(choice.axis, choice.axis)
    parts = sections(choice)
    lines = [f"{choice.name()} ({noun})", "", summary(choice), ""]
    lines += [f"{label}: {parts[label]}" for label in ("Helps", "Hurts", "Source") if label in parts]
    if issubclass(choice, OptimizerChoice):
        lines += optimizer_lines(choice)
    lines += _field_lines("Searched over:", ranges(choice))
    lines += _field_lines("May be set, and is not searched:", unsearched_ranges(choice))
    if opened := openings(choice.name()):
        lines += ["", *opened]
    if choice.axis in {"optimizer", "wrappers"}:
        lines += ["", *measured(choice.name())]
    return "\n".join(lines)


def _field_lines(heading: str, fields: Mapping[str, Range]) -> list[str]:
    """Return a line a field below a heading; none where there is no field."""
    lines = [f"  {name:<14} {span}; default {_default(span)}" for name, span in fields.items()]
    return ["", heading, *lines] if lines else []


def optimizer_lines(choice: type[OptimizerChoice]) -> list[str]:
    """Return lines on an optimizer's class: state, regime, which parameters it leaves to another."""
    regime = (
        "the whole training set every step"
        if choice.full_batch
        else "any: one row (per-sample), some, or the whole set"
    )
    power = LR_GROWTH.get(choice.lr_power())
    routes = {role: choice.from_fields({}).serves(role) for role in ROLES}
    left = ", ".join(f"{role} to {other}" for role, other in routes.items() if other != choice.name())
    return [
        f"State: {choice.state_floats:g} floats a parameter"
        + (", and a counter a tensor" if choice.counts_steps else ""),
        f"Batch: {regime}",
        f"Routing: {'leaves ' + left if left else 'steps on every parameter, sparse tables included'}",
        *([f"Learning rate: {power}"] if power else []),
        *(["Schedule: its own; a recipe gives it a constant one"] if choice.own_schedule else []),
    ]


def _default(span: Range) -> str:
    return format(span.default, "g") if type(span.default) is float else str(span.default)
