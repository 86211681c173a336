"""Records of runs: each run of another tool as the record that a trial of ours leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from advisor.jobs.runs.cells import finite, is_number, seconds_of
from advisor.jobs.runs.columns import METRIC, SETTING, Columns, RunsRequest
from advisor.jobs.runs.curves import curve_of
from advisor.jobs.runs.recipe_params import params_of
from advisor.jobs.runs.run import Run, Runs
from studies.costs import COSTS, Cost
from studies.errors import BadValue, BadWorkload, listed, shown
from studies.quantities import several
from studies.record import STATES, Record, State

STATE_NAMES: Final[Mapping[str, State]] = {
    "finished": "complete",
    "completed": "complete",
    "done": "complete",
    "success": "complete",
    "ok": "complete",
    "diverged": "infeasible",
    "oom": "infeasible",
    "killed": "pruned",
    "preempted": "failed",
    "fail": "failed",
    "error": "failed",
    "crashed": "failed",
    "scheduled": "running",
    "pending": "running",
    "waiting": "running",
}
"""What other tools call a state."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadRecords:
    """Records of runs, and what the reader should know of those that were left out."""

    records: tuple[Record, ...]
    notes: tuple[str, ...]


def records_of(runs: Runs, columns: Columns, request: RunsRequest) -> ReadRecords:
    """Return the record of every run that has ended and names its optimizer.

    Raises:
        BadWorkload: a cell that is not what its column means, or no such run.
    """
    read = [(run, _meanings(run, columns, request)) for run in runs.runs]
    nameless = [run.name for run, meanings in read if "optimizer" not in meanings]
    if len(nameless) == len(read):
        raise BadWorkload(f"{nameless[0]} names no optimizer, nor does any other; say --set optimizer=AdamW")
    states = [(run, meanings, _state(run, meanings)) for run, meanings in read if "optimizer" in meanings]
    ended = [entry for entry in states if entry[2] != "running"]
    if not ended:
        raise BadWorkload(f"no run of {runs.source} has ended; there is nothing to learn from yet")
    notes = [f"left out, as it names no optimizer: {name}" for name in nameless[:1]]
    if len(nameless) > 1:
        notes = [f"left out, as they name no optimizer: {several(len(nameless), 'run')} ({listed(nameless)})"]
    if (count := len(states) - len(ended)) > 0:
        notes.append(f"left out, as not yet ended: {several(count, 'run')}")
    records = (
        _record(number, run, meanings, state, columns) for number, (run, meanings, state) in enumerate(ended)
    )
    return ReadRecords(records=tuple(records), notes=tuple(notes))


def _meanings(run: Run, columns: Columns, request: RunsRequest) -> dict[str, Any]:
    values = {
        column.meaning: run.values[column.name]
        for column in columns.columns
        if column.meaning not in {"", SETTING} and column.name in run.values
    }
    return values | dict(request.constants)


def _state(run: Run, meanings: Mapping[str, Any]) -> State:
    written = str(meanings.get("state", run.state)).strip().lower()
    state = STATE_NAMES.get(written, written) or "complete"
    if state not in STATES:
        allowed = ", ".join((*STATES, *STATE_NAMES))
        raise BadWorkload(
            f"state {shown(written)} in {run.name} is not one of {allowed}; "
            "leave the column out with --leave-out, or say which one it is with --map state=COLUMN"
        )
    return state


def _record(number: int, run: Run, meanings: Mapping[str, Any], state: State, columns: Columns) -> Record:
    quality, state, error = _outcome(run, meanings, state, columns)
    settings = {
        column.why: run.values[column.name]
        for column in columns.columns
        if column.meaning == SETTING and column.name in run.values
    }
    costs: dict[str, Any] = {cost.field: _cost(run, meanings, cost) for cost in COSTS}
    not_settings = {METRIC, "state", "seed", *costs}
    recipe = {name: value for name, value in meanings.items() if name not in not_settings}
    seed = finite(meanings.get("seed"))
    return Record(
        number=number,
        state=state,
        stage="race",
        seed=int(seed) if seed is not None else 0,
        params=params_of(recipe, settings),
        curve=curve_of(run.curve(columns.metric_column)),
        quality=quality,
        error=error or None,
        **costs,
    )


def _outcome(
    run: Run, meanings: Mapping[str, Any], state: State, columns: Columns
) -> tuple[float | None, State, str]:
    """Return the quality of a run, its state in our words, and why it did not complete."""
    value = meanings.get(METRIC)
    if value is not None and not is_number(value):
        raise BadWorkload(f"{columns.metric} in {run.name} is {shown(value)}, which is no number")
    if run.infeasible:
        return None, "infeasible", "it breaks a constraint of its study"
    if state == "failed":
        return None, state, run.error or "its tool says that it failed"
    if state == "pruned":
        return finite(value), state, "stopped early, as its tool says"
    if state == "infeasible" or (quality := finite(value)) is None:
        lost = f"diverged: its {columns.metric} is {value}" if value is not None else ""
        if lost or state == "infeasible":
            return None, "infeasible", lost or "its tool says so"
        return None, "failed", f"it ended without {columns.metric}"
    return quality, state, ""


def _cost(run: Run, meanings: Mapping[str, Any], cost: Cost) -> float | None:
    """Return a cost of a run: a number, or a quantity with its unit.

    Raises:
        BadWorkload: it is neither.
    """
    value = seconds_of(meanings.get(cost.field))
    if isinstance(value, str):
        try:
            value = cost.parse(value)
        except BadValue:
            raise BadWorkload(
                f"{cost.field} in {run.name} is {shown(value)}, which is no number; "
                f"name another column with --map {cost.field}=COLUMN, or leave this one out with --leave-out"
            ) from None
    number = finite(value)
    return None if number is None or number < 0 else cost.whole(number)
