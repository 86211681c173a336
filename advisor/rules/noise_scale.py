"""The batch against the noise of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import number
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class NoiseScale(PriorRule):
    """In batches far above the noise scale curvature pays; far below it optimizers draw level.

    The noise scale is the batch at which noise and signal of the gradient are equal: far above it a batch is
    all signal, far below it noise rules. Momentum and preconditioning raise the largest batch that still
    shortens training; in batches far below it, plain SGD keeps up and costs least.

    Caveat: the estimate is an order of magnitude and moves by as much within a run, hence the wide margins.
    Reference: McCandlish et al. 2018, arXiv 1812.06162; Zhang et al. 2019, arXiv 1907.04164; Marek et al.
    2025, arXiv 2507.07101; on its bias Merrill et al. 2025, arXiv 2505.23971.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "McCandlish et al. 2018, arXiv 1812.06162; Zhang et al. 2019, arXiv 1907.04164"

    margin: ClassVar[float] = 8.0
    """Times that the batch must lie above or below: the estimate moved by up to twelve times in 60 steps on a
    small task."""
    when: ClassVar[str] = (
        f"the batch is over {margin:g} times the gradient's noise scale, or under {1 / margin:.2g} of it"
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "Muon": 0.4, "SOAP": 0.4, "Shampoo": 0.4, "Nesterov": 0.2, "Momentum": 0.2, "SGD": -0.4,
    }  # fmt: skip
    """Log-odds far above the noise scale: weak, the estimate is rough."""
    noisy: ClassVar[Mapping[str, float]] = {"SGD": 0.4, "Muon": -0.2, "SOAP": -0.2, "Shampoo": -0.2}
    """And far below it."""

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(batch_size=4096, noise_scale=100.0), candidates=("Muon", "SGD")),
        Evidence(facts=Facts(batch_size=8, noise_scale=1000.0), candidates=("Muon", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(batch_size=64, noise_scale=100.0), candidates=("Muon", "SGD")),
        Evidence(facts=Facts(batch_size=4096), candidates=("Muon", "SGD")),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return where the batch lies, when it lies far off."""
        batch, scale = evidence.facts.batch_size, evidence.facts.noise_scale
        if scale is None or scale / self.margin <= batch <= scale * self.margin:
            return None
        side, about = "above" if batch > scale else "below", f"the noise scale of about {number(scale)}"
        place = f"a batch of {several(batch, 'row')} is far {side} {about}"
        if batch > scale:
            return f"{place}, so its gradient is all signal"
        return f"{place}, where optimizers draw level and the cheapest will do"

    def table(self, evidence: Evidence) -> Mapping[str, float]:
        """Return the side that the batch lies on."""
        return (
            self.strengths if evidence.facts.batch_size > (evidence.facts.noise_scale or 0.0) else self.noisy
        )
