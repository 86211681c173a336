"""Which optimizer to fall back on when memory leaves no room for AdamW's two floats a parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import size_limit
from advisor.rules import Rule
from studies.facts import Facts
from studies.limits import Limits
from studies.memory_forecast import Forecast


def _example(train_bytes: int | None) -> Evidence:
    adamw = Forecast(
        optimizer="AdamW",
        weight_bytes=40_000,
        gradient_bytes=40_000,
        state_bytes=80_000,
        activation_bytes=40_000,
    )
    return Evidence(
        facts=Facts(forecasts=(adamw,), parameters=10_000, batch_size=4),
        limits=Limits(train_bytes=train_bytes),
        candidates=("AdamW", "Muon", "Adafactor", "SGD"),
    )


class StateBudget(Rule):
    """What a limit on memory leaves for optimizer state decides which kind of optimizer is worth entering.

    With room for one float a parameter, Muon keeps momentum alone and Adam-mini one second moment for a whole
    row; with half a float, AdamW in 8 bits is AdamW still; below that Adafactor's factored moments are what
    large models were trained with, and in batches of a few rows SGD needs no state at all. It is said without
    a strength: what fits is a matter of cost, and what does not is ruled out by Memory. But whom it names
    enters a search, offered or not.

    Caveat: 8 and 4 bits need an accelerator. Activations shrink with the batch, state does not: the room is
    that at the batch which a search begins with under the limit.
    Reference: Shazeer and Stern 2018, arXiv 1804.04235; Zhang et al. 2024, arXiv 2406.16793; Dettmers et al.
    2021, arXiv 2110.02861; Marek et al. 2025, arXiv 2507.07101.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "Shazeer and Stern 2018, arXiv 1804.04235; Dettmers et al. 2021, arXiv 2110.02861"
    invites: ClassVar[bool] = True

    small_batch: ClassVar[int] = 8
    """Rows in a batch up to which plain SGD is within reach of Adam: near it at 1, behind from tens on (Marek
    et al.)."""
    ladder: ClassVar[tuple[tuple[float, tuple[str, ...]], ...]] = (
        (0.5, ("Adafactor", "AdamW4bit", "SGD")),
        (1.0, ("AdamW8bit", "AdamW4bit", "Adafactor")),
        (2.0, ("Muon", "AdamMini", "Lion", "Momentum", "Adagrad")),
    )
    """Floats of state a parameter, and what to use below that many: what stays nearest to AdamW first."""
    when: ClassVar[str] = (
        "a memory limit leaves room for less than 2 floats of state a parameter; "
        "what to use, below 0.5, 1 and 2"
    )

    hits: ClassVar[tuple[Evidence, ...]] = (_example(130_000), _example(170_000))
    misses: ClassVar[tuple[Evidence, ...]] = (_example(None), _example(10_000_000))

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield whom to use in the room there is; nobody when there is none, or enough for AdamW."""
        room = floats_left(evidence)
        if room is None or room < 0:
            return
        wanted = next((names for floats, names in self.ladder if room < floats), ())
        limit = size_limit(evidence.limits.train_bytes or 0)
        left = f"the memory limit of {limit} leaves room for {room:.2g} floats of state a parameter"
        for name in evidence.optimizers:
            if name in wanted and (name != "SGD" or evidence.facts.batch_size <= self.small_batch):
                because = f"{left}, where AdamW keeps 2: {name} makes do with less"
                yield self.finding(name, "prefer", because)


def floats_left(evidence: Evidence) -> float | None:
    """Return the floats of state a parameter that fit beside the rest; None without a limit."""
    limit, forecasts = evidence.limits.train_bytes, evidence.facts.forecasts
    if limit is None or not forecasts or not evidence.facts.parameters:
        return None
    least = (evidence.facts.forecast_within(forecast.optimizer, limit) for forecast in forecasts)
    fixed = min(forecast.peak_bytes - forecast.state_bytes for forecast in least if forecast)
    return (limit - fixed) / (4 * evidence.facts.parameters)
