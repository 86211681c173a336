"""Tie margin: the difference below which two optimizers count as equally good, in words."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.report.numbers import ratio


@dataclass(frozen=True, kw_only=True, slots=True)
class TieMargin:
    """Tie margin, as a log-ratio of losses and as a difference of the metric at the advised quality."""

    gap: float
    """Log-ratio of losses."""
    metric: str = ""
    change: float | None = None
    """The same as a difference of the metric, in the unit that people write it in; None when it is 0 or
    nothing was trained."""
    points: bool = False
    """Whether that unit is a hundredth of the whole, as for a share of right answers."""
    half_row: bool = False
    """Whether it is about what half a validation row makes."""

    def __str__(self) -> str:
        if self.change is None:
            return f"{ratio(self.gap)} of the error"
        unit = f"points of {self.metric}" if self.points else f"of {self.metric}"
        written = f"{self.change:.2g} {unit}"
        return f"about half a validation row ({written})" if self.half_row else written
