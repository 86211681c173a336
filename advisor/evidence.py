"""The values that advice is made of: what is known (Evidence), what follows from it (Finding) and the answer (Recommendation)."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from advisor.goals import USUAL
from studies.direction import Direction
from studies.facts import Facts
from studies.limits import Limits
from studies.record import Record

if TYPE_CHECKING:
    from advisor.compressed import Shrunk
    from studies.recipe import Recipe

Verdict = Literal["veto", "prefer", "avoid", "note"]
Label = Literal["decided", "leaning", "open", "prior only"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything a recommendation may look at."""

    facts: Facts = field(default_factory=Facts)
    limits: Limits = field(default_factory=Limits)
    records: tuple[Record, ...] = ()
    candidates: tuple[str, ...] = ()
    """Optimizers in question, in the order they were entered."""
    direction: Direction = Direction.MAXIMIZE
    """Of the metric; its text will do."""
    metric: str = "accuracy"
    goal: str = USUAL
    """quality | speed | memory | balanced: what decides between optimizers that the evidence cannot tell apart."""
    valid_rows: int | None = 200
    """Rows of the validation split: half a row is the smallest error told from none; None when nobody knows."""
    baseline: float | None = None
    """The metric of a model that answers every row alike; None when nobody knows."""
    study: str = ""
    resume: str = ""
    """The command that goes on with the study under twice its budget; empty when there is no study."""
    command: str = ""
    """The command that searches the same workload anew; empty when nobody knows it."""
    compress: str = ""
    """The command that makes the study's trained models small; empty when there is no study."""
    planned_trials: int | None = None
    """Trials the whole search may make, for advice before any is made; None when nobody said."""
    stage: str = ""
    """train | prune | quantize | distill: what is done to the model; empty to read it off the recipes of the records."""
    trained_by: str = ""
    """The optimizer that the starting weights were trained with; empty when unknown."""
    rules: tuple[str, ...] = ()
    """The user's word on rules, as written: Name=off, Name=0.5, file.py:Name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", Direction(self.direction))

    @property
    def optimizers(self) -> tuple[str, ...]:
        """Return the candidates, then whatever else was tried, by name."""
        others = self._index.optimizers.difference(self.candidates)
        return (*dict.fromkeys(self.candidates), *sorted(others))

    def searched(self, optimizer: str) -> tuple[Record, ...]:
        """Return the ended search trials of an optimizer (its reference recipe and the race), by number."""
        return self._index.searched.get(optimizer, ())

    def complete(self, optimizer: str) -> tuple[Record, ...]:
        """Return the search trials of an optimizer that ran to their end and have a quality, by number."""
        return self._index.complete.get(optimizer, ())

    def confirmations(self, optimizer: str) -> tuple[Record, ...]:
        """Return the ended confirmation runs of an optimizer, by number; a failed one says nothing and is left out."""
        return self._index.confirmed.get(optimizer, ())

    @property
    def compressions(self) -> tuple[Record, ...]:
        """Return the models that were made small and measured, by number; one that could not be is left out."""
        return self._index.compressed

    @property
    def _index(self) -> Index:
        return index(Same(self.records))


def has_quality(record: Record) -> bool:
    """Tell whether a record is of a whole run with a finite metric."""
    return record.state == "complete" and record.quality is not None and math.isfinite(record.quality)


@dataclass(frozen=True, eq=False, slots=True)
class Same:
    """Records as a key: equal only to the very same tuple, so that nothing is compared or hashed trial by trial."""

    records: tuple[Record, ...]

    def __hash__(self) -> int:
        return id(self.records)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.records is self.records


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """Records sorted by what they are and who was tried, each by number: rules ask for them hundreds of times an answer."""

    optimizers: frozenset[str]
    searched: Mapping[str, tuple[Record, ...]]
    complete: Mapping[str, tuple[Record, ...]]
    confirmed: Mapping[str, tuple[Record, ...]]
    compressed: tuple[Record, ...]


@lru_cache(maxsize=8)
def index(same: Same) -> Index:
    """Return the index of records."""
    ordered = sorted(same.records, key=lambda record: record.number)
    searched = [record for record in ordered if record.searched and record.state != "running"]
    return Index(
        optimizers=frozenset(record.optimizer for record in ordered),
        searched=_by_optimizer(searched),
        complete=_by_optimizer(filter(has_quality, searched)),
        confirmed=_by_optimizer(
            record for record in ordered if record.stage == "confirm" and record.state in ("complete", "infeasible")
        ),
        compressed=tuple(record for record in ordered if record.stage == "compress" and record.footprint and has_quality(record)),
    )


def _by_optimizer(records: Iterable[Record]) -> dict[str, tuple[Record, ...]]:
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.optimizer].append(record)
    return {name: tuple(own) for name, own in found.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a rule has to say about one optimizer."""

    rule: str
    subject: str
    """An optimizer's name."""
    verdict: Verdict
    strength: float
    """Log-odds added to its strength against the others: 0.4 weak (60:40), 0.8 moderate (69:31), 1.4 strong (80:20); negative
    against it, and 0 where the finding says nothing about quality (a veto, a cost, a measurement)."""
    because: str
    """One sentence with the numbers."""
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """An optimizer's standing after all evidence."""

    optimizer: str
    p_best: float
    """Probability that no other candidate is better."""
    p_tie: float
    """Probability that its loss is within the tie margin of the best."""
    expected_regret: float
    """Expected log-ratio of its loss to the best one's: 0.05 is about 5 % more error."""
    quality: float | None
    """Mean validation metric of its confirmation runs, else the best of its search trials."""
    interval: tuple[float, float] | None
    """90 % interval of that quality for a fresh seed's mean; None without at least two confirmation runs."""
    trials: tuple[int, ...]
    """Numbers of the trials that quality comes from."""
    params: Mapping[str, Any] | None
    """Its best recipe in flat form."""
    train_seconds: float | None
    peak_bytes: int | None
    optimizer_state_bytes: int | None
    completed: int
    """Whole runs it had in the search."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One question of the checklist on whether the study is sound."""

    name: str
    passed: bool
    message: str
    fix: str
    command: str = ""
    """A command that does it, ready to run; empty where none does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """Which optimizer, how sure, because of what, and what would change the answer."""

    study: str
    optimizer: str
    params: Mapping[str, Any]
    """The whole recipe in flat form."""
    label: Label
    p_best: float
    p_tie: float
    expected_regret: float
    metric: str
    direction: Direction
    quality: float | None
    """Validation metric: mean over the confirmation seeds, else the best search trial's; of a compressed recipe, of its files."""
    interval: tuple[float, float] | None
    test_quality: float | None
    """Mean test metric over the confirmation seeds."""
    test_spread: float | None
    """Standard deviation of the test metric over the seeds."""
    seeds: tuple[int, ...]
    trials: tuple[int, ...]
    """Trial numbers behind `quality`."""
    costs: Mapping[str, float | int | None]
    """Of the recommended recipe, by the fields of `studies.costs`."""
    reasons: tuple[str, ...]
    """Sentences, most telling first, each naming its trials or its source."""
    findings: tuple[Finding, ...]
    alternatives: tuple[str, ...]
    """The runner-up and others, each with when to prefer it."""
    would_change: tuple[str, ...]
    checklist: tuple[Check, ...]
    contenders: tuple[Contender, ...]
    """All optimizers that fit the limits, the recommended one included, least expected regret first; findings veto the others."""
    margin: float = 0.02
    """Log-ratio of loss below which two optimizers count as tied: 2 %, or the spread over seeds up to a tenth, or half a row."""
    tie: str = ""
    """The same in words."""
    steps: int | None = None
    """Optimizer steps of the recommended run, for settings that are a share of it."""
    compressed: tuple[Shrunk, ...] = ()
    """What no other compressed model beats in quality, file bytes, gzip bytes and latency; best quality first."""
    compression: Shrunk | None = None
    """The one advised, of the recommended optimizer: the best quality that fits limits on the model's size and latency; without
    such limits the smallest within the tie margin of the uncompressed model. None when nothing was compressed or nothing fits."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", Direction(self.direction))

    @property
    def recipe(self) -> Recipe:
        """Return the recipe, ready to build; a model of the user's own is imported here and not before."""
        from studies.recipe import Recipe

        return Recipe.from_params(self.params)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON."""
        return asdict(self) | {"params": dict(self.params), "costs": dict(self.costs)}

    def to_markdown(self) -> str:
        """Return the answer as a Markdown page."""
        from advisor.report import markdown

        return markdown(self)

    def __str__(self) -> str:
        from advisor.report import text

        return text(self)
