"""Live study: what a search does at this moment, read from its files, wherever it was started."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from advisor.jobs.budget_left import BudgetLeft, time_in, time_of
from advisor.report.compression_names import in_words
from advisor.report.stage_names import stage_in_words, stages_in_words
from studies.quantities import format_seconds, listed, several
from studies.record import STAGES, Record, Stage
from studies.storage.locks import Holder, holder_path
from studies.storage.manifest import ASKED, StudyManifest
from studies.storage.stop_wish import is_wished
from studies.trials.under_way import trials_under_way

SHOWN: Final = 3
"""Trials that are named of those that train now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveStudy:
    """Live study: stage, clock, what trains, and what is left of a search that runs."""

    stage: Stage | None = None
    """None before the first trial."""
    compresses: bool = False
    """Whether a compression comes after the search."""
    elapsed_seconds: float = 0.0
    """Of all sittings, reading and profiling included."""
    of_seconds: float | None = None
    """None without a budget in seconds."""
    trials: int = 0
    """Of the search, without confirmation runs."""
    of_trials: int | None = None
    training: tuple[str, ...] = ()
    """What trains now, in words."""
    stopping: bool = False
    """Whether it was asked to stop."""

    @classmethod
    def read(cls, home: Path, name: str, manifest: StudyManifest, records: Sequence[Record]) -> Self:
        """Return what a study that is worked on does.

        Args:
            home: where it lives.
            name: what it is called.
            manifest: as its journal has it by now.
            records: of its trials by now.
        """
        training = trials_under_way(home, name)
        left = BudgetLeft.of(manifest, records)
        latest = training[-1].get("stage") if training else records[-1].stage if records else None
        return cls(
            stage=next((stage for stage in STAGES if stage == latest), None),
            compresses=manifest.compression_study is not None,
            elapsed_seconds=_elapsed_seconds(home, name, manifest),
            of_seconds=left.of_seconds,
            trials=sum(record.searched for record in records),
            of_trials=manifest.budget.trials if manifest.budget else None,
            training=tuple(map(_in_words, training)),
            stopping=is_wished(home, name),
        )

    @property
    def share(self) -> float:
        """Return the share of the budget that is spent, from 0 to 1."""
        shares = [self.elapsed_seconds / self.of_seconds] if self.of_seconds else []
        shares += [self.trials / self.of_trials] if self.of_trials else []
        return min(1.0, max(shares, default=0.0))

    def clock(self) -> str:
        """Return how long it has run and what it may spend, as in `12 s of 60 s, 4 trials`."""
        total = self.of_seconds
        elapsed = time_of(self.elapsed_seconds, total) if total else format_seconds(self.elapsed_seconds)
        of = f"{self.trials:,} of {several(self.of_trials, 'trial')}" if self.of_trials else ""
        return f"{elapsed}, {of or several(self.trials, 'trial')}"

    def place(self) -> str:
        """Return the stage and where it stands among all, as in `race, stage 2 of 3`."""
        if self.stage is None:
            return "before its first trial"
        return stage_in_words(self.stage, stages_in_words(compresses=self.compresses))

    def now(self) -> str:
        """Return what trains at this moment, in a sentence."""
        if not self.training:
            return "Nothing is trained at this moment."
        counts = Counter(self.training)
        names = [name if count == 1 else f"{count} times {name}" for name, count in counts.items()]
        more = sum(counts[name] for name in list(counts)[SHOWN:])
        named = [*names[:SHOWN], *([f"{more} more"] if more else [])]
        work = "Made small" if self.stage == "compress" else "Trained"
        return f"{work} now: {listed(named)}."

    def rest(self) -> str:
        """Return how long it may go on yet, in a sentence."""
        if self.stopping:
            return "It was asked to stop: it ends what it must and recommends from what is there."
        if self.of_seconds:
            seconds = max(0.0, self.of_seconds - self.elapsed_seconds)
            return f"At most {time_in(seconds, self.of_seconds)} are left."
        if self.of_trials and 0 < self.trials < self.of_trials:
            seconds = self.elapsed_seconds / self.trials * (self.of_trials - self.trials)
            return f"About {format_seconds(seconds)} are left at this pace, and the confirmation."
        return ""


def how_it_ended(manifest: StudyManifest, records: Sequence[Record]) -> str:
    """Return how a search ended that nobody works on, in a sentence.

    Example:
        >>> how_it_ended(StudyManifest(), ())
        'Not finished, and nobody works on it; every trial that ended is kept.'
    """
    left = BudgetLeft.of(manifest, records)
    if manifest.recommendation is None:
        return "Not finished, and nobody works on it; every trial that ended is kept."
    if manifest.stopped:
        who = "you" if manifest.stopped == ASKED else "Ctrl-C or a signal"
        return f"Stopped by {who}; {'nothing of its budget is left' if left.spent else left}."
    if manifest.outlook is not None:
        return f"Finished before its budget was used up: {manifest.outlook}."
    return "Finished."


def _elapsed_seconds(home: Path, name: str, manifest: StudyManifest) -> float:
    """Return the seconds that a running study has worked.

    Who took its lock wrote down those before, and since then the clock goes on; those that stand in the
    journal with a trial are no less.
    """
    path = holder_path(home, name)
    holder = Holder.read(path)
    by_clock = holder.worked_seconds + _age_seconds(path) if holder else 0.0
    return max(manifest.worked_seconds, by_clock)


def _age_seconds(path: Path) -> float:
    try:
        return max(0.0, time.time() - path.stat().st_mtime)
    except OSError:
        return 0.0


def _in_words(trial: Mapping[str, Any]) -> str:
    """Return a trial that is under way as its optimizer and learning rate, or as what makes a model small."""
    optimizer = str(trial.get("optimizer", "?"))
    if trial.get("stage") == "compress":
        return f"the model of {optimizer} ({in_words(trial)})"
    lr = trial.get(f"optimizer.{optimizer}.lr")
    seed = f", seed {trial['seed']}" if trial.get("stage") == "confirm" else ""
    return optimizer + (f" at lr {lr:.2g}" if isinstance(lr, float) else "") + seed
