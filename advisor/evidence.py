"""Evidence: all that a recommendation may look at; and Finding: what a rule concludes from it."""

from __future__ import annotations

import math
import shlex
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, Final, Literal, TypeVar, cast

from advisor.goals import USUAL
from studies.column_reading import ColumnReading
from studies.direction import Direction
from studies.facts import Facts
from studies.limits import Limits
from studies.outlook import Outlook
from studies.plans.fairness import CONTENTION
from studies.record import Record
from studies.split_facts import SplitFacts
from studies.yardstick import Yardstick

TOGETHER: Final = (("--metric", "--direction"), ("--time", "--group", "--split"))
"""Options of which one takes the place of the others."""
T = TypeVar("T")
Verdict = Literal["veto", "prefer", "avoid", "note"]


def has_quality(record: Record) -> bool:
    """Tell whether a record is of a whole run with a finite metric."""
    return record.state == "complete" and record.quality is not None and math.isfinite(record.quality)


def trained_rows(record: Record) -> float:
    """Return the training rows of a record as a number to compare by: infinite for all there are."""
    return math.inf if record.sample_rows is None else record.sample_rows


class Records(tuple[Record, ...]):
    """Records: a tuple of trial records, sorted by optimizer and stage once.

    Rules ask for them hundreds of times an answer. Equal to the plain tuple of the same records. Evidence
    under other limits shares them, and what they have sorted.
    """

    @cached_property
    def by_number(self) -> tuple[Record, ...]:
        """Return all of them by number."""
        return tuple(sorted(self, key=lambda record: record.number))

    @cached_property
    def optimizers(self) -> frozenset[str]:
        """Return every optimizer that was tried."""
        return frozenset(record.optimizer for record in self)

    @cached_property
    def searched(self) -> Mapping[str, tuple[Record, ...]]:
        """Return the ended search trials, by optimizer and number."""
        return _by_optimizer(
            record for record in self.by_number if record.searched and record.state != "running"
        )

    @cached_property
    def complete(self) -> Mapping[str, tuple[Record, ...]]:
        """Return the search trials that ran to their end and have a quality, by optimizer and number."""
        return {
            name: whole
            for name, trials in self.searched.items()
            if (whole := tuple(filter(has_quality, trials)))
        }

    @cached_property
    def confirmations(self) -> Mapping[str, tuple[Record, ...]]:
        """Return the ended confirmation runs, by optimizer and number.

        Where some trained on a sample and others on more rows, only those on the most.
        """
        ended = [
            record
            for record in self.by_number
            if record.stage == "confirm" and record.state in ("complete", "infeasible")
        ]
        most = max((trained_rows(record) for record in ended), default=math.inf)
        return _by_optimizer(record for record in ended if trained_rows(record) == most)

    @cached_property
    def repeats(self) -> tuple[tuple[Record, ...], ...]:
        """Return the whole runs of each recipe that was run with several seeds, by number."""
        groups: dict[int, list[Record]] = defaultdict(list)
        for run in self.by_number:
            if run.state == "complete" and run.stage != "compress":
                groups[run.number if run.source is None else run.source].append(run)
        for recipe, runs in groups.items():
            most = max(map(trained_rows, runs))
            groups[recipe] = [run for run in runs if trained_rows(run) == most]
        return tuple(tuple(group) for group in groups.values() if len({run.seed for run in group}) > 1)

    @cached_property
    def seedless(self) -> bool:
        """Tell whether another seed changed no epoch of any recipe that was run with several."""
        curves = [{repr(_qualities(run)) for run in group} for group in self.repeats if group[0].curve]
        return bool(curves) and all(len(different) == 1 for different in curves)

    @cached_property
    def compressions(self) -> tuple[Record, ...]:
        """Return the compressed models that were measured, by number."""
        return tuple(
            record
            for record in self.by_number
            if record.stage == "compress" and record.footprint and has_quality(record)
        )

    @cached_property
    def compressed_optimizers(self) -> frozenset[str]:
        """Return the optimizers with a model that was made small, or that could not be made so."""
        return frozenset(
            record.optimizer
            for record in self
            if record.stage == "compress" and record.state in {"complete", "infeasible", "failed"}
        )

    @cached_property
    def worked_out(self) -> dict[Any, Any]:
        """Return what `once_for_the_records` has kept."""
        return {}


def _qualities(run: Record) -> list[tuple[int, float, float]]:
    return [(point.epoch, point.valid_metric, point.valid_loss) for point in run.curve]


def _by_optimizer(records: Iterable[Record]) -> dict[str, tuple[Record, ...]]:
    groups: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        groups[record.optimizer].append(record)
    return {name: tuple(group) for name, group in groups.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Evidence: everything a recommendation may look at.

    Example:
        >>> import advisor
        >>> evidence = advisor.Evidence(candidates=("AdamW", "SGD"), limits=advisor.Limits(train_bytes=2**20))
        >>> advisor.recommend(evidence).optimizer  # before any trial: by the rules and what others measured
        'AdamW'
    """

    facts: Facts = field(default_factory=Facts)
    limits: Limits = field(default_factory=Limits)
    records: tuple[Record, ...] = ()
    candidates: tuple[str, ...] = ()
    """Optimizers in question, in the order they were entered."""
    direction: Direction = Direction.MAXIMIZE
    """Of the metric; its text will do."""
    metric: str = "accuracy"
    goal: str = USUAL
    """quality | speed | memory | balanced: what decides between optimizers that the evidence cannot tell
    apart."""
    valid_rows: int | None = 200
    """Rows of the validation split: half a row is the smallest error told from none; None when nobody
    knows."""
    baseline: float | None = None
    """The metric of a model that answers every row alike; None when nobody knows."""
    yardsticks: tuple[Yardstick, ...] = ()
    """What plain models reach on the same rows; empty when nobody knows. The constant is `baseline`."""
    split_facts: SplitFacts | None = None
    """What makes the split flatter; None when nobody looked."""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became; empty when nobody knows."""
    study: str = ""
    fair: str = CONTENTION
    """How the search compared optimizers, see `studies.plans.fairness`."""
    resume: str = ""
    """The command that goes on with the study under twice its budget; empty when there is no study."""
    command: str = ""
    """The command that searches the same workload anew; empty when nobody knows it."""
    compress: str = ""
    """The command that makes the study's trained models small; empty when there is no study."""
    compression: str = "off"
    """off | after | joint: whether the study makes its models small, once trained or along with it."""
    compression_finalists: tuple[str, ...] = ()
    """Optimizers whose trained models the study makes small; empty until that begins, and when unknown."""
    compression_ended: bool = False
    """Whether nothing more will be made small, unless somebody asks for it again."""
    planned_trials: int | None = None
    """Trials the whole search may make, for advice before any is made; None when nobody said."""
    stage: str = ""
    """train | prune | quantize | distill: what is done to the model; empty to read it off the recipes of the
    records."""
    trained_by: str = ""
    """The optimizer that the starting weights were trained with; empty when unknown."""
    rules: tuple[str, ...] = ()
    """The user's word on rules, as written: Name=off, Name=0.5, file.py:Name."""

    outlook: Outlook | None = None
    """Why the search ended before its budget did; None where it did not."""
    unread: tuple[str, ...] = ()
    """Axes that a training function of the user's own never looks at, `optimizer` where it never runs the
    recipe's."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", Direction(self.direction))
        if not isinstance(self.records, Records):
            object.__setattr__(self, "records", Records(self.records))

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Return the candidates, then whatever else was tried, by name."""
        others = self._sorted.optimizers.difference(self.candidates)
        return (*dict.fromkeys(self.candidates), *sorted(others))

    @property
    def trials_each(self) -> float:
        """Return the search trials an optimizer, made or planned, whichever are more."""
        names = self.optimizers
        made = sum(len(self.searched(name)) for name in names)
        return max(made, self.planned_trials or 0) / max(len(names), 1)

    def searched(self, optimizer: str) -> tuple[Record, ...]:
        """Return the ended search trials of an optimizer (its reference recipe and the race), by number."""
        return self._sorted.searched.get(optimizer, ())

    def complete(self, optimizer: str) -> tuple[Record, ...]:
        """Return the search trials of an optimizer that ran to their end and have a quality, by number."""
        return self._sorted.complete.get(optimizer, ())

    def confirmations(self, optimizer: str) -> tuple[Record, ...]:
        """Return the ended confirmation runs of an optimizer, by number; failed ones are left out."""
        return self._sorted.confirmations.get(optimizer, ())

    @property
    def repeats(self) -> tuple[tuple[Record, ...], ...]:
        """Return the whole runs of each recipe that was run with several seeds, by number."""
        return self._sorted.repeats

    @property
    def seedless(self) -> bool:
        """Tell whether another seed changed nothing in any recipe that was run with several."""
        return self._sorted.seedless

    @property
    def compressions(self) -> tuple[Record, ...]:
        """Return the compressed models that were measured, by number; failed ones are left out."""
        return self._sorted.compressions

    @property
    def compressed_optimizers(self) -> frozenset[str]:
        """Return the optimizers with a model that was made small, or that could not be made so."""
        return self._sorted.compressed_optimizers

    def asked_with(self, option: str, value: str) -> str:
        """Return the command that asks the question anew with another option; empty where nobody knows it."""
        words = shlex.split(self.command)
        for flag in next((flags for flags in TOGETHER if option in flags), (option,)):
            if flag in words:
                place = words.index(flag)
                words = words[:place] + words[place + 2 :]
        return shlex.join([*words, option, value]) if words else ""

    @property
    def _sorted(self) -> Records:
        return cast("Records", self.records)


def once_for_the_records(work: Callable[[Evidence], T]) -> Callable[[Evidence], T]:
    """Let a function of records, optimizers and direction work once, whatever limits and goals follow."""

    @wraps(work)
    def once(evidence: Evidence) -> T:
        key = once, evidence.optimizers, evidence.direction
        known = cast("Records", evidence.records).worked_out
        if key not in known:
            known[key] = work(evidence)
        return cast("T", known[key])

    return once


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Finding: what a rule concludes about one optimizer."""

    rule: str
    subject: str
    """An optimizer's name."""
    verdict: Verdict
    strength: float
    """Log-odds added to its strength against the others: 0.4 weak (60:40), 0.8 moderate (69:31), 1.4
    strong (80:20); negative against it, and 0 where the finding says nothing about quality (a veto, a
    cost, a measurement)."""
    because: str
    """One sentence with the numbers."""
    source: str
