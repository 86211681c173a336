"""Logs of a study's trials: what the user's code printed, read for whoever asks."""

from __future__ import annotations

from pathlib import Path

from studies.errors import BadValue
from studies.storage.follow import read_study
from studies.trials.logs import TrialLogs


def printed(home: Path, study: str, trial: int) -> str:
    """Return what a trial printed, its last 64 kB, without what a terminal would act on.

    Raises:
        StudyError: no such study or trial, or it printed nothing.
    """
    stored = read_study(home, study)
    records = {record.number: record for record in (*stored.records, *stored.ablations)}
    logs = TrialLogs.of(home, study)
    if text := logs.readable(trial):
        return text
    if trial in records:
        raise BadValue(f"trial {trial} of study '{study}' printed nothing")
    last = f"they are 0 to {max(records)}" if records else "it has none yet"
    raise BadValue(f"study '{study}' has no trial {trial}; {last}")


def last_lines(home: Path, study: str) -> dict[int, str]:
    """Return the last line of each trial that printed, by its number.

    Raises:
        StudyError: no such study, or it cannot be read.
    """
    read_study(home, study)
    logs = TrialLogs.of(home, study)
    lines = {number: logs.last_lines(number) for number in logs.numbers()}
    return {number: last[-1] for number, last in lines.items() if last}
