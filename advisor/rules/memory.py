"""What does not fit in memory is not tried; near the limit, less state leaves room for the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import percent, size
from advisor.rules import Criterion, Rule
from studies.facts import Facts, Forecast
from studies.limits import Limits


def _example(train_bytes: int | None) -> Evidence:
    parts: dict[str, Any] = {"weight_bytes": 40_000, "gradient_bytes": 40_000, "activation_bytes": 40_000}
    forecasts = (
        Forecast(optimizer="AdamW", state_bytes=80_000, **parts),
        Forecast(optimizer="SGD", state_bytes=0, **parts),
    )
    return Evidence(
        facts=Facts(forecasts=forecasts), limits=Limits(train_bytes=train_bytes), candidates=("AdamW", "SGD")
    )


class Memory(Rule):
    """Weights, gradients, optimizer state and activations must fit; state is what the optimizer decides.

    The forecast is arithmetic on the shapes of the model, equal to the byte to what torch allocates for the
    state. A whole run that was measured below the limit (at a smaller batch, say) outranks it. What comes
    near the limit is said without a strength: it is a cost, and costs decide between optimizers that quality
    does not tell apart.

    Where activations are what breaks the limit, the sentence says at what batch the optimizer would fit.

    Caveat: the forecast holds at the reference batch size; allocators add a few per cent of fragmentation on
    a GPU.
    Reference: state counted on the optimizers of torch 2.13; Shazeer and Stern 2018, arXiv 1804.04235, on why
    state matters.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "arithmetic over weights, gradients, optimizer state and activations"

    when: ClassVar[str] = "some forecast peak is over the memory limit, or above 80 % of it"
    near: ClassVar[float] = 0.8
    """Share of the limit above which a peak is near it: a batch a quarter larger, or fragmentation, uses up
    the rest (judged)."""

    hits: ClassVar[tuple[Evidence, ...]] = (_example(150_000), _example(210_000))
    misses: ClassVar[tuple[Evidence, ...]] = (_example(None), _example(1_000_000))

    def criteria(self, evidence: Evidence) -> tuple[Criterion, ...]:
        """Return the largest forecast peak, as a share of the limit if there is one."""
        limit, forecasts = evidence.limits.train_bytes, map(evidence.facts.forecast, evidence.optimizers)
        peak = max((forecast.peak_bytes for forecast in forecasts if forecast), default=None)
        words = "an unknown peak" if peak is None else f"a forecast peak of up to {size(peak)}"
        if limit is None or peak is None:
            words += " and no memory limit" if limit is None else ""
            return (Criterion(figure="peak_bytes", words=words, value=peak, unit="bytes"),)
        words += f" is {percent(peak / limit)} of the limit of {size(limit)}"
        near = Criterion(
            figure="peak_share",
            words=words,
            value=peak / limit,
            unit="share",
            side="above",
            threshold=self.near,
        )
        return (near,)

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a veto for what is forecast over the limit, and a word on what comes near it."""
        limit = evidence.limits.train_bytes
        peaks = {
            name: forecast.peak_bytes
            for name in evidence.optimizers
            if (forecast := evidence.facts.forecast(name))
        }
        if limit is None or all(peak <= self.near * limit for peak in peaks.values()):
            return
        for name, peak in peaks.items():
            if peak > limit:
                if not _ran_below(evidence, name, limit):
                    over = f"{name} needs {size(peak)} to train, over the limit of {size(limit)}"
                    yield self.finding(name, "veto", over + _smaller_batch(evidence, name, limit))
            elif peak > self.near * limit:
                share = f"{size(peak)} is {percent(peak / limit)} of the memory limit of {size(limit)}"
                yield self.finding(
                    name, "avoid", f"{name}'s forecast peak of {share}: larger batches will not fit"
                )
            else:
                room = f"leaves {size(limit - peak)} of the {size(limit)} limit for larger batches"
                yield self.finding(name, "prefer", f"{name}'s forecast peak of {size(peak)} {room}")


def _smaller_batch(evidence: Evidence, optimizer: str, limit: int) -> str:
    """Return at what batch it would fit, as activations shrink with it; nothing if one row is too many."""
    forecast, batch = evidence.facts.forecast(optimizer), evidence.facts.batch_size
    if forecast is None or not forecast.activation_bytes:
        return ""
    fixed = forecast.peak_bytes - forecast.activation_bytes
    rows = int(batch * (limit - fixed) / forecast.activation_bytes)
    return f"; with {rows} rows a batch for {batch} it would fit" if 1 <= rows < batch else ""


def _ran_below(evidence: Evidence, optimizer: str, limit: int) -> bool:
    return any(run.peak_bytes is not None and run.peak_bytes <= limit for run in evidence.complete(optimizer))
