"""Replayed searches: ours and others on learning curves that were recorded, and how far from the best row.

    python -m benchmarks.replay_search --curves FOLDER [--families LCBench,TaskSet] [--repeats 3]

A table is a training function with settings of its own, the real search trains it in this process, and what
it may spend is counted in epochs. Regret after so many whole runs' worth of epochs: 0 for the best row of
the table, 1 for the median one; of the best whole run so far.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import Final

from benchmarks.recorded_tables import Table, made_up, tables
from studies.engines.in_process import InProcess
from studies.limits import Budget, Limits
from studies.optimizers.adamw import AdamW
from studies.plans.plan import Plan
from studies.search.clock import Clock
from studies.search.search import Search
from studies.storage.manifest_entries import Start
from studies.training_function.function import Function
from studies.trials.host import TrialHost

CHECKPOINTS: Final = (5, 10, 20, 50)
"""Whole runs' worth of epochs after which the regret is looked at."""
REPEATS: Final = 3
EARLIER_SEED: Final = 1000
EARLIER_RUNS: Final = 20
"""Whole runs' worth that each earlier study took."""
TRIAL_RUNS: Final = 0.45
"""What the usual trial costs of a whole run, as a plan takes it."""
CURVES: Final = "REPLAY_CURVES"
"""Of the environment: the folder of recordings."""


@dataclass(kw_only=True)
class Meter:
    """Meter of one search: epochs spent, and the best whole run by then."""

    table: Table
    epochs: int = 0
    taken: set[int] = field(default_factory=set)
    """Rows trained."""
    best: list[tuple[int, float]] = field(default_factory=list)

    def count(self) -> None:
        """Count an epoch."""
        self.epochs += 1

    def train(self, row: int, epochs: int, done: int = 0) -> float:
        """Train a row up to an epoch; return the best loss so far, and note it when the run is whole."""
        self.epochs += epochs - done
        loss = float(self.table.curves[row, :epochs].min())
        if epochs == self.table.epochs:
            self.note(loss)
        return loss

    def note(self, loss: float) -> None:
        """Note the loss of a whole run."""
        self.best.append((self.epochs, loss))

    @property
    def runs(self) -> float:
        """Return the whole runs' worth of epochs spent."""
        return self.epochs / self.table.epochs

    def regrets(self, checkpoints: Sequence[int]) -> list[float]:
        """Return the regret after so many whole runs; 1 where none had ended."""
        regrets = []
        for runs in checkpoints:
            losses = [loss for epochs, loss in self.best if epochs <= runs * self.table.epochs]
            regrets.append(self.table.regret(min(losses)) if losses else 1.0)
        return regrets


Searcher = Callable[[Meter, int, int], object]
"""Searches a meter's table with a seed until so many whole runs are spent."""


@dataclass(kw_only=True)
class EpochClock(Clock):
    """Clock that counts epochs: a whole run is a second."""

    meter: Meter

    @property
    def spent_seconds(self) -> float:
        """Return the whole runs' worth of epochs trained."""
        return self.meter.runs


@dataclass(kw_only=True)
class NoConfirmation:
    """Stands for the confirmation, which is judged elsewhere."""

    def reserve(self) -> None:
        """Keep nothing back."""

    def run(self) -> None:
        """Run nothing."""


def ours(meter: Meter, seed: int, runs: int, starts: tuple[Start, ...] = ()) -> Search:
    """Search with the program's own search; return it, ended."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    table = meter.table
    function = Function.open(
        table.fit(meter.count, meter.taken),
        source="benchmarks.recorded_tables:fit",
        metric="loss",
        direction="minimize",
    )
    plan = plan_for(table, seed=seed, runs=runs, starts=starts)
    clock = EpochClock(budget=plan.budget, meter=meter)
    search = Search(
        optuna.create_study(direction="minimize"),
        function,
        plan,
        clock=clock,
        engine=InProcess(
            host=TrialHost(workload=function, plan=plan), stop=clock.must_stop, clock=lambda: meter.runs
        ),
        listen=lambda event: _note(meter, event.record),
    )
    search.confirmation = NoConfirmation()  # type: ignore[assignment]
    search.run()
    return search


def plan_for(table: Table, *, seed: int, runs: int, starts: tuple[Start, ...] = ()) -> Plan:
    """Return the plan that a search of a function that reads its own settings alone has."""
    unread = ("optimizer", *(f"optimizer.AdamW.{name}" for name in AdamW().fields()))
    return Plan(
        candidates=("AdamW",),
        schedules=("Constant",),
        regularizers=(),
        epochs=table.epochs,
        batch_size=(32, 32, 32),
        budget=Budget(seconds=float(runs)),
        limits=Limits(),
        seed=seed,
        unread=("batch_size", "schedule", *unread),
        search_model=True,
        starts=starts,
    )


def _note(meter: Meter, record: object) -> None:
    if getattr(record, "state", "") == "complete":
        meter.note(record.quality)  # type: ignore[attr-defined]


def tpe(meter: Meter, seed: int, runs: int, *, pruned: bool) -> None:
    """Search with Optuna's TPE as it comes: every run whole, or with its median pruner."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner() if pruned else optuna.pruners.NopPruner()
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner)
    table = meter.table
    while meter.runs < runs:
        trial = study.ask(dict(table.space))
        curve = table.curves[table.take(trial.params, meter.taken)]
        for epoch in range(table.epochs):
            meter.count()
            trial.report(float(curve[: epoch + 1].min()), epoch)
            if pruned and epoch + 1 < table.epochs and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, float(curve.min()))
            meter.note(float(curve.min()))


def random(meter: Meter, seed: int, runs: int) -> None:
    """Search rows at random, every run whole."""
    import numpy as np

    for row in np.random.default_rng(seed).permutation(len(meter.table.curves))[:runs]:
        meter.train(int(row), meter.table.epochs)


def one_epoch(meter: Meter, seed: int, runs: int) -> None:
    """Spend half of each checkpoint's budget on one epoch of rows at random, the rest on the best, whole."""
    import numpy as np

    table, chance, done = meter.table, np.random.default_rng(seed), 0
    if table.epochs == 1:
        random(meter, seed, runs)
        return
    tried: dict[int, float] = {}
    for until in (each for each in CHECKPOINTS if each <= runs):
        budget = (until - done) * table.epochs
        for row in chance.integers(len(table.curves), size=budget // 2):
            tried[int(row)] = meter.train(int(row), 1)
        best = sorted((row for row in tried if tried[row] < float("inf")), key=lambda row: tried[row])
        for row in best[: (until * table.epochs - meter.epochs) // table.epochs]:
            meter.train(row, table.epochs)
            tried[row] = float("inf")
        done = until


def ours_after_others(family: Sequence[Table], runs: int) -> Searcher:
    """Return our search after searches of the tables before a table, each of so many whole runs."""
    from advisor.jobs.history import SHARE, STUDIES, EarlierStudy, starts_of

    @cache
    def earlier(place: int) -> EarlierStudy:
        name = family[place].name
        search = ours(Meter(table=family[place]), EARLIER_SEED + place, runs)
        manifest = search.plan.manifest(metric="loss", dataset=name)
        records = tuple(search.records)
        return EarlierStudy(name=name, manifest=manifest, direction=search.direction, records=records)

    def searcher(meter: Meter, seed: int, budget: int) -> Search:
        place = [table.name for table in family].index(meter.table.name)
        others = [(place - back) % len(family) for back in range(1, len(family))][:STUDIES]
        starts = starts_of([earlier(other) for other in others], ("AdamW",))
        trials = round(budget / TRIAL_RUNS)
        return ours(meter, seed, budget, starts=starts[: trials // SHARE])

    return searcher


SEARCHERS: Final[dict[str, Searcher]] = {
    "ours": ours,
    "TPE": partial(tpe, pruned=False),
    "TPE + median": partial(tpe, pruned=True),
    "one epoch": one_epoch,
    "random": random,
}
AFTER_OTHERS: Final = "ours after others"


def measure(
    all_tables: Iterable[Table], searchers: Iterable[str], *, repeats: int, checkpoints: Sequence[int]
) -> Iterator[str]:
    """Yield a line of mean regrets for each family and searcher."""
    yield f"{'family':<10} {'search':<20}" + "".join(f"{runs:>7}" for runs in checkpoints) + "   whole runs"
    families: dict[str, list[Table]] = defaultdict(list)
    for table in all_tables:
        families[table.family].append(table)
    for family, members in families.items():
        every = SEARCHERS | {AFTER_OTHERS: ours_after_others(members, min(EARLIER_RUNS, checkpoints[-1]))}
        for name in searchers:
            meters = [Meter(table=table) for table in members for _ in range(repeats)]
            for number, meter in enumerate(meters):
                every[name](meter, number, checkpoints[-1])  # tables of a family have their rows in common
            columns = zip(*(meter.regrets(checkpoints) for meter in meters), strict=True)
            yield f"{family:<10} {name:<20}" + "".join(f"{fmean(column):7.3f}" for column in columns)


def smoke() -> None:
    """Smallest form: made-up tables, five whole runs."""
    for line in measure(made_up(rows=40, tasks=2), (*SEARCHERS, AFTER_OTHERS), repeats=1, checkpoints=(5,)):
        print(line)


def main() -> None:
    """Print the mean regrets."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--curves", type=Path, default=os.environ.get(CURVES), help="folder of recordings")
    parser.add_argument("--families", help="comma-separated; all by default")
    parser.add_argument("--searchers", help="comma-separated; all by default")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    parser.add_argument("--runs", type=int, default=CHECKPOINTS[-1])
    chosen = parser.parse_args()
    every = tables(chosen.curves) if chosen.curves else made_up()
    families = chosen.families.split(",") if chosen.families else None
    some = [table for table in every if families is None or table.family in families]
    searchers = chosen.searchers.split(",") if chosen.searchers else [*SEARCHERS, AFTER_OTHERS]
    checkpoints = [runs for runs in CHECKPOINTS if runs <= chosen.runs]
    for line in measure(some, searchers, repeats=chosen.repeats, checkpoints=checkpoints):
        print(line, flush=True)


if __name__ == "__main__":
    main()
