"""Confidence: the words that say how sure an answer is, and what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Label = Literal["decided", "leaning", "open", "tied", "prior only"]

DECIDED: Final = 0.9
LEANING: Final = 0.75
"""Probability from which an answer is leaning: the level at which Bouthillier et al. 2021, arXiv 2103.03098,
call it real."""

MEANINGS: Final[Mapping[Label, str]] = {
    "decided": f"at least {DECIDED:.0%} sure that nothing tried is better by more than the tie margin",
    "leaning": f"at least {LEANING:.0%} sure of that; or surer, but the best learning rate is at the end of "
    "its range, the best recipe breaks a limit, or one lucky run may be all there is",
    "open": f"less than {LEANING:.0%} sure; of those that the trials cannot tell apart, the goal chose",
    "tied": "every optimizer in question measured the same: the trials tell nothing apart, and the cheapest "
    "is advised",
    "prior only": "nothing was trained to its end: published results, data and model speak alone",
}
"""Each label and its meaning."""
