"""Short answer: a recommendation on one screen of a terminal; the whole of it is its text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final

from advisor.report.layout import WIDTH, fold
from advisor.report.numbers import written
from studies.costs import COSTS
from studies.quantities import several

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation
    from advisor.statements.statement import Statement

LINES: Final = 22
"""Lines of the answer, at most: a terminal of 24 has one left for where the charts are, one for the
prompt."""
REASONS: Final = 3
LABEL: Final = 8
"""Columns of what stands before each part."""
SAID: Final = frozenset(
    {"reached", "tested", "new_rows", "as_good", "nothing_apart", "only_one", "no_whole_run", "less_weight"}
)
"""Kinds of reasons that the sentence and the figures under it say already, or that only name others."""
FIRST: Final = (
    ("next_best", "nothing_to_compare"),
    ("not_compressed_yet", "none_small_enough", "none_fits_yet", "compressed"),
    ("failures",),
    ("trained_on_sample",),
    ("yardstick_is_better", "yardsticks_reach"),
)
"""Kinds of reasons that go before all others: the rival, what is left to be done, and the plain models."""


def short_answer(
    answer: Recommendation, *, width: int = WIDTH, commands: Sequence[str] = (), lines: int = LINES
) -> str:
    """Return the answer, what to expect, up to three reasons, costs, failed checks and what to type next.

    Args:
        answer: a recommendation.
        width: columns; no word is broken.
        commands: to type next, a line each.
        lines: at most; reasons that do not fit are left out, the least telling first.

    Example:
        >>> import advisor
        >>> from advisor.short_answer import short_answer
        >>> answer = advisor.recommend(advisor.Evidence(candidates=("AdamW", "SGD")))
        >>> print(short_answer(answer, width=80).split(" - ")[0].split(" (")[0])
        Start with AdamW
    """
    reasons = telling(answer)[:REASONS]
    while True:
        text = _screen(answer, reasons, width, commands)
        if not reasons or text.count("\n") < lines:
            return text
        reasons = reasons[:-1]


def telling(answer: Recommendation) -> list[Statement]:
    """Return the reasons that a short answer does not give otherwise, most telling first."""
    others = [reason for reason in answer.reasons if reason.kind not in SAID]
    return sorted((reason for reason in others if reason not in answer.headline.notes), key=_rank)


def _rank(reason: Statement) -> int:
    return next((rank for rank, kinds in enumerate(FIRST) if reason.kind in kinds), len(FIRST))


def _screen(answer: Recommendation, reasons: Iterable[Statement], width: int, commands: Sequence[str]) -> str:
    parts = [
        _labelled("Expect", [expectation(answer)], width),
        _labelled("Why", map(str, reasons), width, mark="- "),
        _labelled("Costs", _costs(answer), width),
        _labelled("Deploy", _deployed(answer), width),
        _labelled("Checks", _checks(answer), width),
        _labelled("Next", commands, width),
    ]
    body = "\n".join(part for part in parts if part)
    return f"{fold(str(answer.headline), width=width)}\n\n{body}"


def expectation(answer: Recommendation) -> str:
    """Return what the advised recipe reached, and what to expect of it on new rows."""
    new_rows = [str(reason) for reason in answer.reasons if reason.kind == "new_rows"]
    return " ".join([answer.reached, *new_rows])


def _costs(answer: Recommendation) -> list[str]:
    known = [
        (cost, value)
        for cost in COSTS
        if not cost.part_of and (value := answer.costs.get(cost.field)) is not None
    ]
    return [", ".join(f"{cost.label} {written(cost, value)}" for cost, value in known)] if known else []


def _deployed(answer: Recommendation) -> list[str]:
    """Return what to do to the trained model, where something was measured."""
    return [line.removeprefix("Deploy ") for line in answer.compression_table.sentences()[:1]]


def _checks(answer: Recommendation) -> list[str]:
    names = [check.name for check in answer.checklist if not check.passed]
    if not answer.checklist:
        return []
    total = several(len(answer.checklist), "check")
    return [f"{len(names)} of {total} failed: {', '.join(names)}" if names else f"all {total} passed"]


def _labelled(label: str, texts: Iterable[str], width: int, *, mark: str = "") -> str:
    """Return texts under each other, a label before the first."""
    starts = chain([f"{label:<{LABEL}}"], repeat(" " * LABEL))
    return "\n".join(
        fold(text, start + mark, width=width) for start, text in zip(starts, texts, strict=False)
    )
