"""Fine-tuning at learning rates that climb again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.finetuning import FinetuningChoice, Retraining
from studies.space import one_of


@dataclass(frozen=True, kw_only=True)
class Restart(FinetuningChoice):
    """Train again for a share of the epochs: the lr climbs for a quarter of them and falls to zero.

    Helps: nearly every pruned model: an MLP on the digits with 90 % zeros came from 0.77 back to 0.973 of its 0.977 (three
    seeds), at 0.1 of the lr to 0.947 only.
    Hurts: models that were hardly pruned, if anything: with nothing pruned the same MLP ended at 0.971, at 0.3 of the lr at
    0.979; a CNN lost nothing either way.
    Source: Le and Hua 2021, arXiv 2105.03193.
    """

    usual: ClassVar[bool] = True

    share: float = one_of(0.1, 0.25, 0.5, 1.0, default=0.5)
    """Epochs as a share of those it was trained for."""
    lr_factor: float = one_of(0.1, 0.3, 1.0, default=1.0)
    """Peak lr as a share of the one it was trained at."""

    def retraining(self) -> Retraining | None:
        """Return a shorter run of one cycle."""
        return Retraining(share=self.share, lr_factor=self.lr_factor, schedule="restart")
