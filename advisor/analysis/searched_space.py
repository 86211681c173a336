"""What a search varied: the numbers and options of its recipes, their ranges, and whose best value lies on an end of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from advisor.decide.estimates import EDGE
from advisor.evidence import Evidence
from studies import catalogue
from studies.errors import StudyError
from studies.record import Record
from studies.search.pruner import best_complete
from studies.space import WARPS, Numeric, ranges

SETS: Final = ("regularizers", "wrappers")
FIXED: Final = ("epochs",)
WIDE: Final = 30.0
"""Largest over smallest value from which a number of unknown scale reads better on a log axis."""
DECAY: Final = "weight decay in torch"

Values = Mapping[int, float]
"""By trial number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    """A number that differs among the recipes of an optimizer."""

    key: str
    """Of the flat recipe."""
    label: str
    span: Numeric
    known: bool
    """Whether the span is the range that was searched, rather than that of the values seen."""
    values: Values

    def place(self, value: float) -> float:
        """Return where a value lies, evenly as the range is spaced: 0 the low end, 1 the high one."""
        warp, _ = WARPS[self.span.scale]
        low, high = warp(self.span.low), warp(self.span.high)
        return (warp(value) - low) / (high - low) if high > low else 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoricalSetting:
    """Categorical setting: a choice that differs among the recipes of an optimizer."""

    label: str
    values: Mapping[int, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class AtEdge:
    """A best recipe with a value on the end of its range: a better one may lie beyond."""

    optimizer: str
    trial: int
    label: str
    value: Any
    end: str
    """lower | upper"""
    span: str
    """The range that was searched; empty when nobody knows."""


def searched(records: Sequence[Record], optimizer: str) -> tuple[Record, ...]:
    """Return the ended search trials of an optimizer."""
    return tuple(
        record
        for record in records
        if record.optimizer == optimizer and record.searched and record.state != "running"
    )


def numbers(
    records: Sequence[Record], optimizer: str, *, batch_size: Numeric | None = None
) -> tuple[Number, ...]:
    """Return the numbers that the search of an optimizer varied: the learning rate, the optimizer's others, then the rest.

    Args:
        records: of the study.
        optimizer: whose.
        batch_size: the range of the batch size, which belongs to no choice.
    """
    own = searched(records, optimizer)
    found = []
    for key in sorted(
        {key for record in own for key in record.params}, key=lambda key: _order(key, optimizer)
    ):
        seen = {record.number: record.params[key] for record in own if _is_number(record.params.get(key))}
        if key not in FIXED and len(set(seen.values())) > 1:
            found.append(_number(key, seen, batch_size))
    return tuple(found)


def decay(records: Sequence[Record], optimizer: str) -> Number | None:
    """Return the weight decay of each search trial as torch has it, whatever the optimizer calls it; None where none varied."""
    seen = {
        record.number: value for record in searched(records, optimizer) if (value := _torch_decay(record))
    }
    return _number(DECAY, seen, None) if len(set(seen.values())) > 1 else None


def options(records: Sequence[Record], optimizer: str) -> tuple[CategoricalSetting, ...]:
    """Return the choices that the search of an optimizer varied; each regularizer and wrapper is with or without."""
    own = searched(records, optimizer)
    seen: dict[str, dict[int, str]] = {}
    keys = sorted({key for record in own for key in record.params if key not in SETS})
    for key in keys:
        values = {record.number: record.params[key] for record in own if key in record.params}
        if all(isinstance(value, (str, bool)) for value in values.values()):
            seen[_label(key)] = {number: str(value) for number, value in values.items()}
    for axis in SETS:
        names = sorted(
            {name for record in own for name in str(record.params.get(axis, "")).split("+") if name}
        )
        for name in names:
            with_it = {record.number: name in str(record.params.get(axis, "")).split("+") for record in own}
            seen[name] = {number: "with" if there else "without" for number, there in with_it.items()}
    differing = {label: values for label, values in seen.items() if len(set(values.values())) > 1}
    return tuple(CategoricalSetting(label=label, values=values) for label, values in differing.items())


def edges(evidence: Evidence) -> tuple[AtEdge, ...]:
    """Return where the best whole run of an optimizer lies on an end of a range."""
    found = []
    for optimizer in evidence.optimizers:
        best = best_complete(evidence.complete(optimizer), optimizer, evidence.direction)
        for name, unit in best.units.items() if best else ():
            if best and abs(unit) > EDGE:
                found.append(_at_edge(best, name, unit))
    return tuple(found)


def _at_edge(best: Record, coordinate: str, unit: float) -> AtEdge:
    axis, _, rest = coordinate.partition(".")
    shared = rest and "." not in rest
    key = f"{axis}.{best.params.get(axis)}.{rest}" if shared else coordinate
    span = _span(key)
    return AtEdge(
        optimizer=best.optimizer,
        trial=best.number,
        label=_label(key),
        value=best.params.get(key),
        end="upper" if unit > 0 else "lower",
        span=str(span) if span else "",
    )


def _number(key: str, values: Values, batch_size: Numeric | None) -> Number:
    span = batch_size if key == "batch_size" else _span(key)
    return Number(
        key=key, label=_label(key), span=span or _span_of(values), known=span is not None, values=values
    )


def _span(key: str) -> Numeric | None:
    axis, _, rest = key.partition(".")
    name, _, field = rest.rpartition(".")
    try:
        span = ranges(catalogue.find(axis, name)).get(field) if name else None
    except (StudyError, KeyError):  # a choice that is not installed here
        return None
    return span if isinstance(span, Numeric) else None


def _span_of(values: Values) -> Numeric:
    low, high = min(values.values()), max(values.values())
    scale = "log" if low > 0 and high > WIDE * low else "linear"
    return Numeric(low=low, high=high, default=low, scale=scale)


def _label(key: str) -> str:
    axis, _, rest = key.partition(".")
    name, _, field = rest.rpartition(".")
    words = (field or rest or key).replace("_", " ")
    return words if not name or axis in {"optimizer", "model"} else f"{name} {words}"


def _order(key: str, optimizer: str) -> tuple[int, str]:
    if key == f"optimizer.{optimizer}.lr":
        return 0, key
    return (1 if key.startswith("optimizer.") else 2 if key == "batch_size" else 3), key


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _torch_decay(record: Record) -> float | None:
    prefix = f"optimizer.{record.optimizer}."
    fields = {
        key.removeprefix(prefix): value for key, value in record.params.items() if key.startswith(prefix)
    }
    if "weight_decay" in fields:
        return float(fields["weight_decay"])
    steps = steps_of(record)
    try:
        choice = catalogue.find("optimizer", record.optimizer).from_fields(fields)
    except StudyError:
        return None
    said: Mapping[str, float] = choice.in_torch(steps) if steps else {}  # type: ignore[attr-defined]
    return said.get("weight_decay")


def steps_of(record: Record) -> int:
    """Return the optimizer steps that the whole run would take; 0 for one that ended within its first epoch."""
    if not record.curve:
        return 0
    return record.curve[-1].step * int(record.params.get("epochs", record.epochs)) // record.epochs
