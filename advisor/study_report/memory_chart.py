"""Memory chart: what training takes with each optimizer at its fullest, and how much of it is state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from advisor.evidence import Evidence
from advisor.goals import NEAR
from advisor.recommendation import Recommendation
from advisor.report.elements import Html, element
from advisor.report.numbers import size_limit
from advisor.report.section import Table
from advisor.report.svg import WIDTH, drawing, figure, label, line
from studies.quantities import format_bytes

MOST: Final = 10
"""Optimizers that are drawn, the likeliest first."""
ROW: Final = 48
NAME: Final = 20
"""Height of a row, and of the name that stands over its bar."""
CAPTION: Final = (
    "A bar is the most that training takes at one moment, its dark part the optimizer's state: measured over "
    "the optimizer's runs, forecast where nothing was measured."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryBar:
    """Bar of an optimizer."""

    optimizer: str
    peak_bytes: int
    state_bytes: int | None

    def __str__(self) -> str:
        state = "" if self.state_bytes is None else f", state {format_bytes(self.state_bytes)}"
        return f"{format_bytes(self.peak_bytes)}{state}"


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryChart:
    """Memory of training as values."""

    bars: tuple[MemoryBar, ...]
    """The least first."""
    limit_bytes: int | None

    @property
    def caption(self) -> str:
        """Return how to read it."""
        if self.limit_bytes is None:
            return CAPTION
        limit = size_limit(self.limit_bytes)
        return f"{CAPTION} {'The upright line is the limit,' if self._near else 'The limit is'} {limit}."

    @property
    def table(self) -> Table:
        """Return its bars as a table."""
        rows = tuple(
            (
                bar.optimizer,
                format_bytes(bar.peak_bytes),
                "-" if bar.state_bytes is None else format_bytes(bar.state_bytes),
            )
            for bar in self.bars
        )
        return Table(titles=("optimizer", "peak in training", "state"), rows=rows, about="memory of training")

    def drawn(self) -> Html:
        """Return it as a figure."""
        height = ROW * len(self.bars) + 4
        inside = [part for place, bar in enumerate(self.bars) for part in self._row(place, bar)]
        if self.limit_bytes is not None and self._near:
            x = self._across(self.limit_bytes)
            inside.append(line((x, 0), (x, height), class_="limit"))
        about = "; ".join(f"{bar.optimizer} {bar}" for bar in self.bars)
        return figure(
            drawing(*inside, about=f"Memory of training. {about}.", width=WIDTH, height=height),
            caption=self.caption,
        )

    def _row(self, place: int, bar: MemoryBar) -> Iterator[Html]:
        top = ROW * place
        yield label(f"{bar.optimizer}: {bar}", (0, top + 15))
        for amount, class_ in ((bar.peak_bytes, "bar"), (bar.state_bytes, "bar state")):
            if amount:
                yield element(
                    "rect", x=0, y=top + NAME + 1, width=self._across(amount), height=16, class_=class_
                )

    @property
    def _near(self) -> bool:
        """Tell whether the limit is near enough to be drawn without pressing the bars together."""
        return self.limit_bytes is not None and self.bars[-1].peak_bytes >= NEAR * self.limit_bytes

    def _across(self, amount: float) -> float:
        most = max(self.bars[-1].peak_bytes, self.limit_bytes if self.limit_bytes and self._near else 0)
        return (WIDTH - 2) * amount / most


def memory_chart(evidence: Evidence, recommendation: Recommendation) -> MemoryChart | None:
    """Return the memory of the likeliest optimizers; None where it is not known."""
    bars = [
        MemoryBar(
            optimizer=contender.optimizer,
            peak_bytes=contender.peak_bytes,
            state_bytes=contender.optimizer_state_bytes,
        )
        for contender in recommendation.contenders
        if contender.peak_bytes
    ]
    ordered = sorted(bars[:MOST], key=lambda bar: (bar.peak_bytes, bar.optimizer))
    return MemoryChart(bars=tuple(ordered), limit_bytes=evidence.limits.train_bytes) if ordered else None
