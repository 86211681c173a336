"""Board: what a display shows of a search: stage, clock, what trains, the best of each optimizer."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, Self

from advisor.cli.progress.records import compressed_cells
from advisor.report.numbers import number
from advisor.report.stage_names import stage_in_words, stages_in_words
from studies.limits import Budget
from studies.quantities import format_seconds, several
from studies.record import Record, Stage
from studies.search.event import Training
from studies.search.pruner import best_complete
from studies.storage.follow import Journal

if TYPE_CHECKING:
    from advisor.jobs.session import Session
    from studies.metrics import Metric
    from studies.plans.plan import Plan
    from studies.search.event import Event

SHOWN: Final = 12
"""Compressed models in the table."""
STARTING: Final = "starting"
Cells = tuple[str, ...]


class Board:
    """Board of figures to show: the clock, trials by state, the best of each optimizer.

    Args:
        name: of the study.
        plan: of its search.
        metric: what trials are judged by.
        budget: of the search or of the compression, a total.
        records: trials of earlier sittings.
        spent_seconds: that these took.
        searching: whether it is more than a compression.
        timer: seconds of which differences are what passes.
    """

    def __init__(  # noqa: PLR0913 - what there is to show
        self,
        *,
        name: str,
        plan: Plan,
        metric: Metric,
        budget: Budget,
        records: Iterable[Record] = (),
        spent_seconds: float = 0.0,
        searching: bool = True,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.plan, self.budget, self.searching = name, plan, budget, searching
        self.metric, self.direction = metric.name, metric.direction
        self.stage: Stage | None = None
        self.note = ""
        self.records = list(records)
        self.training: dict[Training, float] = {}
        """What is trained, and how many seconds had passed when that began."""
        self._timer, self._began = timer, timer() - spent_seconds
        self._known: dict[str, tuple[Cells, Record | None]] = {}
        """The row and the best whole run of each optimizer, until another of its trials ends."""

    @classmethod
    def of(cls, session: Session, *, searching: bool) -> Self:
        """Return the figures of a session's search, or of its compression, with what was done before."""
        stored = Journal(session.home, session.name).read()
        manifest = stored.manifest
        work = manifest if searching else manifest.compressing
        return cls(
            name=session.name,
            plan=session.plan,
            metric=session.workload.metric,
            budget=manifest.searching if searching else manifest.compressing.budget,
            records=stored.records,
            spent_seconds=work.spent_seconds,
            searching=searching,
        )

    @property
    def compressed(self) -> list[Record]:
        """Return the models made small, whole ones, best quality first."""
        whole = [
            record for record in self.records if record.stage == "compress" and record.state == "complete"
        ]
        return sorted(
            whole, key=lambda record: (self.direction.loss(record.quality), record.model_bytes or 0)
        )

    @property
    def elapsed(self) -> float:
        """Return the seconds worked on this study."""
        return max(self._timer() - self._began, 0.0)

    @property
    def searched(self) -> int:
        """Return the search trials that have ended."""
        return sum(record.searched for record in self.records)

    @property
    def most_trials(self) -> int | None:
        """Return the trials that the search may have; None without such a budget, and once it compresses."""
        return None if self.stage == "compress" else self.budget.trials

    def take(self, event: Event) -> None:
        """Take note of an event."""
        self.stage, self.note = event.stage, event.note or self.note
        if event.record is not None:
            self.records.append(event.record)
            self._known.pop(event.record.optimizer, None)
            ended = event.record.number
            self.training = {each: at for each, at in self.training.items() if each.number != ended}
        if event.training:
            now = self.elapsed
            self.training = {each: self.training.get(each, now) for each in event.training}

    def stages(self) -> tuple[str, ...]:
        """Return the stages that there are, in words and in their order."""
        if not self.searching:
            return ()
        return stages_in_words(compresses=self.plan.compression == "after")

    def stage_in_words(self) -> str:
        """Return the stage and where it stands among all: race, stage 2 of 3."""
        if self.stage is None:
            return STARTING
        return stage_in_words(self.stage, self.stages())

    def share(self) -> float | None:
        """Return how much of the budget is used up, from 0 to 1; None where nothing tells."""
        shares = []
        if self.budget.seconds:
            shares.append(self.elapsed / self.budget.seconds)
        if self.most_trials:
            shares.append(self.searched / self.most_trials)
        return min(max(shares), 1.0) if shares else None

    def clock(self, write: Callable[[float], str] = format_seconds) -> str:
        """Return elapsed and budget, as in `12 s of 60 s`; `write` writes the seconds that have passed."""
        parts = [write(max(self.elapsed, 0.1))]
        if self.budget.seconds:
            parts[0] += f" of {format_seconds(self.budget.seconds)}"
        if self.most_trials:
            parts.append(f"{self.searched} of {several(self.most_trials, 'trial')}")
        return ", ".join(parts)

    def left(self) -> str:
        """Return what is left of the budget, as in `at most 48 s left`; a search may end before that."""
        parts = []
        if self.budget.seconds:
            parts.append(in_seconds(max(self.budget.seconds - self.elapsed, 0.0)))
        if self.most_trials:
            parts.append(several(max(self.most_trials - self.searched, 0), "trial"))
        return f"at most {' or '.join(parts)} left" if parts else ""

    def states(self) -> str:
        """Return the trials by state, as in `31 trials: 12 complete, 18 pruned, 1 infeasible`."""
        counts = Counter(record.state for record in self.records)
        return f"{several(len(self.records), 'trial')}: " + (
            ", ".join(f"{count} {state}" for state, count in counts.items()) or "none yet"
        )

    def title(self) -> str:
        """Return what is worked on, and for how long."""
        return f"{self.name}  {self.stage or STARTING}  {self.clock()}"

    def table(self) -> tuple[Cells, list[Cells]]:
        """Return titles and rows: one an optimizer, or one for each of the best compressed models."""
        if self.stage == "compress":
            titles: Cells = ("model", "bytes", "of before", self.metric, "latency")
            return titles, [compressed_cells(record) for record in self.compressed[:SHOWN]]
        titles = ("optimizer", "trials", "whole runs", f"best {self.metric}", "lr", "seconds")
        return titles, [self.cells(name) for name in self.plan.candidates]

    def ranked(self) -> list[str]:
        """Return the optimizers by their best whole run; those that have none last, in the plan's order."""
        best = {name: record for name in self.plan.candidates if (record := self.best(name))}
        without = [name for name in self.plan.candidates if name not in best]
        return [*sorted(best, key=lambda name: self.direction.loss(best[name].quality)), *without]

    def cells(self, name: str) -> Cells:
        """Return the row of an optimizer."""
        return self._of(name)[0]

    def best(self, optimizer: str) -> Record | None:
        """Return an optimizer's best whole run so far."""
        return self._of(optimizer)[1]

    def _of(self, name: str) -> tuple[Cells, Record | None]:
        if name not in self._known:
            best = best_complete(self.records, name, self.direction)
            self._known[name] = (name, *self._figures(name, best)), best
        return self._known[name]

    def _figures(self, name: str, best: Record | None) -> Iterator[str]:
        trials = [record for record in self.records if record.optimizer == name]
        yield str(len(trials))
        yield str(sum(record.state == "complete" for record in trials))
        lr = best.params.get(f"optimizer.{name}.lr") if best else None
        yield number(best.measured_quality) if best else "-"
        yield "-" if lr is None else f"{lr:.3g}"
        yield f"{best.train_seconds or 0:.2f}" if best else "-"

    def leader(self) -> Record | None:
        """Return the best whole run of all so far."""
        names = self.ranked()
        return self.best(names[0]) if names else None


def in_seconds(seconds: float) -> str:
    """Write a time that is counted: 48 s, 12 min 5 s, 3 h 20 min.

    Example:
        >>> in_seconds(48.3), in_seconds(725), in_seconds(12000)
        ('48 s', '12 min 5 s', '3 h 20 min')
    """
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
