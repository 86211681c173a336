"""Who gets far with little: few trials, short runs, little time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from advisor.evidence import Evidence, Finding, once_for_the_records
from advisor.report.numbers import duration, number, trials
from advisor.rules import Criterion, Rule
from studies.direction import Direction
from studies.facts import Facts
from studies.quantities import several
from studies.record import Measurement, Record


class Convergence(Rule):
    """Adaptive methods need fewer trials to be good; with more trials each, momentum methods catch up.

    The cost of tuning is part of an optimizer's merit: at a handful of trials Adam with few knobs wins on
    most problems, at fifty the order changes. Runs of a few thousand steps, judged by the time to a target,
    favour fast starters. Once there are whole runs, what matters is measured: the seconds each optimizer took
    to the quality that all of them reach. That is said without a strength, for it is a cost, and the trials
    behind it speak in the posterior already.

    Caveat: a reference recipe that happens to suit the problem makes any optimizer look easy to tune.
    Reference: Sivaprasad et al. 2020, arXiv 1910.11758; time to target as in AlgoPerf, Dahl et al. 2023,
    arXiv 2306.07179.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "Sivaprasad et al. 2020, arXiv 1910.11758; AlgoPerf, arXiv 2306.07179"

    when: ClassVar[str] = (
        "fewer than 5 trials an optimizer; or the goal speed and a run of fewer than 3,000 steps; "
        "or, where time counts, whole runs of two optimizers"
    )
    few_trials: ClassVar[float] = 5.0
    """Trials an optimizer below which the ease of tuning decides: in Sivaprasad et al. the order changes
    between 4 and 16."""
    few_trials_strengths: ClassVar[Mapping[str, float]] = {
        "AdamW": 0.6, "Adam": 0.6, "ScheduleFreeAdamW": 0.6, "NAdamW": 0.4, "RMSprop": 0.1,
        "Momentum": -0.5, "Nesterov": -0.5, "SGD": -0.6, "Lion": -0.6,
    }  # fmt: skip
    """Log-odds: the expected best of one to three random trials on eight small tasks, quantised to weak and
    moderate."""
    short_run: ClassVar[int] = 3000
    """Steps below which a run is short when time counts: Muon's lead over AdamW is largest there (arXiv
    2509.02046)."""
    short_run_strengths: ClassVar[Mapping[str, float]] = {
        "Muon": 0.4, "ScheduleFreeAdamW": 0.3, "NAdamW": 0.3, "AdamW": 0.2, "Adam": 0.2,
        "Lion": -0.2, "Momentum": -0.4, "Nesterov": -0.4, "SGD": -0.6, "AdEMAMix": -0.6,
    }  # fmt: skip
    """Log-odds from the same tasks and from arXiv 2509.02046, quantised."""
    slow: ClassVar[float] = 4.0
    """Times the fastest beyond which a time to target earns nothing: AlgoPerf's cut."""
    alike: ClassVar[float] = 1.1
    """Times the fastest up to which two times are alike: step times on a shared machine differ by more
    (judged)."""

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "SGD"), planned_trials=6),
        Evidence(candidates=("AdamW", "SGD"), planned_trials=40, goal="speed", facts=Facts(steps=500)),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(candidates=("AdamW", "SGD"), planned_trials=40),
        Evidence(candidates=("AdamW", "SGD"), planned_trials=40, goal="speed", facts=Facts(steps=50_000)),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what few trials, short runs and measured times to a target say."""
        names, each = evidence.optimizers, evidence.trials_each
        if 0 < each < self.few_trials:
            verb = "is" if each == 1 else "are"
            cause = f"{_trials(each)} an optimizer {verb} few (below {self.few_trials:g})"
            yield from self._prior(names, self.few_trials_strengths, cause, ("easy to tune", "slow to tune"))
        steps = evidence.facts.known_steps
        if evidence.goal == "speed" and steps is not None and steps < self.short_run:
            length = several(steps, "step")
            cause = f"time counts and a run of {length} is short (below {self.short_run:,})"
            yield from self._prior(
                names, self.short_run_strengths, cause, ("a fast starter", "a slow starter")
            )
        if _time_counts(evidence):
            yield from self._measured(evidence)

    def criteria(self, evidence: Evidence) -> tuple[Criterion, ...]:
        """Return the trials an optimizer, and how long a run is and who has whole ones where time counts."""
        count, timed, each = partial(Criterion, unit="count"), _time_counts(evidence), evidence.trials_each
        hurried, runs = evidence.goal == "speed", len(_whole_runs(evidence))
        known = evidence.facts.known_steps
        steps = f"{'an unknown number of steps' if known is None else several(known, 'step')} a run"
        whole = f"{several(runs, 'optimizer')} with a whole run"
        return (
            count(
                figure="trials_each",
                words=f"{_trials(each) if each else 'an unknown number of trials'} an optimizer",
                value=each or None,
                threshold=self.few_trials,
            ),
            count(
                figure="steps",
                words=steps if hurried else f"{steps}, judged under the goal speed alone",
                value=known,
                threshold=self.short_run if hurried else None,
            ),
            count(
                figure="whole_runs",
                words=whole if timed else f"{whole}, timed where time counts",
                value=runs,
                threshold=1 if timed else None,
                side="above",
            ),
        )

    def _prior(
        self, names: tuple[str, ...], strengths: Mapping[str, float], cause: str, traits: tuple[str, str]
    ) -> Iterator[Finding]:
        for name in names:
            strength = strengths.get(name, 0.0)
            trait = traits[0] if strength > 0 else traits[1]
            yield from self.prior(
                name, strength, f"{cause}, and {name} is {trait} on most published problems"
            )

    def _measured(self, evidence: Evidence) -> Iterator[Finding]:
        target, arrivals = times_to_common_target(evidence)
        if target is None:
            return
        fastest, *others = sorted(
            arrivals, key=lambda arrival: (arrival.point.seconds, arrival.record.number)
        )
        if fastest.point.seconds <= 0:
            return  # runs without times say nothing of speed
        reach = "both reach" if len(arrivals) == 2 else f"all {len(arrivals)} with whole runs reach"
        goal = f"{evidence.metric} {number(target)}, which {reach}"
        source = f"measured on {trials(arrival.record.number for arrival in arrivals)}"
        factors = [arrival.point.seconds / fastest.point.seconds for arrival in others]
        level = factors[0] < self.alike
        ahead = "is among the first" if level else "is first"
        because = f"{fastest.optimizer} {ahead} to {goal}: {fastest}; next {others[0]}"
        yield self.finding(fastest.optimizer, "note" if level else "prefer", because, source=source)
        for arrival, factor in zip(others, factors, strict=True):
            verb = "is about as fast" if factor < self.alike else f"takes {factor:.2g} times as long"
            because = f"{arrival.optimizer} {verb} to {goal}: {arrival}, against {fastest}"
            yield self.finding(
                arrival.optimizer, "avoid" if factor > self.slow else "note", because, source=source
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """Arrival: the first time an optimizer's fastest whole run was as good as the target."""

    optimizer: str
    record: Record
    point: Measurement

    def __str__(self) -> str:
        epochs = several(self.point.epoch, "epoch")
        return f"{duration(self.point.seconds)} ({self.optimizer}, {epochs}, trial {self.record.number})"


@once_for_the_records
def times_to_common_target(evidence: Evidence) -> tuple[float | None, list[Arrival]]:
    """Return the best quality that every optimizer with whole runs reaches, and when each does.

    None with fewer than two.
    """
    runs = _whole_runs(evidence)
    if len(runs) < 2:
        return None, []
    loss = evidence.direction.loss
    reached_by_all = max(
        min(loss(point.valid_metric) for run in whole for point in _points(run)) for whole in runs.values()
    )
    target, arrivals = evidence.direction.value_of(reached_by_all), []
    for name, whole in runs.items():
        reached = [(run, point) for run in whole if (point := _first(run, target, evidence.direction))]
        run, point = min(reached, key=lambda pair: (pair[1].seconds, pair[0].number))
        arrivals.append(Arrival(optimizer=name, record=run, point=point))
    return target, arrivals


def _whole_runs(evidence: Evidence) -> dict[str, list[Record]]:
    """Return the whole runs with a learning curve of each optimizer that has any."""
    runs = {name: [run for run in evidence.complete(name) if _points(run)] for name in evidence.optimizers}
    return {name: whole for name, whole in runs.items() if whole}


def _time_counts(evidence: Evidence) -> bool:
    return evidence.goal == "speed" or evidence.limits.train_seconds is not None


def _trials(each: float) -> str:
    written = number(each)
    return f"{written} trial{'' if written == '1' else 's'}"


def _points(run: Record) -> list[Measurement]:
    return [point for point in run.curve if math.isfinite(point.valid_metric)]


def _first(run: Record, target: float, direction: Direction) -> Measurement | None:
    return next((point for point in _points(run) if not direction.better(target, point.valid_metric)), None)
