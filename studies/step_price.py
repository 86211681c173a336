"""Price of a step: the seconds that its parts take on a machine. Standard library only.

A step takes forward and backward passes, which have a fixed part and a part for each row, and the optimizer's
own work. Sources are the facts of a workload; which of them, depends on the budget: with one in seconds they
are as the clock measured them, with one in trials they are counted, so that the same search follows anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.limits import Budget

CALLS_SECONDS: Final = 3e-4
"""Of a forward and a backward pass of a small net before it reaches a row: the calls of some ten layers
(measured: MLPs .15 to .35 ms, a CNN .5 ms, one core of a server)."""
MACS_A_SECOND: Final = 1e10
"""Multiply-accumulates of one core in small matrix products, about; a backward pass takes two of them."""
WEIGHTS_A_SECOND: Final = 3e8
"""Weights that an adaptive optimizer steps on in a second on one core, about."""
OPTIMIZER_CALLS_SECONDS: Final = 1e-4
"""Of an optimizer's step before it reaches a weight, about: fused or in lists of tensors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StepPrice:
    """Price of a step on one workload, at the plan's number of threads."""

    fixed_seconds: float = CALLS_SECONDS
    """Of a forward and a backward pass, whatever the rows."""
    row_seconds: float = 1e-6
    """That each row adds to them."""
    optimizer_seconds: Mapping[str, float] = field(default_factory=dict)
    """Of an optimizer's own work in a step, by optimizer, where it was measured."""
    usual_optimizer_seconds: float = OPTIMIZER_CALLS_SECONDS
    """The same of all others."""
    timed: bool = False
    """Whether a clock measured them: then what a run took so far goes before them, too."""

    @classmethod
    def of(cls, facts: Facts, budget: Budget) -> Self:
        """Return what a search with a budget goes by: a clock where that is in seconds, else counts."""
        return cls.counted(facts) if budget.seconds is None else cls.measured(facts)

    @classmethod
    def counted(cls, facts: Facts) -> Self:
        """Return the price by counts alone: the same on any machine."""
        return cls(
            row_seconds=3 * facts.macs / MACS_A_SECOND,
            usual_optimizer_seconds=OPTIMIZER_CALLS_SECONDS + facts.parameters / WEIGHTS_A_SECOND,
        )

    @classmethod
    def measured(cls, facts: Facts) -> Self:
        """Return the price as it was timed; each row an equal share where one batch size alone was timed."""
        adamw_seconds = facts.step_seconds * facts.optimizer_share
        passes_seconds = facts.step_seconds - adamw_seconds
        even_seconds = passes_seconds / max(facts.batch_size, 1)
        row_seconds = min(even_seconds if facts.row_seconds is None else facts.row_seconds, even_seconds)
        return cls(
            fixed_seconds=max(passes_seconds - row_seconds * facts.batch_size, 0.0),
            row_seconds=row_seconds,
            optimizer_seconds={"AdamW": adamw_seconds, **facts.optimizer_seconds},
            usual_optimizer_seconds=adamw_seconds,
            timed=True,
        )

    def seconds(self, rows: int, optimizer: str, *, extra_passes: float = 0.0) -> float:
        """Return the seconds of a step.

        Args:
            rows: of its batch.
            optimizer: that steps, by name.
            extra_passes: forward and backward passes beside the usual one.

        Example:
            >>> price = StepPrice(fixed_seconds=0.25, row_seconds=0.01, usual_optimizer_seconds=0.25)
            >>> price.seconds(25, "AdamW"), price.seconds(25, "AdamW", extra_passes=1)
            (0.75, 1.25)
        """
        passes_seconds = (1 + extra_passes) * self.passes_seconds(rows)
        return passes_seconds + self.optimizer_seconds.get(optimizer, self.usual_optimizer_seconds)

    def passes_seconds(self, rows: int) -> float:
        """Return the seconds of a forward and a backward pass through so many rows."""
        return self.fixed_seconds + rows * self.row_seconds

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"optimizer_seconds": dict(self.optimizer_seconds)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a price; keys of a later version are passed over."""
        names = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})
