"""Rerun costs: what a trial takes of a budget when it is run again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.loaded_workload import LoadedWorkload

if TYPE_CHECKING:
    from studies.record import Record
    from studies.training_function.function import Function


@dataclass(kw_only=True)
class RerunCosts:
    """Rerun costs of one search."""

    workload: LoadedWorkload | Function
    trials_written: int = 0
    """In this sitting."""
    writing_seconds: float = 0.0
    """For all of these."""

    def note_writing(self, seconds: float) -> None:
        """Take in what it took to write down a trial."""
        self.trials_written += 1
        self.writing_seconds += seconds

    def seconds(self, record: Record, *, sample_rows: int | None = None) -> float:
        """Return what a trial takes when it is run again, on so many training rows; None: all.

        By the wall clock, with its line in the journal; an earlier study's record knows its training time
        alone. Training and evaluation take as long as they have rows.
        """
        writing = self.writing_seconds / self.trials_written if self.trials_written else 0.0
        if record.sample_rows == sample_rows:
            return record.took_seconds + writing
        training = record.train_seconds or record.took_seconds
        rest = max(record.took_seconds - training, 0.0)
        rows, valid_rows = self._rows_of(sample_rows)
        rows_before, valid_rows_before = self._rows_of(record.sample_rows)
        return training * rows / rows_before + rest * valid_rows / valid_rows_before + writing

    def _rows_of(self, sample_rows: int | None) -> tuple[int, int]:
        """Return the rows that train and that validate with a sample of so many."""
        sample = self.workload
        if isinstance(sample, LoadedWorkload):
            sample = sample.on_sample(sample_rows)
        return sample.rows or 1, sample.valid_rows or 1
