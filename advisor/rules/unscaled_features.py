"""Columns on very different scales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import number, percent
from advisor.rules import PriorRule
from studies.data.inputs import SPARSE
from studies.facts import Facts


class UnscaledFeatures(PriorRule):
    """Where columns differ in scale, so do the curvatures of their weights: no one step size suits all.

    An optimizer with a step for each coordinate undoes the scales; gradient descent crawls along the small
    columns, and so does Muon, whose orthogonal step gives all directions of a weight the same length. The
    cheaper cure is to standardise the columns, which the advisor's own tables are: this speaks for arrays
    that come ready-made.

    Caveat: sparse columns differ in spread because some are rare; they are judged as sparse, not here.
    Reference: our check on logistic regression and a small net with scales spread over one to three decades;
    why it must be so, LeCun et al. 1998, Efficient BackProp.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "benchmarks/rule_checks.py; LeCun et al. 1998, Efficient BackProp"

    ratio: ClassVar[float] = 30.0
    """Largest over smallest standard deviation of a column from which they count as unscaled: in the check
    the tuned loss of SGD was 1 to 8 % above AdamW's at 10 and 2.4 to 2.8 times as high at 100; Muon's and
    Nesterov's on a net 2.1 and 2.3 times."""
    density: ClassVar[float] = SPARSE
    """Non-zero share of the inputs below which spreads differ because columns are rare."""
    when: ClassVar[str] = (
        f"the widest column spreads at least {ratio:g} times as far as the narrowest, "
        f"over {percent(density)} of the entries are non-zero, and the model does not begin with a norm"
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "Adagrad": 0.6, "AdamW": 0.6, "Adam": 0.6, "NAdamW": 0.6, "RMSprop": 0.6,
        "Lion": -0.4, "Muon": -1.2, "Momentum": -1.2, "Nesterov": -1.2, "SGD": -1.4,
    }  # fmt: skip
    """Log-odds, in the order of the check: strong where the tuned loss doubled. Below `far` they count
    half: with rare 0/1 columns beside numbers, at a ratio of 29, Nesterov's loss was 21 % above AdamW's
    and Muon's 31 %."""
    far: ClassVar[float] = 100.0
    """Ratio from which strengths count in full."""
    helps: ClassVar[str] = "{}'s step for each coordinate undoes the scale (standardise the columns first)"
    hurts: ClassVar[str] = "{} crawls along the narrow ones (standardise the columns first)"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(feature_scale_ratio=2000.0), candidates=("AdamW", "Adagrad", "SGD")),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(feature_scale_ratio=3.0), candidates=("AdamW", "Adagrad", "SGD")),
        Evidence(
            facts=Facts(feature_scale_ratio=2000.0, normalises_inputs=True),
            candidates=("AdamW", "Adagrad", "SGD"),
        ),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how far apart the scales are."""
        facts = evidence.facts
        if (
            facts.feature_scale_ratio < self.ratio
            or facts.normalises_inputs
            or facts.input_density < self.density
        ):
            return None
        times = number(facts.feature_scale_ratio)
        spread = f"the widest column spreads {times} times as far as the narrowest"
        return f"{spread} (from {self.ratio:g} on it counts)"

    def table(self, evidence: Evidence) -> Mapping[str, float]:
        """Return the strengths, halved where scales differ less."""
        full = evidence.facts.feature_scale_ratio >= self.far
        return self.strengths if full else {name: strength / 2 for name, strength in self.strengths.items()}
