"""Imported trials: records of runs that another tool made, written to a journal in one go.

A trial has the real values of its run as Optuna's params, under the names that people read: `optimizer`,
`lr`, `batch_size`, `Momentum.momentum`, and settings under their own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from studies.record import Record
from studies.storage.param_names import param_name
from studies.storage.trial_lines import RECORD, reported_values, state_of

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial


def write_records(study: optuna.Study, records: Iterable[Record]) -> None:
    """Write the record of each run as a trial that has ended."""
    records = tuple(records)
    params = [_params(record) for record in records]
    distributions = _distributions(params)
    for record, values in zip(records, params, strict=True):
        study.add_trial(_trial(record, values, distributions))


def _trial(record: Record, values: dict[str, Any], distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    from optuna.trial import create_trial

    seconds = {} if record.train_seconds is None else {"train_seconds": record.train_seconds}
    return create_trial(
        state=state_of(record),
        value=record.quality if record.state == "complete" else None,
        params=values,
        distributions={name: distributions[name] for name in values},
        user_attrs={"seed": record.seed, **seconds, RECORD: record.to_dict()},
        intermediate_values=reported_values(record),
    )


def _params(record: Record) -> dict[str, Any]:
    return {_readable(name): _scalar(value) for name, value in record.params.items()}


def _readable(key: str) -> str:
    """Return what people call a key of a recipe in flat form."""
    axis, *rest = key.split(".")
    return param_name(axis, *rest) if axis == "optimizer" and len(rest) == 2 else key


def _scalar(value: Any) -> str | int | float | bool:
    plain = isinstance(value, str | bool) or (isinstance(value, int | float) and math.isfinite(value))
    return value if plain else str(value)


def _distributions(params: Iterable[dict[str, Any]]) -> dict[str, BaseDistribution]:
    """Return what each param was drawn from, as far as its values show: their range, or all of them."""
    values: dict[str, dict[tuple[type, Any], None]] = defaultdict(dict)
    for trial in params:
        for name, value in trial.items():
            values[name][type(value), value] = None
    return {name: _distribution([value for _, value in entries]) for name, entries in values.items()}


def _distribution(values: list[Any]) -> BaseDistribution:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if all(type(value) is int for value in values):
        return IntDistribution(min(values), max(values))
    if all(type(value) in {int, float} for value in values):
        return FloatDistribution(min(values), max(values))
    return CategoricalDistribution(values)
