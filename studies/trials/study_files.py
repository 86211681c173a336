"""Study files: what a search writes beside its journal; none of it is the truth, all of it may be lost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from studies.trials.checkpoints import Checkpoints
from studies.trials.logs import TrialLogs
from studies.trials.under_way import UnderWay


@dataclass(frozen=True, kw_only=True)
class StudyFiles:
    """Files of one study, beside its journal."""

    checkpoints: Checkpoints | None = None
    """Where paused trials and the weights of confirmation runs go; None keeps none."""
    logs: TrialLogs = field(default_factory=TrialLogs)
    """Where the output of trials goes."""
    under_way: UnderWay = field(default_factory=UnderWay)
    """What is being trained, for whoever goes on after a crash."""

    @classmethod
    def of(cls, home: Path, study: str) -> Self:
        """Return the files of a study."""
        return cls(
            checkpoints=Checkpoints.of(home, study),
            logs=TrialLogs.of(home, study),
            under_way=UnderWay.of(home, study),
        )
