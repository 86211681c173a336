"""Lines of published measurements for `advisor explain`: class of problems, result, n and source."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from advisor.published import Comparison, comparisons, learning_rates, names, ranks, sources

NOTHING = "no published measurement"

Line = tuple[str, str, str, str]


def measured(name: str) -> list[str]:
    """Return the published measurements of an optimizer or a wrapper, as the lines of a table."""
    lines = lines_of(name)
    if not lines:
        return [f"Published: {NOTHING}"]
    rows: list[Line] = [("problems", "measured", "n", "source"), *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return ["Published:", *("  " + "  ".join([*map(str.ljust, row, widths), row[3]]) for row in rows)]


def lines_of(name: str) -> tuple[Line, ...]:
    """Return the same as values: class of problems, result, n and source of each."""
    return (*_compared(name), *_ranked(name), *_rates(name))


def _means(source: str, called: str, name: str) -> bool:
    known = names()[source, called]
    return name == (known.wrapper or known.optimizer)


def _compared(name: str) -> Iterator[Line]:
    groups: dict[tuple[str, str, str, str], list[Comparison]] = defaultdict(list)
    for row in comparisons():
        known = names()[row.source, row.optimizer]
        if name in {known.optimizer, known.wrapper}:
            # all lengths of run together
            setting = "language models" if row.problem_class == "transformer" else row.setting
            groups[row.source, setting, row.optimizer, row.against].append(row)
    for (source, setting, optimizer, against), rows in groups.items():
        compared = sorted({row.compared for row in rows})
        among = " to ".join(str(count) for count in dict.fromkeys((compared[0], compared[-1])))
        mean = sum(row.rank for row in rows) / len(rows)
        counts = f": {_outcomes(rows)} against {_called(source, against)}" if optimizer != against else ""
        result = f"{_called(source, optimizer)}{counts}; mean rank {mean:.1f} of {among}"
        yield setting, result, str(len(rows)), sources()[source].citation


def _outcomes(rows: list[Comparison]) -> str:
    outcomes = Counter(row.outcome for row in rows)
    return f"{outcomes['win']} won, {outcomes['tie']} tied, {outcomes['loss']} lost"


def _called(source: str, called: str) -> str:
    known = names()[source, called]
    return f"{known.optimizer} with {known.wrapper}" if known.wrapper else known.optimizer


def _ranked(name: str) -> Iterator[Line]:
    for row in ranks():
        if _means(row.source, row.optimizer, name):
            result = f"mean rank {row.mean_rank:g} of {row.compared} ({row.how})"
            yield row.setting, result, str(row.n), sources()[row.source].citation


def _rates(name: str) -> Iterator[Line]:
    for row in learning_rates():
        if _means(row.source, row.optimizer, name):
            note = f", {row.note}" if row.note else ""
            result = f"lr {row.median:g}, q10 to q90 {row.q10:g} to {row.q90:g}{note}"
            yield row.setting, result, str(row.n), sources()[row.source].citation
