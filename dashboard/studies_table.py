"""Studies table: each study of a home in a line, and what tells two of them apart. No Streamlit."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dashboard.charts.trials import leaders
from dashboard.snapshot import Study
from studies.errors import StudyError
from studies.quantities import listed
from studies.storage.locks import worked_on

NOT_SET: Final = (
    "id",
    "facts",
    "recommendation",
    "stopped",
    "notes",
    "starts",
    "sensitivity",
    "spent_seconds",
    "code",
    "baseline",
    "valid_rows",
    "digest",
    "tracking_uri",
    "step_price",
    "prepared_seconds",
    "yardsticks",
    "split_facts",
)
"""Entries of a manifest that are found out rather than set."""

NAMED: Final = 3
"""Most optimizers that a line of the table names."""
GROUPS: Final = {"workload": "", "model_fields": "model, "}
"""How the settings of a group begin, where it is not with the group's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Summary:
    """Summary of a study: a line of the table."""

    name: str
    data: str = ""
    model: str = ""
    trials: int = 0
    state: str
    """running | finished | silent: not finished, and nobody works on it | cannot be read."""
    metric: str = ""
    best: float | None = None
    """Best validation metric of a single whole run."""
    optimizer: str = ""
    """Of that run; of equals up to three, or how many they are."""
    written: float
    """When something was last written to it, in seconds since 1970."""


def summary(home: Path, name: str) -> Summary:
    """Return the summary of a study; a journal that cannot be read is no error."""
    try:
        study = Study.read(home, name)
    except StudyError:
        return Summary(name=name, state="cannot be read", written=time.time())
    best = leaders((record for record in study.records if record.stage != "compress"), study.direction)
    names = list(dict.fromkeys(record.optimizer for record in best))
    return Summary(
        name=name,
        data=study.manifest.dataset,
        model=study.manifest.model_shown,
        trials=len(study.records),
        state="finished" if study.finished else "silent",
        metric=study.metric,
        best=best[0].quality if best else None,
        optimizer=f"{len(names)} optimizers" if len(names) > NAMED else listed(names) if names else "",
        written=time.time() - study.silent_seconds,
    )


def state(home: Path, name: str, *, finished: bool) -> str:
    """Return whether a study is running, finished or silent; whoever works on one holds its lock."""
    if worked_on(home, name):
        return "running"
    return "finished" if finished else "silent"


def differences(left: Study, right: Study) -> list[tuple[str, str, str]]:
    """Return the settings in which two studies differ: the setting, its left value, its right value."""
    lefts, rights = dict(_settings(_entries(left))), dict(_settings(_entries(right)))
    pairs = {key: (lefts.get(key), rights.get(key)) for key in (*lefts, *rights)}
    return [
        (key.replace("_", " "), _in_words(value, other), _in_words(other, value))
        for key, (value, other) in pairs.items()
        if value != other
    ]


def _entries(study: Study) -> dict[str, Any]:
    return {"direction": study.direction} | study.manifest.to_dict()


def _settings(entries: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings among entries one by one, those of a group under its name.

    What the workload says too is yielded once.
    """
    for key, value in entries.items():
        if key in NOT_SET or ("workload" in entries and key in {"dataset", *entries["workload"]}):
            continue
        if isinstance(value, Mapping):
            yield from _settings(value, GROUPS.get(key, f"{prefix}{key}, "))
        elif value not in (None, "", [], ()):
            yield f"{prefix}{key}", value


def _in_words(value: Any, other: Any) -> str:
    """Return a setting in words; of a list, what the other has not; of a commit, its first ten digits."""
    if value is None:
        return ""
    if not isinstance(value, list | tuple):
        return re.sub(r"^([0-9a-f]{10})[0-9a-f]{30}$", r"\1", str(value))
    shared = [item for item in value if isinstance(other, list | tuple) and item in other]
    only_here = ", ".join(str(item) for item in value if item not in shared)
    return " and ".join(part for part in (only_here, f"{len(shared)} in common" if shared else "") if part)
