"""Confirmation of a search: the runs that are due are trained, in the time that is reserved for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from studies.quantities import several
from studies.recipe import Recipe
from studies.search.confirm import (
    ConfirmationRun,
    Preference,
    best_confirmed,
    best_recipes,
    first_runs,
    further_runs,
    reason,
    reserve_seconds,
)
from studies.search.confirmation_rows import confirmation_rows
from studies.search.event import Event
from studies.search.group import each_whole
from studies.search.makespan import makespan

if TYPE_CHECKING:
    from studies.record import Record
    from studies.search.runner import TrialRunner

OVERRUN: Final = 0.25
"""Share of a budget in seconds that it may be exceeded by for the first confirmation run: an answer without
any is worth little."""


class Confirmation:
    """Confirmation of one search.

    Args:
        runner: trains the runs; its records are those of the search.
        prefer: which recipes the evidence prefers; None goes by mean quality.
    """

    def __init__(self, runner: TrialRunner, prefer: Preference | None) -> None:
        self.runner, self.records = runner, runner.records
        self.workload, self.plan, self.direction = runner.workload, runner.plan, runner.direction
        self.clock, self.listen = runner.clock, runner.listen
        self.prefer = prefer or self._best_confirmed

    def reserve(self) -> None:
        """Reserve the seconds of the budget that it will take."""
        if self.plan.budget.seconds is not None:
            self.clock.reserve_seconds = reserve_seconds(
                [record for record in self.records if not self.plan.enforced.broken_by(record)],
                self.plan.candidates,
                self.direction,
                budget_seconds=self.clock.training_seconds,
                cost_seconds=self.runner.costs.seconds,
                workers=self.runner.engine.workers,
            )

    def run(self) -> None:
        """Confirm the finalists, then whatever the evidence prefers, until more runs change nothing."""
        self._allow_first_confirmation()
        sample_rows = self._rows_to_confirm_on()
        while not self.clock.must_stop():
            runs = self._finalists_runs(sample_rows)
            if runs:
                alike = ", the same for each" if len(runs) > 1 else ""
                note = f"{several(len(runs), 'finalist')} with a fresh seed{alike}"
                self.listen(Event(stage="confirm", note=f"{note}{self._where(sample_rows)}"))
            else:
                runs = self._further_runs(sample_rows)
            if not runs:
                return
            self._repeat(runs, sample_rows)

    def _rows_to_confirm_on(self) -> int | None:
        """Return how many training rows to confirm on where the search trained on a sample; None for all."""
        if self.plan.sample_rows is None:
            return None
        best = best_recipes(self.records, self.plan.candidates, self.direction, self.plan.enforced)
        return confirmation_rows(
            self.records,
            best,
            all_rows=self.workload.rows,
            sample_rows=self.plan.sample_rows,
            seconds=self.clock.seconds_left(),
            cost_seconds=lambda record, rows: self.runner.costs.seconds(record, sample_rows=rows),
        )

    def _where(self, sample_rows: int | None) -> str:
        """Return on which rows runs are, where the search trained on a sample."""
        if self.plan.sample_rows is None:
            return ""
        if sample_rows is None:
            return f", on all {self.workload.rows:,} training rows"
        rows = f"{sample_rows:,} of {self.workload.rows:,} training rows"
        return f", on {rows}, as a run on all takes longer than is left"

    def _on_same_rows(self, sample_rows: int | None) -> list[Record]:
        """Return the records without confirmation runs on fewer rows or more."""
        return [run for run in self.records if run.stage != "confirm" or run.sample_rows == sample_rows]

    def _finalists_runs(self, sample_rows: int | None) -> list[ConfirmationRun]:
        """Return the first runs of the finalists that are missing and fit the time."""
        return first_runs(
            self._on_same_rows(sample_rows),
            self.plan.candidates,
            self.direction,
            seed=self.plan.seed,
            seconds=self.clock.seconds_left(),
            limits=self.plan.enforced,
            cost_seconds=partial(self.runner.costs.seconds, sample_rows=sample_rows),
            workers=self.runner.engine.workers,
        )

    def _further_runs(self, sample_rows: int | None) -> list[ConfirmationRun]:
        """Return the next runs that the answer waits for, if they fit the time; say why, or why none."""
        records = self._on_same_rows(sample_rows)
        in_question = self.prefer(tuple(records))
        cost_seconds = partial(self.runner.costs.seconds, sample_rows=sample_rows)
        counted = {} if self.plan.budget.seconds is None else {"cost_seconds": cost_seconds}
        runs = further_runs(records, in_question, seed=self.plan.seed, **counted)
        affordable = self._affordable(runs, [cost_seconds(run.record) for run in runs])
        names = {record.number: record.optimizer for record in self.records}
        if in_question:
            note = reason([names[number] for number in in_question], affordable or runs)
            no_time = bool(runs) and not affordable
            self.listen(Event(stage="confirm", note=f"no time is left for {note}" if no_time else note))
        return affordable

    def _affordable(
        self, runs: Sequence[ConfirmationRun], costs_seconds: Sequence[float]
    ) -> list[ConfirmationRun]:
        """Return as many of some runs, the first ones, as fit the time."""
        left, workers = self.clock.seconds_left(), self.runner.engine.workers
        fitting = [n for n in range(1, len(runs) + 1) if makespan(costs_seconds[:n], workers) <= left]
        return list(runs[: max(fitting, default=0)])

    def _repeat(self, runs: Sequence[ConfirmationRun], sample_rows: int | None) -> None:
        """Run recipes again, side by side, as long as there is time."""
        trials = [
            self.runner.ask(
                Recipe.from_params(run.record.params),
                "confirm",
                seed=run.seed,
                source=run.record.number,
                split_seed=self._split_seed(run.seed),
                sample_rows=sample_rows,
            )
            for run in runs
        ]
        self.runner.train(each_whole(trials), after_each=self._allow_first_confirmation)

    def _allow_first_confirmation(self) -> None:
        """Let the budget be exceeded until anything is confirmed, and no longer."""
        confirmed = any(record.stage == "confirm" and record.state == "complete" for record in self.records)
        self.clock.reserve_seconds = 0.0 if confirmed else -OVERRUN * (self.plan.budget.seconds or 0.0)

    def _best_confirmed(self, records: Sequence[Record]) -> Sequence[int]:
        return best_confirmed(records, self.plan.candidates, self.direction, self.plan.enforced)

    def _split_seed(self, seed: int) -> int | None:
        """Return the seed to draw the split by, if the data and the model allow it: that of the run.

        A study that was confirmed on its own split goes on so.
        """
        runs = [record for record in self.records if record.stage == "confirm" and record.state == "complete"]
        of_seed = [run.split_seed for run in runs if run.seed == seed] or [run.split_seed for run in runs]
        on_own_split = bool(of_seed) and all(split_seed is None for split_seed in of_seed)
        return None if on_own_split else seed
