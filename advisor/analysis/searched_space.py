"""Search space as it was searched: settings that varied, their ranges, and best values on an end of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from advisor.decide.estimates import EDGE
from advisor.evidence import Evidence
from advisor.statements.titles_settings import DECAY, RangeEnd
from studies import catalogue
from studies.errors import StudyError
from studies.optimizers import OptimizerChoice
from studies.record import Record
from studies.search.pruner import best_complete
from studies.space import WARPS, Numeric, ranges

SETS: Final = ("regularizers", "wrappers")
FIXED: Final = ("epochs",)
WIDE: Final = 30.0
"""Largest over smallest value from which a number of unknown scale reads better on a log axis."""

Values = Mapping[int, float]
"""By trial number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NumericSetting:
    """Numeric setting: a number that differs among the recipes of an optimizer."""

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

    def value_at(self, place: float) -> float:
        """Return the value at a place, the inverse of `place`."""
        warp, back = WARPS[self.span.scale]
        low, high = warp(self.span.low), warp(self.span.high)
        return back(low + place * (high - low))


@dataclass(frozen=True, kw_only=True, slots=True)
class CategoricalSetting:
    """Categorical setting: a choice that differs among the recipes of an optimizer."""

    label: str
    values: Mapping[int, str]


def searched(records: Sequence[Record], optimizer: str) -> tuple[Record, ...]:
    """Return the ended search trials of an optimizer."""
    return tuple(
        record
        for record in records
        if record.optimizer == optimizer and record.searched and record.state != "running"
    )


def numbers(
    records: Sequence[Record], optimizer: str, *, batch_size: Numeric | None = None
) -> tuple[NumericSetting, ...]:
    """Return the numbers that the search of an optimizer varied.

    The learning rate comes first, then the optimizer's other settings, then the rest.

    Args:
        records: of the study.
        optimizer: whose.
        batch_size: the range of the batch size, which belongs to no choice.
    """
    trials = searched(records, optimizer)
    settings = []
    keys = {key for record in trials for key in record.params}
    for key in sorted(keys, key=lambda key: _order(key, optimizer)):
        values = {
            record.number: record.params[key] for record in trials if _is_number(record.params.get(key))
        }
        if key not in FIXED and len(set(values.values())) > 1:
            settings.append(_number(key, values, batch_size))
    return tuple(settings)


def decay(records: Sequence[Record], optimizer: str) -> NumericSetting | None:
    """Return the weight decay of each search trial as torch defines it; None where it did not vary."""
    values = {
        record.number: value for record in searched(records, optimizer) if (value := _torch_decay(record))
    }
    return _number(DECAY, values, None) if len(set(values.values())) > 1 else None


def options(records: Sequence[Record], optimizer: str) -> tuple[CategoricalSetting, ...]:
    """Return the choices that the search of an optimizer varied; each regularizer and wrapper by itself."""
    trials = searched(records, optimizer)
    by_label = _single_choices(trials)
    for axis in SETS:
        members = {record.number: str(record.params.get(axis, "")).split("+") for record in trials}
        for name in sorted({name for names in members.values() for name in names if name}):
            by_label[name] = {n: "with" if name in names else "without" for n, names in members.items()}
    differing = {label: values for label, values in by_label.items() if len(set(values.values())) > 1}
    return tuple(CategoricalSetting(label=label, values=values) for label, values in differing.items())


def _single_choices(trials: Sequence[Record]) -> dict[str, dict[int, str]]:
    """Return the text or flag of each trial by label, for the axes that take one choice."""
    by_label: dict[str, dict[int, str]] = {}
    for key in sorted({key for record in trials for key in record.params if key not in SETS}):
        values = {record.number: record.params[key] for record in trials if key in record.params}
        if all(isinstance(value, (str, bool)) for value in values.values()):
            by_label[_label(key)] = {number: str(value) for number, value in values.items()}
    return by_label


def edges(evidence: Evidence) -> tuple[RangeEnd, ...]:
    """Return where the best whole run of an optimizer lies on an end of a range."""
    on_edge = []
    for optimizer in evidence.optimizers:
        best = best_complete(evidence.complete(optimizer), optimizer, evidence.direction)
        for name, unit in best.units.items() if best else ():
            if best and abs(unit) > EDGE:
                on_edge.append(_at_edge(best, name, unit))
    return tuple(on_edge)


def _at_edge(best: Record, coordinate: str, unit: float) -> RangeEnd:
    axis, _, rest = coordinate.partition(".")
    shared = rest and "." not in rest
    key = f"{axis}.{best.params.get(axis)}.{rest}" if shared else coordinate
    span = _span_at(best, key, unit)
    return RangeEnd(
        subjects=(best.optimizer,),
        trials=(best.number,),
        coordinate=coordinate,
        label=_label(key),
        value=best.params.get(key),
        end="upper" if unit > 0 else "lower",
        span=str(span) if span else "",
    )


def _span_at(record: Record, key: str, unit: float) -> Numeric | None:
    """Return the range in which a value lies where its record says: that of a lr may move with the batch."""
    span, value = _span(key), record.params.get(key)
    batch_size = record.params.get("batch_size")
    if not span or not isinstance(value, (int, float)) or not isinstance(batch_size, int):
        return span
    choice = catalogue.find("optimizer", record.optimizer)
    if key != f"optimizer.{record.optimizer}.lr" or not issubclass(choice, OptimizerChoice):
        return span
    either = (span, span.scaled(choice.lr_factor(batch_size)))
    return min(either, key=lambda each: (abs(each.to_unit(value) - unit), not each.low <= value <= each.high))


def _number(key: str, values: Values, batch_size: Numeric | None) -> NumericSetting:
    span = batch_size if key == "batch_size" else _span(key)
    known = span is not None and all(span.low <= value <= span.high for value in values.values())
    if span and not known:  # that of a lr moves with the batch
        low, high = min(span.low, *values.values()), max(span.high, *values.values())
        span = replace(span, low=low, high=high)
    return NumericSetting(
        key=key, label=_label(key), span=span or _span_of(values), known=known, values=values
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
    in_torch: Mapping[str, float] = choice.in_torch(steps) if steps else {}  # type: ignore[attr-defined]
    return in_torch.get("weight_decay")


def steps_of(record: Record) -> int:
    """Return the optimizer steps that the whole run would take; 0 if it ended within its first epoch."""
    if not record.curve:
        return 0
    return record.curve[-1].step * int(record.params.get("epochs", record.epochs)) // record.epochs
