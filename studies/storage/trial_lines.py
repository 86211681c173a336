"""Trial lines: each trial that ended is one line of the journal, of the study that Optuna's tools show it in.

The study's own name holds the search, so that its best trial and its plots compare what was trained on the
same rows from the same seed. Confirmation runs repeat a few recipes on other rows, ablation runs train what
lies between two recipes, and compressions are judged by two values: each would be the best trial by luck or
by accident, and stands in a study beside it.

A record's number counts over all of them. It is given when a trial begins, its line is written when it ends:
lines may stand in any order, and a number whose trial never ended stays free.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from studies.record import ABLATION, Record, Stage

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

    from studies.storage.manifest import StudyManifest

Numbered = TypeVar("Numbered")
RECORD: Final = "record"
"""Under which name a trial's record is written."""
SPENT: Final = "spent_seconds"
"""What was spent of the budget when a trial was written: that of the search, or of the compression."""
FEASIBLE: Final = "feasible"
"""The constraint that every trial carries: above 0 where it breaks a limit."""
BESIDE: Final[Mapping[Stage, str]] = {
    "confirm": "confirmation",
    "compress": "compression",
    ABLATION: "ablation",
}
"""Stages whose trials stand in a study beside the search's, and what its name ends with."""
ATTRIBUTES: Final = (
    "stage",
    "seed",
    "epochs",
    "train_seconds",
    "peak_bytes",
    "optimizer_state_bytes",
    "model_bytes",
    "latency_seconds",
    "test_quality",
    "source",
    "error",
)
"""What a record says that Optuna's tools show in columns of its own."""


@dataclass(kw_only=True, slots=True)
class SpentSeconds:
    """What a study has spent of its budgets by its trials, which tell it one by one."""

    search: float = 0.0
    compression: float = 0.0

    def take(self, attributes: Mapping[str, Any]) -> None:
        """Take in the user attributes of a trial; those of earlier versions do not say."""
        seconds = float(attributes.get(SPENT, 0.0))
        if attributes.get("stage") == "compress":
            self.compression = max(self.compression, seconds)
        elif attributes.get("stage") != ABLATION:  # which counts against no budget
            self.search = max(self.search, seconds)

    def written_to(self, manifest: StudyManifest) -> StudyManifest:
        """Return the manifest with what was spent: it says so itself only in studies of earlier versions."""
        search = max(manifest.spent_seconds, self.search)
        entry = manifest.compression_study
        if entry is not None:
            entry = replace(entry, spent_seconds=max(entry.spent_seconds, self.compression))
        return replace(manifest, spent_seconds=search, compression_study=entry)


@dataclass(frozen=True, kw_only=True)
class TrialLine:
    """What Optuna is told of a trial beside its record."""

    params: Mapping[str, Any] = field(default_factory=dict)
    distributions: Mapping[str, BaseDistribution] = field(default_factory=dict)
    violation: float = 0.0
    """By how much it breaks a limit; 0 or less where it keeps them."""
    began: datetime | None = None
    """In local time; None for the moment of writing."""
    spent_seconds: float = 0.0
    """Of the budget that it counts against, by now."""


PLAIN: Final = TrialLine()


def next_number(study: optuna.Study) -> int:
    """Return the number of the next trial that is written."""
    return 1 + max(map(number_of, trials_as_written(study)), default=-1)


def all_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials of a study and of those beside it, in the order of their numbers.

    Of several with one number, which a copied line makes, it is the first that was written.
    """
    written = sorted(trials_as_written(study), key=lambda trial: trial._trial_id)
    return first_of_each((number_of(trial), trial) for trial in written)


def first_of_each(numbered: Iterable[tuple[int, Numbered]]) -> list[Numbered]:
    """Return the first of those that have one number, in the order of the numbers."""
    by_number: dict[int, Numbered] = {}
    for number, value in numbered:
        by_number.setdefault(number, value)
    return [value for _, value in sorted(by_number.items())]


def trials_as_written(study: optuna.Study) -> Iterator[FrozenTrial]:
    """Yield the trials of a study, then those of the ones beside it; a line that was copied is two."""
    studies = (_beside(study, stage) for stage in BESIDE)
    for each in (study._study_id, *studies):
        if each is not None:
            yield from study._storage.get_all_trials(each, deepcopy=False)


def number_of(trial: FrozenTrial) -> int:
    """Return the number of a trial: its record's, or its place in the file where it left none."""
    record = trial.user_attrs.get(RECORD)
    return int(record["number"]) if record else trial._trial_id


def lighten(trial: FrozenTrial) -> None:
    """Drop what a trial holds in memory, but for its number, its times and what it spent.

    For a reader that is done with it and goes on for as long as the search; the journal stays as it is.

    Args:
        trial: of `all_trials`.
    """
    attributes = trial.user_attrs
    if len(attributes.get(RECORD, ())) > 1:
        left = {name: attributes[name] for name in ("trial", "stage", SPENT) if name in attributes}
        trial.user_attrs = left | {RECORD: {"number": number_of(trial)}}
        trial.params, trial.distributions, trial.intermediate_values = {}, {}, {}


def tell(study: optuna.Study, record: Record, line: TrialLine = PLAIN) -> None:
    """Write a trial that ended: its record and all that Optuna's tools show of it, in one line.

    Args:
        study: the study's own, whatever the stage of the trial.
        record: what it left behind; no other of the study has its number.
        line: what else is told of it.
    """
    from optuna.trial import create_trial

    values = _values(record)
    trial = create_trial(
        state=state_of(record),
        values=values,
        params=dict(line.params),
        distributions=dict(line.distributions),
        user_attrs={"trial": record.number}
        | _attributes(record)
        | {SPENT: round(line.spent_seconds, 3), RECORD: record.to_dict()},
        intermediate_values={} if record.stage == "compress" else reported_values(record),
        constraints={FEASIBLE: line.violation},
    )
    trial.datetime_start = line.began or trial.datetime_start
    _study_of(study, record.stage).add_trial(trial)


def name_values(study: optuna.Study, names: Sequence[str]) -> None:
    """Tell Optuna's tools what the values of a study's trials are called."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names(list(names))


def state_of(record: Record) -> TrialState:
    """Return what Optuna calls the state of a trial that ended; one that broke a limit counts as pruned."""
    from optuna.trial import TrialState

    return {"complete": TrialState.COMPLETE, "failed": TrialState.FAIL}.get(record.state, TrialState.PRUNED)


def _values(record: Record) -> list[float] | None:
    """Return the metric, of a pruned trial the last one; with the bytes of a compressed model."""
    if record.state == "complete":
        quality = record.measured_quality
        return [quality, float(record.model_bytes or 0)] if record.stage == "compress" else [quality]
    valueless = record.stage == "compress" or record.state == "failed"
    reached = [] if valueless else list(reported_values(record).values())
    return reached[-1:] if reached and not math.isnan(reached[-1]) else None


def reported_values(record: Record) -> dict[int, float]:
    """Return the metric by epoch, as a trial reports it to Optuna."""
    return {point.epoch: point.valid_metric for point in record.curve}


def _attributes(record: Record) -> dict[str, Any]:
    values = {name: getattr(record, name) for name in ATTRIBUTES}
    values |= {"seconds": round(record.took_seconds, 3)}
    return {name: value for name, value in values.items() if value is not None}


def _study_of(study: optuna.Study, stage: Stage) -> optuna.Study:
    """Return the study that a trial of a stage stands in, begun with its first trial."""
    import optuna
    from optuna.study import StudyDirection

    if stage not in BESIDE:
        return study
    storage, name = study._storage, _name(study, stage)
    if _beside(study, stage) is not None:
        return optuna.load_study(storage=storage, study_name=name)
    metric = (study.metric_names or ["quality"])[0]
    directions, names = [study.direction], [metric]
    if stage == "compress":
        directions, names = [study.direction, StudyDirection.MINIMIZE], [metric, "model_bytes"]
    beside = optuna.create_study(storage=storage, study_name=name, directions=directions)
    name_values(beside, names)
    return beside


def _name(study: optuna.Study, stage: Stage) -> str:
    return f"{study.study_name}-{BESIDE[stage]}"


def _beside(study: optuna.Study, stage: Stage) -> int | None:
    """Return Optuna's id of the study beside another that holds a stage; None where it was not begun."""
    try:
        return study._storage.get_study_id_from_name(_name(study, stage))
    except KeyError:
        return None
