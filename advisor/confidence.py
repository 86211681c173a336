"""Confidence: the words that say how sure an answer is, and what each of them means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from advisor.report.numbers import percent

Label = Literal["decided", "leaning", "open", "tied", "prior only"]

DECIDED: Final = 0.9
LEANING: Final = 0.75
"""Probability from which an answer is leaning: the level at which Bouthillier et al. 2021, arXiv 2103.03098,
call it real."""

MEANINGS: Final[Mapping[Label, str]] = {
    "decided": f"at least {percent(DECIDED)} sure that nothing tried is better by more than the tie margin",
    "leaning": f"at least {percent(LEANING)} sure of that; or surer, with a caveat that the answer names: a "
    "best learning rate at the end of its range, a best recipe that breaks a limit, validation rows that "
    "tell little apart, one compressed file, or a compression that is not over",
    "open": f"less than {percent(LEANING)} sure; of those that the trials cannot tell apart, the goal chose",
    "tied": "every optimizer that could be advised measured the same: the trials tell nothing apart, and one "
    "that costs as little as any is advised",
    "prior only": "nothing that may be advised was trained to its end: published results, data and model "
    "speak alone",
}
"""Each label and its meaning."""

WORDS: Final[Mapping[str, str]] = {
    "as good as anything tried": "the chance, p_tie, that nothing in question is better than this optimizer "
    "by more than the tie margin",
    "p_best": "the chance that no optimizer in question is better than this one; among many that are level "
    "it is small for each of them, and p_tie is what to go by",
    "tie margin": "the difference that counts as none: 2 % of the error, the spread over seeds up to a tenth "
    "of it, or what half a validation row is of the best run's loss, whichever is largest; as a share of the "
    "loss it is more points where the loss is larger, and an answer states its own",
    "interval": "the range that holds the mean over fresh seeds with 90 %, from the confirmation runs; other "
    "rows are not in it, and without two such runs there is none",
    "expected regret": "by how much the error is larger than that of the best in question, on average over "
    "all that the evidence leaves possible: 0.05 is about 5 % more error",
    "confirmed": "its recipe was run again with seeds that the search had not used, the same seeds for every "
    "finalist; one that was not is known from its best trial, which luck flatters",
    "prior": "what published results and the rules say before any trial; trials soon outweigh it",
}
"""Further words of an answer and their meanings; `p_tie` is the first of them."""


def verb(label: Label) -> str:
    """Return what an answer of this label says to do with its optimizer: Use, or Start with."""
    return "Start with" if label == "prior only" else "Use"
