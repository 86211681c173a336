"""Linear models so small that every step can see all of the data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from advisor.evidence import Evidence
from advisor.report.numbers import duration
from advisor.rules import PriorRule
from studies.facts import Facts
from studies.quantities import several


class FullBatch(PriorRule):
    """Where a gradient over all rows takes milliseconds and the loss is convex, curvature is cheap.

    L-BFGS then converges in tens of steps where stochastic methods take thousands: it is what scikit-learn's
    logistic regression runs by default. In our check on linear models of four small tables, learning rates
    tuned, it was ahead of AdamW on two and level on two, and behind Nesterov on two. On tiny nets, where
    manuals advise it too, it came out well behind AdamW in each of four, so of them nothing is said.

    Caveat: it fits small sets to the last row, so regularise; dropout and batch norm change the loss under
    its line search.
    Reference: scikit-learn's documentation of LogisticRegression; Liu and Nocedal 1989, Mathematical
    Programming 45; our check on iris, wine, breast_cancer and diabetes.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "benchmarks/rule_checks.py; scikit-learn's documentation of LogisticRegression"
    invites: ClassVar[bool] = True

    seconds: ClassVar[float] = 0.05
    """Seconds of one gradient over all rows up to which a few hundred of them are a matter of seconds."""
    when: ClassVar[str] = f"a linear model, and a gradient over all rows takes at most {duration(seconds)}"
    strengths: ClassVar[Mapping[str, float]] = {"LBFGS": 0.4}
    """Log-odds: weak, as mixed as the check."""
    helps: ClassVar[str] = "{} needs few steps when each sees all of the data"

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(
            facts=Facts(rows=400, is_linear=True, full_batch_seconds=2e-3), candidates=("AdamW", "LBFGS")
        ),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(facts=Facts(rows=400, is_linear=True), candidates=("AdamW", "LBFGS")),
        Evidence(facts=Facts(rows=400, full_batch_seconds=2e-3), candidates=("AdamW", "LBFGS")),
        Evidence(
            facts=Facts(rows=9_000_000, is_linear=True, full_batch_seconds=0.4), candidates=("AdamW", "LBFGS")
        ),
    )

    def holds(self, evidence: Evidence) -> str | None:
        """Return how small the problem is."""
        facts = evidence.facts
        measured = facts.full_batch_seconds
        noisy = facts.has_batchnorm or facts.dropout_layers > 0
        if measured is None or measured > self.seconds or noisy or not facts.is_linear:
            return None
        convex = "the model is linear, so its loss is convex"
        rows = several(facts.rows, "row")
        return f"a gradient over the whole training set of {rows} takes {duration(measured)} and {convex}"
