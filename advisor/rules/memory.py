"""What does not fit in memory is not tried; near the limit, less state leaves room for the batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.numbers import percent, size, size_limit, written_apart
from advisor.rules import Criterion, Rule
from studies.facts import Facts
from studies.limits import LIMITED_COST, Limits
from studies.memory_forecast import Forecast


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

    Ruled out is what does not fit at the smallest batch that may be tried; what is too large at the reference
    batch alone begins at a smaller one. The forecast comes from followed steps (`Forecast.followed`), else
    from arithmetic on the shapes of the model. A trial that was measured below the limit outranks it. What
    comes near the limit is said without a strength: it is a cost, and costs decide between optimizers that
    quality does not tell apart.

    Caveat: the forecast is of a recipe without regularizers and wrappers; allocators add a few per cent of
    fragmentation on a GPU.
    Reference: forecasts against the profiler's peak, benchmarks/RESULTS.md; Shazeer and Stern 2018, arXiv
    1804.04235, on why state matters.
    """

    grade: ClassVar[str] = "A"
    source: ClassVar[str] = "weights, gradients, optimizer state and activations of followed steps"

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
        words += f" is {percent(peak / limit)} of the limit of {size_limit(limit)}"
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
        """Yield a veto for what is forecast over the limit at any batch, and a word on what comes near it."""
        limit = evidence.limits.train_bytes
        forecasts = tuple(filter(None, map(evidence.facts.forecast, evidence.optimizers)))
        if limit is None or all(forecast.peak_bytes <= self.near * limit for forecast in forecasts):
            return
        for forecast in forecasts:
            if forecast.peak_bytes > limit:
                yield from self._over(evidence, forecast, limit)
            else:
                yield self._near(forecast, limit)

    def _over(self, evidence: Evidence, forecast: Forecast, limit: int) -> Iterator[Finding]:
        name, least = forecast.optimizer, evidence.facts.forecast_within(forecast.optimizer, limit)
        needed, allowed = written_apart(LIMITED_COST["train_bytes"], forecast.peak_bytes, limit)
        over = f"{needed} to train at a batch of {forecast.batch_size}"
        if least and least.peak_bytes <= limit:
            over = f"{name} needs {over}, over the limit of {allowed}"
            yield self.finding(name, "avoid", f"{over}; with {least.batch_size} rows a batch it fits")
        elif least and not _ran_below(evidence, name, limit):
            needed, allowed = written_apart(LIMITED_COST["train_bytes"], least.peak_bytes, limit)
            smallest = f"{needed} to train even at the smallest batch, of {least.batch_size}"
            needs = over if least.batch_size == forecast.batch_size else smallest
            yield self.finding(name, "veto", f"{name} needs {needs}, over the limit of {allowed}")

    def _near(self, forecast: Forecast, limit: int) -> Finding:
        name, peak = forecast.optimizer, forecast.peak_bytes
        if peak > self.near * limit:
            share = f"{size(peak)} is {percent(peak / limit)} of the memory limit of {size_limit(limit)}"
            return self.finding(
                name, "avoid", f"{name}'s forecast peak of {share}: larger batches will not fit"
            )
        room = f"leaves {size(limit - peak)} of the {size_limit(limit)} limit for larger batches"
        return self.finding(name, "prefer", f"{name}'s forecast peak of {size(peak)} {room}")


def _ran_below(evidence: Evidence, optimizer: str, limit: int) -> bool:
    """Tell whether some trial took steps within the limit, whatever became of it."""
    trials = evidence.searched(optimizer)
    return any(run.peak_bytes is not None and run.peak_bytes <= limit for run in trials)
