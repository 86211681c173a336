"""Run names in MLflow: an experiment by its data, a child by what differs from the study's own defaults.

The names come from the choices and their fields, so that a new choice needs no line here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from studies import catalogue
from studies.errors import StudyError
from studies.recipe import COMPRESSION_AXES, SET_AXES

if TYPE_CHECKING:
    from studies.record import Record
    from studies.storage.manifest import StudyManifest

EXPERIMENT: Final = "optimizer-advisor"
"""What the name of each experiment begins with; those of earlier versions have no other."""
NOTHING: Final = ("", "none")
LONGEST: Final = 90
"""Characters of a name: a list shows no more of it."""
LONGEST_DATA: Final = 100
REPEATS: Final[Mapping[str, str]] = {"confirm": "confirms", "ablate": "on the way to"}
"""Stages whose runs belong to another trial, and how their names say so."""
ALWAYS: Final = ("lr", "amount", "bits")
"""Fields that a name holds even at their default: they say most."""


def experiment_name(manifest: StudyManifest) -> str:
    """Return the experiment of a study: one for all studies on the same data.

    Example:
        >>> from studies.storage.manifest import StudyManifest
        >>> experiment_name(StudyManifest.from_dict({"dataset": "/data/wine.csv"}))
        'optimizer-advisor: wine.csv'
    """
    words = re.split(r"[/\\]", manifest.dataset.rstrip("/\\"))[-1].strip()[:LONGEST_DATA]
    return f"{EXPERIMENT}: {words}" if words else EXPERIMENT


def child_name(record: Record, manifest: StudyManifest) -> str:
    """Return the name of a trial: its number, its optimizer, and what is not as the study's defaults have it.

    Example:
        >>> from studies.record import Record
        >>> from studies.storage.manifest import StudyManifest
        >>> params = {"optimizer": "Muon", "batch_size": 64, "quantization": "StaticInt8"}
        >>> run = Record(number=107, state="complete", stage="compress", seed=0, params=params)
        >>> child_name(run, StudyManifest.from_dict({"batch_size": [16, 64, 256]}))
        '107 Muon static int8'
    """
    start = f"{record.number} {record.optimizer}"
    if record.stage in REPEATS and record.source is not None:
        start += f" {REPEATS[record.stage]} {record.source}, seed {record.seed}"
        return start if record.stage == "confirm" else _cut(f"{start}:", _settings(record, manifest))
    if record.stage == "compress":
        return (
            _cut(start, _compression(record.params)) if any(_compression(record.params)) else f"{start} as is"
        )
    return _cut(start, [*_settings(record, manifest), *_compression(record.params)])


def _cut(start: str, words: list[str]) -> str:
    """Return as many of the words as the name has room for."""
    name = f"{start} {', '.join(words) or 'defaults'}"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip(' ,')}\N{HORIZONTAL ELLIPSIS}"


def _settings(record: Record, manifest: StudyManifest) -> list[str]:
    """Return what a recipe sets otherwise than the study's defaults, the optimizer's settings first."""
    params = record.params
    batch = params.get("batch_size")
    schedule = str(params.get("schedule", ""))
    words_of_schedule = _choice("schedule", schedule, params) if schedule else ""
    usual = (words_of_schedule,) == manifest.schedules[:1]
    words = [*_fields("optimizer", record.optimizer, params)]
    words += [words_of_schedule] if words_of_schedule and not usual else []
    words += [f"batch {batch}"] if batch and batch != (manifest.batch_size or (0, 0, 0))[1] else []
    for axis in SET_AXES:
        words += [
            _choice(axis, name, params)
            for name in str(params.get(axis, "")).split("+")
            if name not in NOTHING
        ]
    model_fields = (manifest.workload.model_fields if manifest.workload else None) or {}
    return words + list(_fields("model", str(params.get("model", "")), params, usual=model_fields))


def _compression(params: Mapping[str, Any]) -> list[str]:
    chosen = {axis: str(params.get(axis, "none")) for axis in COMPRESSION_AXES}
    return [_choice(axis, name, params) for axis, name in chosen.items() if name not in NOTHING]


def _choice(axis: str, name: str, params: Mapping[str, Any]) -> str:
    plain = name if axis in {"schedule", *SET_AXES} else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return " ".join([plain, *_fields(axis, name, params)])


def _fields(
    axis: str, name: str, params: Mapping[str, Any], usual: Mapping[str, Any] | None = None
) -> Iterator[str]:
    prefix = f"{axis}.{name}."
    defaults = _defaults(axis, name) | dict(usual or {})
    for key, value in params.items():
        field = key.removeprefix(prefix)
        if key.startswith(prefix) and (field in ALWAYS or defaults.get(field) != value):
            word = f"{value:.3g}" if isinstance(value, float) else str(value)
            yield word if isinstance(value, str) or field == "amount" else f"{field.replace('_', ' ')} {word}"


def _defaults(axis: str, name: str) -> dict[str, Any]:
    try:
        return dict(catalogue.find(axis, name).from_fields({}).fields())
    except (StudyError, KeyError, TypeError):  # a choice that is not installed here, or has no defaults
        return {}
