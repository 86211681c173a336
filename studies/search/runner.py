"""Trial runner: trials from asking to telling, trained rung by rung; each ends as a line of the journal."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from studies.recipe import Recipe
from studies.record import Record, Stage
from studies.search.clock import Clock
from studies.search.event import Event
from studies.search.pruner import Score, promote, rungs, score
from studies.search.trial import Outcome, Trial
from studies.search.trial_params import params_line, search_params
from studies.storage import journal, trial_lines

if TYPE_CHECKING:
    import optuna

    from studies.loaded_workload import LoadedWorkload
    from studies.search.checkpoints import Checkpoints
    from studies.search.plan import Plan
    from studies.training_function.function import Function


class TrialRunner:
    """Trial runner of one study.

    Args:
        study: an open study.
        workload: what to train on.
        plan: what is searched for.
        clock: what may be spent; a trial is timed by it too.
        listen: told of every trial that ended; must be quick.
        checkpoints: where the weights of confirmation runs go; None keeps none.
    """

    def __init__(
        self,
        study: optuna.Study,
        workload: LoadedWorkload | Function,
        plan: Plan,
        *,
        clock: Clock,
        listen: Callable[[Event], None],
        checkpoints: Checkpoints | None,
    ) -> None:
        self.study, self.workload, self.plan, self.clock, self.listen = study, workload, plan, clock, listen
        self.checkpoints = checkpoints
        self.space = plan.space(workload)
        self.direction = workload.metric.direction
        self.rungs = rungs(plan.epochs)
        self.records = list(journal.records(study))
        self._trials_written, self._writing_seconds = 0, 0.0

    def ask(
        self,
        recipe: Recipe,
        stage: Stage,
        *,
        seed: int | None = None,
        source: int | None = None,
        split_seed: int | None = None,
        sample_rows: int | None = None,
    ) -> Trial:
        """Open a trial for a recipe."""
        start = self.clock.spent_seconds
        return Trial(
            recipe=recipe,
            stage=stage,
            seed=self.plan.seed if seed is None else seed,
            source=source,
            split_seed=split_seed,
            sample_rows=sample_rows,
            workload=self._on_rows(split_seed, sample_rows),
            plan=self.plan,
            wall_seconds=self.clock.spent_seconds - start,
        )

    def train(self, trials: list[Trial], *, at_least: int) -> None:
        """Train trials of one optimizer rung by rung, and write down each one that ends.

        So many of them at least go on at every rung.
        """
        for rung in self.rungs:
            trials = [trial for trial in trials if self._reaches(trial, rung)]
            if not trials:
                return
            if rung == self.plan.epochs:
                for trial in trials:
                    self._tell(trial, Outcome(state="complete"))
                return
            earlier = self._scores(trials[0].recipe.optimizer.name(), rung)
            chosen = promote([self._score(trial, rung) for trial in trials], earlier, at_least=at_least)
            pruned = Outcome(state="pruned", error=f"not in its optimizer's best third at epoch {rung}")
            for index, trial in enumerate(trials):
                if index not in chosen:
                    self._tell(trial, pruned)
            trials = [trials[index] for index in sorted(chosen)]

    def cost_seconds(self, record: Record, *, sample_rows: int | None = None) -> float:
        """Return what a trial takes of the budget when it is run again, on so many training rows; None: all.

        By the search's own clock, from asking to the journal's last line; an earlier study's record knows its
        training time alone. Training and evaluation take as long as they have rows.
        """
        writing = self._writing_seconds / self._trials_written if self._trials_written else 0.0
        if record.sample_rows == sample_rows:
            return record.took_seconds + writing
        training = record.train_seconds or record.took_seconds
        rest = max(record.took_seconds - training, 0.0)
        rows, valid_rows = self._rows_of(sample_rows)
        rows_before, valid_rows_before = self._rows_of(record.sample_rows)
        return training * rows / rows_before + rest * valid_rows / valid_rows_before + writing

    def _rows_of(self, sample_rows: int | None) -> tuple[int, int]:
        """Return the rows that train and that validate with a sample of so many."""
        sample = self._on_rows(None, sample_rows)
        return sample.rows or 1, sample.valid_rows or 1

    def _on_rows(self, split_seed: int | None, sample_rows: int | None) -> LoadedWorkload | Function:
        from studies.training_function.function import Function

        if isinstance(self.workload, Function):
            return self.workload
        return self.workload.on_split(split_seed).on_sample(sample_rows)

    def _reaches(self, trial: Trial, rung: int) -> bool:
        with self._timed(trial):
            outcome = trial.advance(rung, stop=self.clock.must_stop)
        if outcome is not None:
            self._tell(trial, outcome)
        return outcome is None

    @contextmanager
    def _timed(self, trial: Trial) -> Iterator[None]:
        start = self.clock.spent_seconds
        yield
        trial.wall_seconds += self.clock.spent_seconds - start

    def _tell(self, trial: Trial, outcome: Outcome) -> None:
        """End a trial and write down what it left behind."""
        with self._timed(trial):
            number = trial_lines.next_number(self.study)
            record = trial.record(outcome, self.space.units(trial.recipe), number=number)
        record = replace(record, wall_seconds=trial.wall_seconds)
        start = self.clock.spent_seconds
        self._write(trial, record, violation=outcome.violation)
        self._trials_written += 1
        self._writing_seconds += self.clock.spent_seconds - start
        self.records.append(record)
        self.listen(Event(stage=trial.stage, record=record))

    def _write(self, trial: Trial, record: Record, *, violation: float) -> None:
        params = search_params(self.space, trial.recipe, record.params)
        over = max(self.plan.enforced.broken_by(record).values(), default=1.0) - 1
        line = params_line(
            params,
            violation=violation or over,
            began=trial.began,
            spent_seconds=self.clock.spent_seconds,
        )
        trial_lines.tell(self.study, record, line)
        self._save_checkpoint(trial, record)
        trial.close()

    def _save_checkpoint(self, trial: Trial, record: Record) -> None:
        model = getattr(trial.training, "model", None)  # a training function holds its own to itself
        confirmed = record.stage == "confirm" and record.state == "complete"
        if self.checkpoints is not None and model is not None and confirmed:
            self.checkpoints.save(record.number, model)

    def _scores(self, optimizer: str, rung: int) -> list[Score]:
        """Return the scores of an optimizer's earlier trials at a rung."""
        searched = (record for record in self.records if record.optimizer == optimizer and record.searched)
        scores = (score(record.curve, rung, self.direction) for record in searched)
        return [at_rung for at_rung in scores if at_rung]

    def _score(self, trial: Trial, rung: int) -> Score:
        # a run that ended early stands as it ended
        reached = min(rung, trial.curve[-1].epoch) if trial.curve else rung
        return score(trial.curve, reached, self.direction) or (math.inf, math.inf)
