"""Learning-rate schedules, one file each: pure functions of progress.

So one schedule serves every length of run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from studies.choice import Choice
from studies.record import Measurement
from studies.space import between

if TYPE_CHECKING:
    from torch.optim import Optimizer

    from studies.optim.schedule_lr import ScheduleLR

USUAL: Final = ("Cosine", "Constant", "Step")
"""Names of those that a search tries unasked, that of the reference recipes first."""


@dataclass(frozen=True, kw_only=True)
class ScheduleChoice(Choice, ABC):
    """Base of every schedule."""

    axis: ClassVar[str] = "schedule"

    warmup: float = between(0.0, 0.2, default=0.0)
    """Share of the run over which the lr climbs linearly from zero; the schedule proper takes the rest."""

    @abstractmethod
    def factor(self, progress: float) -> float:
        """Return the share of the peak lr, 0 to 1, at a progress from 0 (warmup over) to 1 (run over)."""

    def reaction(self, curve: Sequence[Measurement]) -> float:  # noqa: ARG002
        """Return a further share of the lr, from how validation went so far.

        It is 1 for every schedule that follows progress alone.
        """
        return 1.0

    def build(self, optimizer: Optimizer, total_steps: int) -> ScheduleLR:
        """Return torch's scheduler for a training loop of your own.

        Step it after each step of the optimizer. Outside a search, `report` the validation loss to it after
        each epoch, for a schedule that reacts to that.
        """
        from studies.optim.schedule_lr import ScheduleLR

        return ScheduleLR(optimizer, total_steps, share=self.at, reaction=self.reaction)

    @classmethod
    def reacts(cls) -> bool:
        """Tell whether it follows validation, and not progress alone."""
        return cls.reaction is not ScheduleChoice.reaction

    def at(self, progress: float) -> float:
        """Return the share of the peak lr at a progress from 0 to 1 through the whole run.

        The warmup is included.
        """
        if progress < self.warmup:
            return progress / self.warmup
        return self.factor((progress - self.warmup) / (1 - self.warmup) if self.warmup < 1 else 1.0)
