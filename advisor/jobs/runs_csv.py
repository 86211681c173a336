"""Runs that somebody else made, as evidence: a CSV with a row a run.

    optimizer,lr,seed,accuracy,train_seconds
    AdamW,0.001,0,0.912,41
    SGD,0.1,0,0.905,38

`optimizer` and the metric must be there. `state`, `seed` and the fields of `studies.costs` (`train_seconds`,
`peak_bytes`, ...) are understood; `params.` and `metrics.` before a name, as MLflow's export writes them, are
dropped. Any other column is a setting. Rows with the same settings and other seeds are runs of one recipe,
and together its confirmation.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from advisor.evidence import Evidence
from studies import catalogue
from studies.costs import COSTS
from studies.errors import BadWorkload, did_you_mean, listed, one_line, shown
from studies.record import STATES, Record
from studies.scoring.directions import direction_of
from studies.space import ranges

KNOWN: Final = ("optimizer", "state", "seed", *(cost.field for cost in COSTS))
BOOKKEEPING: Final = (
    "run_id",
    "run_name",
    "experiment_id",
    "artifact_uri",
    "start_time",
    "end_time",
    "user_id",
    "lifecycle_stage",
)
"""Columns that say nothing of a run but where it is kept."""
PREFIXES: Final = ("params.", "metrics.")
STATE_NAMES: Final = {
    "finished": "complete",
    "completed": "complete",
    "ok": "complete",
    "diverged": "infeasible",
    "oom": "infeasible",
    "killed": "pruned",
    "fail": "failed",
    "error": "failed",
    "scheduled": "running",
}
"""What other tools call a state."""


def evidence_from(path: Path, *, metric: str, direction: str | None = None) -> Evidence:
    """Return the evidence that a CSV of runs holds.

    Args:
        path: of the file.
        metric: the column to judge by.
        direction: maximize | minimize; told from the usual names.

    Raises:
        BadWorkload: a file that cannot be read as runs.
        BadValue: a direction that is not known.
    """
    rows = _rows(path)
    if metric not in rows[0] or "optimizer" not in rows[0]:
        missing = metric if metric not in rows[0] else "optimizer"
        near = did_you_mean(missing, rows[0])
        raise BadWorkload(
            f"{path} has no column {shown(missing)}{near} It has {listed(rows[0])}; "
            "name the metric with --metric"
        )
    records = tuple(_record(number, row, metric, path) for number, row in enumerate(rows))
    return Evidence(
        records=_repeats(records),
        direction=direction_of(metric, direction),
        metric=metric,
        valid_rows=None,
        study=path.stem,
    )


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        raise BadWorkload(f"no file {shown(str(path))}; give the path of a CSV of runs")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [_tidy(row) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error, AttributeError) as error:
        raise BadWorkload(f"{path} cannot be read as a CSV of runs: {one_line(error, longest=200)}") from None
    if not rows:
        raise BadWorkload(f"{path} holds no run; give a header and a row a run")
    return rows


def _tidy(row: Mapping[str, str]) -> dict[str, str]:
    cells = {
        _short(name): value.strip() for name, value in row.items() if name and not name.startswith("tags.")
    }
    return {name: value for name, value in cells.items() if name not in BOOKKEEPING}


def _short(name: str) -> str:
    name = name.strip()
    if name.lower() == "status":
        return "state"
    return next((name.removeprefix(prefix) for prefix in PREFIXES if name.startswith(prefix)), name)


def _record(number: int, row: Mapping[str, str], metric: str, path: Path) -> Record:
    quality = _number(row[metric], f"{metric} in row {number + 2} of {path}")
    written = row.get("state", "").lower()
    state = STATE_NAMES.get(written, written) or ("complete" if quality is not None else "infeasible")
    if state not in STATES:
        allowed = ", ".join((*STATES, *STATE_NAMES))
        raise BadWorkload(f"state {shown(written)} in row {number + 2} of {path} is not one of {allowed}")
    if not row["optimizer"]:
        raise BadWorkload(f"row {number + 2} of {path} names no optimizer")
    costs: dict[str, Any] = {}
    for cost in COSTS:
        value = _number(row.get(cost.field, ""), f"{cost.field} in row {number + 2} of {path}")
        costs[cost.field] = None if value is None else cost.whole(value)
    return Record(
        number=number,
        state=state,
        stage="race",
        seed=int(_number(row.get("seed", ""), "seed") or 0),
        params=_params(row, metric),
        quality=quality,
        **costs,
    )


def _params(row: Mapping[str, str], metric: str) -> dict[str, Any]:
    """Return the recipe in flat form: what an optimizer of ours calls a field goes under its name."""
    known = {name.lower(): name for name in catalogue.choices("optimizer")}
    spelled = row["optimizer"].rpartition(".")[2] or row["optimizer"]  # torch.optim.AdamW is AdamW
    optimizer = known.get(spelled.lower(), spelled)
    fields = ranges(catalogue.find("optimizer", optimizer)) if optimizer in known.values() else {}
    settings = {name: value for name, value in row.items() if name not in KNOWN and name != metric and value}
    return {"optimizer": optimizer} | {
        f"optimizer.{optimizer}.{name}" if name in fields else name: _plain(value)
        for name, value in settings.items()
    }


def _plain(text: str) -> str | float | int:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _number(text: str, cell: str) -> float | None:
    if not text or text.lower() in {"nan", "none", "inf", "-inf"}:
        return None
    try:
        value = float(text)
    except ValueError:
        raise BadWorkload(f"{cell} is {shown(text)}, which is no number") from None
    return value if math.isfinite(value) else None


def _repeats(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records with every seed of a recipe that was run with several as its confirmation too.

    The first one as well: nobody picked it for its luck.
    """
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(sorted((name, str(value)) for name, value in record.params.items()))].append(record)
    marked: list[Record] = []
    for group in groups.values():
        origin, *_ = group
        seeds = {record.seed: record for record in reversed(group)}  # of each seed, the first run
        if len(seeds) == 1:
            marked += group
            continue
        again = [
            replace(record, stage="confirm", source=origin.number)
            for record in seeds.values()
            if record.state != "pruned"
        ]
        marked += [origin, *again]
    return tuple(sorted(marked, key=lambda record: (record.number, record.stage)))
