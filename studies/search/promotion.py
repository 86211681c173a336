"""Promotion: which trials of a group go on from a rung: those that promise most for what they will cost.

    promise = expected improvement on the best of all by the end of the run / seconds that are left of it

A rank at a rung foretells the rank at the end only so far: the ranks are read as normal scores, and the score
at the end as normal around `agreement` times the one at the rung.
References: successive halving, Jamieson and Talwalkar 2016, arXiv 1502.07943; ASHA, Li et al. 2020, arXiv
1810.05934; expected improvement per second: Snoek et al. 2012, arXiv 1206.2944.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, ClassVar, Final

from studies.record import OPENING_STAGES
from studies.rungs import ETA
from studies.search.pruner import Score

if TYPE_CHECKING:
    from studies.record import Record

AGREEMENT: Final = 0.6
"""Correlation of normal scores at the first rung and at the end. Spearman's between a tenth of a run and its
end is .59 to .91 over all recipes and .41 to .60 among the better quarter, over 36 tasks of five families of
recorded curves; at a third .90 and .70, so that the order by promise is closer to that by score there."""

Standing = tuple[Score, float]
"""Score of a trial at a rung, and the seconds that the rest of its run takes."""


def promises(standings: Sequence[Standing]) -> list[float]:
    """Return what each trial promises: expected improvement a second, in normal scores.

    Args:
        standings: at one rung; a score that is not finite promises nothing.
    """
    normal, count = NormalDist(), len(standings)
    order = sorted(range(count), key=lambda index: standings[index][0])
    spread = math.sqrt(1 - AGREEMENT**2)
    best = normal.inv_cdf(0.5 / count) if count else 0.0
    promised = [0.0] * count
    for rank, index in enumerate(order):
        score, seconds = standings[index]
        if math.isfinite(score[0]):
            ahead = (best - AGREEMENT * normal.inv_cdf((rank + 0.5) / count)) / spread
            promised[index] = spread * (normal.pdf(ahead) + ahead * normal.cdf(ahead)) / max(seconds, 1e-9)
    return promised


@dataclass(frozen=True, kw_only=True, slots=True)
class Promotion:
    """Promotion rule of a group."""

    share: ClassVar[float]
    """Of all that came to the rung, earlier ones included: so many go on."""
    among: ClassVar[str]
    """What the others were not in, in words."""
    at_least: int = 0
    """How many go on at every rung, whatever they promise."""

    def is_rival(self, record: Record, optimizer: str) -> bool:
        """Tell whether an earlier trial is compared with those of an optimizer in this group."""
        raise NotImplementedError

    def chosen(self, new: Sequence[Standing], earlier: Iterable[Standing] = ()) -> set[int]:
        """Return which of the new trials go on.

        Args:
            new: of the trials that have just arrived at the rung.
            earlier: of their rivals at this rung.
        """
        standings = [*new, *earlier]
        promised = promises(standings)
        threshold = sorted(promised, reverse=True)[max(1, int(len(promised) * self.share)) - 1]
        ranked = sorted(range(len(new)), key=lambda index: (-promised[index], new[index][0]))
        best = {index for index in ranked if promised[index] >= threshold and promised[index] > 0}
        return best | set(ranked[: self.at_least])


class BestThird(Promotion):
    """Best third of an optimizer's trials: what the race compares.

    A comparison across optimizers in every round ends slow starters before they show what they can do:
    replayed on 200 digits curves it left 1.4 of 5 optimizers without one whole run; this rule left none.
    """

    share: ClassVar[float] = 1 / ETA
    among: ClassVar[str] = "its optimizer's best third"

    def is_rival(self, record: Record, optimizer: str) -> bool:
        """Tell whether it is a search trial of the same optimizer."""
        return record.searched and record.optimizer == optimizer


class BetterHalf(Promotion):
    """Better half of the recipes that a search opens with, over all optimizers."""

    share: ClassVar[float] = 1 / 2
    among: ClassVar[str] = "the better half of the starting recipes"

    def is_rival(self, record: Record, optimizer: str) -> bool:  # noqa: ARG002
        """Tell whether it is one of the starting recipes."""
        return record.stage in OPENING_STAGES
