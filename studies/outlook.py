"""Outlook of a search: what going on is expected to gain, beside what two seeds of one recipe differ by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from studies.quantities import several

WORTHWHILE: Final = 0.5
"""Share of the difference between two seeds that going on has to gain at least.

On recorded tables a share of 1 cost 0.187 of the loss with TPE and 0.084 with the search's own proposals
(log-ratios) where it was chosen, 0.023 and 0.029 on tables left out; 0.5 cost 0.017 and 0.015, left out 0.006
and 0.029, where two seeds were taken to differ by 0.035 (`benchmarks.ending`)."""
LEAST_TRIALS: Final = 20
"""Search trials before which no search ends by itself (judged)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """Outlook of a search.

    Example:
        >>> ahead = Outlook(trials=40, trials_left=60, gain=0.0004, noise=0.002)
        >>> ahead.settled
        True
        >>> print(ahead)  # doctest: +ELLIPSIS
        60 more trials are expected to gain 0.0004, and two seeds of one recipe differ by 0.002 on ...
    """

    trials: int
    """Search trials so far."""
    trials_left: int
    """Those that the rest of the budget is expected to hold."""
    gain: float
    """By how much they are expected to improve the metric of the best recipe, 0 or more."""
    noise: float
    """By how much the metric of two seeds of one recipe differs on the same rows, on average."""

    def __str__(self) -> str:
        expected = "is expected" if self.trials_left == 1 else "are expected"
        gain = f"{several(self.trials_left, 'more trial')} {expected} to gain {self.gain:.2g}"
        return f"{gain}, and two seeds of one recipe differ by {self.noise:.2g} on the same rows"

    @property
    def settled(self) -> bool:
        """Tell whether going on is not worth it: what it is expected to gain is lost in the noise."""
        return self.trials >= LEAST_TRIALS and self.gain < WORTHWHILE * self.noise
