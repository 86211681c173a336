"""Trial writer: a trial that has ended becomes a line of the journal, with what it took and printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from studies.search.trial_params import TrialParam, params_line
from studies.storage import trial_lines

if TYPE_CHECKING:
    import optuna

    from studies.limits import Limits
    from studies.record import Record
    from studies.search.clock import Clock
    from studies.trials.open_trial import OpenTrial
    from studies.trials.study_files import StudyFiles


@dataclass(frozen=True, kw_only=True)
class TrialWriter:
    """Trial writer of one search or one compression."""

    study: optuna.Study
    limits: Limits
    """A trial that breaks one carries by how much."""
    clock: Clock
    files: StudyFiles

    def write(
        self, trial: OpenTrial, record: Record, params: Iterable[TrialParam], *, violation: float
    ) -> Record:
        """Write down a trial, and return its record as written.

        Args:
            trial: which one.
            record: what it left behind, under its number.
            params: as Optuna keeps them.
            violation: of one that could not be trained; 0 for what the limits say of the record.
        """
        record = replace(record, wall_seconds=trial.seconds, stints=tuple(trial.stints))
        if record.state in {"failed", "infeasible"}:
            record = replace(record, output=self.files.logs.last_lines(record.number))
        over = max(self.limits.broken_by(record).values(), default=1.0) - 1
        spent_seconds = self.clock.spent_seconds
        line = params_line(
            params, violation=violation or over, began=trial.began, spent_seconds=spent_seconds
        )
        trial_lines.tell(self.study, record, line)
        return record
