"""Columns of runs: what each one means, guessed from its name and its values unless somebody said it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from advisor.jobs.runs.cells import is_number
from advisor.jobs.runs.names import MEANINGS, METRICS, RECIPE, bookkeeping, group_of, plain, rank, short
from advisor.jobs.runs.run import Runs
from studies.direction import Direction
from studies.errors import BadValue, BadWorkload, StudyError, did_you_mean, listed, shown
from studies.scoring.directions import direction_of

METRIC: Final = "metric"
SETTING: Final = "setting"
OTHER_DATA: Final = frozenset({"train", "training", "test", "testing"})
"""Words of a result that is not of the validation rows."""
VALIDATION: Final = frozenset({"val", "valid", "validation", "eval", "dev"})


@dataclass(frozen=True, kw_only=True)
class RunsRequest:
    """What somebody says of the columns of their runs; the rest is guessed."""

    metric: str | None = None
    """The column to judge by."""
    direction: str | None = None
    """maximize | minimize"""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column by meaning: lr=params.learning_rate."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """What all runs share and no column says, by meaning: optimizer=AdamW."""
    left_out: tuple[str, ...] = ()
    """Columns that say nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """Column of runs, and what is made of it."""

    name: str
    """As its tool writes it."""
    meaning: str
    """A key of `MEANINGS`, metric, setting, or empty for one that is left out."""
    example: str
    """One of its values."""
    why: str = ""
    """It is left out, or what it is called as a setting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """All columns of some runs, and the metric that these are judged by."""

    columns: tuple[Column, ...]
    metric: str
    """The column's name without what its tool writes before it."""
    metric_column: str
    direction: Direction

    def by_meaning(self, meaning: str) -> str | None:
        """Return the column that has a meaning; None where none has."""
        return next((column.name for column in self.columns if column.meaning == meaning), None)


def columns_of(runs: Runs, request: RunsRequest) -> Columns:
    """Return what each column of some runs means.

    Raises:
        BadValue: a column or a meaning that is not there, or a metric or direction that nobody can guess.
        BadWorkload: no column names the optimizer.
    """
    named = {name: _column(runs, name) for name in (*request.columns.values(), *request.left_out)}
    said = {meaning: named[name] for meaning, name in request.columns.items()}
    dropped = {named[name]: "you left it out" for name in request.left_out}
    metric = named[request.columns[METRIC]] if METRIC in request.columns else _metric(runs, request, dropped)
    taken = {column: meaning for meaning, column in said.items()} | {metric: METRIC}
    meanings = dict(_meanings(runs, taken, dropped, request))
    columns = tuple(_described(runs, name, *meanings[name]) for name in runs.columns)
    if "optimizer" not in {*request.constants, *(column.meaning for column in columns)}:
        raise BadWorkload(
            f"no column of {runs.source} names the optimizer; say which with --map optimizer=COLUMN, or what "
            f"all runs used with --set optimizer=AdamW. There are {listed(map(short, runs.columns))}"
        )
    return Columns(
        columns=columns,
        metric=request.metric or short(metric),
        metric_column=metric,
        direction=_direction(runs, metric, request),
    )


def _column(runs: Runs, written: str) -> str:
    """Return the column that somebody names, with or without its prefix.

    Raises:
        BadValue: there is none.
    """
    spellings = ((str, written), (short, written), (lambda name: plain(short(name)), plain(written)))
    for spelled, wanted in spellings:
        for name in runs.columns:
            if spelled(name) == wanted:
                return name
    names = [short(name) for name in runs.columns]
    raise BadValue(
        f"{runs.source} has no column {shown(written)}{did_you_mean(written, names)} It has {listed(names)}"
    )


def _metric(runs: Runs, request: RunsRequest, dropped: Mapping[str, str]) -> str:
    """Return the column to judge by: the one said, the tool's own, or the only one that can be meant."""
    if request.metric is not None:
        return _named_metric(runs, request.metric)
    if len(runs.metrics) == 1:
        return runs.metrics[0]
    columns = [name for name in runs.columns if name not in {*dropped, *request.columns.values()}]
    results = list(runs.metrics) or [name for name in columns if _is_result(runs, name)]
    for group in (
        [name for name in results if VALIDATION & set(plain(short(name)).split("_"))],
        [name for name in results if not OTHER_DATA & set(plain(short(name)).split("_"))],
        [name for name in columns if plain(short(name)) in METRICS and _numeric(runs, name)],
    ):
        if len(group) == 1:
            return group[0]
        if group:
            results = group
            break
    which = (
        f"it may be {listed(map(short, results))}" if results else f"there are {listed(map(short, columns))}"
    )
    raise BadValue(f"which column of {runs.source} is the metric? {which}; say --metric COLUMN")


def _named_metric(runs: Runs, written: str) -> str:
    try:
        return _column(runs, written)
    except BadValue:
        if len(runs.metrics) == 1:  # what its owner calls the only objective of an Optuna study
            return runs.metrics[0]
        raise


def _direction(runs: Runs, metric: str, request: RunsRequest) -> Direction:
    if request.direction is None and metric in runs.metrics:
        return runs.directions[runs.metrics.index(metric)]
    return direction_of(request.metric or short(metric), request.direction)


def _meanings(
    runs: Runs, taken: Mapping[str, str], dropped: Mapping[str, str], request: RunsRequest
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield each column with its meaning and a remark."""
    guessed = _guessed(runs, taken, dropped)
    for name in runs.columns:
        meaning = taken.get(name) or guessed.get(name, "")
        if name in dropped:
            yield name, ("", dropped[name])
        elif meaning in request.constants:
            yield name, ("", f"{meaning} is {request.constants[meaning]}, as you set it")
        elif meaning in {METRIC, *MEANINGS}:
            yield name, (meaning, "")
        elif meaning:
            yield name, (SETTING, meaning)
        else:
            yield name, _rest(runs, name, {*taken.values(), *guessed.values()})


def _guessed(runs: Runs, taken: Mapping[str, str], dropped: Mapping[str, str]) -> dict[str, str]:
    """Return for each meaning that nobody assigned the likeliest column, the other way round."""
    free = [name for name in runs.columns if name not in {*taken, *dropped}]
    guessed: dict[str, str] = {}
    for meaning in MEANINGS:
        if meaning in taken.values():
            continue
        ranked = [
            (place, number, name)
            for number, name in enumerate(free)
            if name not in guessed and (place := rank(name, meaning)) is not None
        ]
        if ranked:
            guessed[min(ranked)[2]] = meaning
    return guessed


def _rest(runs: Runs, name: str, meanings: set[str]) -> tuple[str, str]:
    """Return what becomes of a column that has none of the meanings, and why."""
    same = [meaning for meaning in meanings & set(MEANINGS) if rank(name, meaning) is not None]
    group = group_of(name)
    if bookkeeping(name) or group == "note":
        return "", "its tool's bookkeeping" if group != "note" else "a remark, no setting"
    if _is_result(runs, name):
        return "", "another result"
    if same and same[0] not in RECIPE:
        return "", f"another column for {same[0]}"
    if group != "setting" and _names_runs(runs, name):
        return "", "another text in every run"
    return SETTING, short(name)


def _is_result(runs: Runs, name: str) -> bool:
    """Tell whether a column holds a result of a run: its tool says so, or its name is a metric's."""
    if name in runs.results or group_of(name) == "result":
        return not bookkeeping(name) and _numeric(runs, name)
    if group_of(name) or bookkeeping(name) or not _numeric(runs, name):
        return False
    try:
        direction_of(short(name))
    except StudyError:
        return False
    return True


def _numeric(runs: Runs, name: str) -> bool:
    return all(is_number(value) for value in _values(runs, name))


def _names_runs(runs: Runs, name: str) -> bool:
    values = list(_values(runs, name))
    return (
        len(values) > 2
        and all(isinstance(value, str) for value in values)
        and len(set(values)) == len(values)
    )


def _values(runs: Runs, name: str) -> Iterable[Any]:
    return (run.values[name] for run in runs.runs if name in run.values)


def _described(runs: Runs, name: str, meaning: str, why: str) -> Column:
    example = next(iter(_values(runs, name)), "")
    return Column(name=name, meaning=meaning, example=str(example), why=why)
