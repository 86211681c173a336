"""Rules, one file each: a rule looks at the evidence and says what follows for which optimizer, and why.

Rules never see each other; `advisor.decide.rulebook` finds them and asks them, `recommend` alone combines
their findings. A rule is known because its file lies in this folder; another package offers its own through
the entry points `optimizer_advisor.rules`:

    [project.entry-points."optimizer_advisor.rules"]
    MyRule = "my_package.my_module:MyRule"
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from advisor.evidence import Evidence, Finding, Verdict
from advisor.report.numbers import number, percent, size

Unit = Literal["share", "bytes", "count"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """Criterion: a figure that a rule looks at, and the threshold beyond which it speaks."""

    figure: str
    """What it is the value of, a name: input_density, trials, ..."""
    words: str
    """The same with its value, as a clause."""
    value: float | None
    """None where it is not known."""
    unit: Unit
    threshold: float | None = None
    """None for a figure that decides nothing here."""
    side: Literal["below", "above"] = "below"
    """Where of the threshold the rule speaks."""

    @property
    def crossed(self) -> bool:
        """Tell whether the value lies where the rule speaks."""
        if self.value is None or self.threshold is None:
            return False
        return self.value < self.threshold if self.side == "below" else self.value > self.threshold

    def __str__(self) -> str:
        if self.threshold is None:
            return self.words
        return f"{self.words} (speaks {self.side} {_written(self.threshold, self.unit)})"


def _written(value: float, unit: Unit) -> str:
    if unit == "count":
        return f"{value:,.0f}" if abs(value) >= 1000 else number(value)
    return percent(value) if unit == "share" else size(value)


class Rule(ABC):
    """Base of every rule. The docstring gives the reasoning, the caveat and the reference."""

    grade: ClassVar[str]
    """A several independent benchmarks, B one careful benchmark or a measurement of ours, C papers or
    manuals, D custom."""
    source: ClassVar[str]
    """Where the rule is from."""
    when: ClassVar[str] = ""
    """The condition in words, with its thresholds."""
    invites: ClassVar[bool] = False
    """Whether an optimizer that it prefers enters a search even if it is not offered by default."""
    hits: ClassVar[tuple[Evidence, ...]]
    """Examples on which it speaks."""
    misses: ClassVar[tuple[Evidence, ...]]
    """Examples on which it keeps silent."""

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what follows from the evidence, one finding an optimizer it concerns."""

    def criteria(self, evidence: Evidence) -> tuple[Criterion, ...]:  # noqa: ARG002
        """Return what it looks at, for a rule that reports that even when it is silent; others nothing."""
        return ()

    def finding(
        self,
        subject: str,
        verdict: Verdict,
        because: str,
        *,
        strength: float = 0.0,
        source: str | None = None,
    ) -> Finding:
        """Return a finding under this rule's name, and its source unless another is given."""
        return Finding(
            rule=type(self).__name__,
            subject=subject,
            verdict=verdict,
            strength=strength,
            because=because,
            source=source or self.source,
        )

    def prior(self, subject: str, strength: float, because: str) -> Iterator[Finding]:
        """Yield a finding for an optimizer, or against it when its strength is negative; nothing at 0."""
        if strength:
            yield self.finding(subject, "prefer" if strength > 0 else "avoid", because, strength=strength)

    def remark(self, evidence: Evidence, subjects: Iterable[str], because: str) -> Iterator[Finding]:
        """Yield a note, without a strength, on each of these optimizers in question; {} is its name."""
        for name in evidence.optimizers:
            if name in subjects:
                yield self.finding(name, "note", because.format(name))


class PriorRule(Rule):
    """Base of a rule that is one condition and one table of strengths; its file holds numbers and words."""

    strengths: ClassVar[Mapping[str, float]]
    """Log-odds by optimizer against the others: 0.4 weak, 0.8 moderate, 1.4 strong."""
    helps: ClassVar[str] = "{} suits that"
    """What follows for an optimizer with a positive strength; {} stands for its name."""
    hurts: ClassVar[str] = "{} suits that less"
    """And for one with a negative strength."""

    @abstractmethod
    def holds(self, evidence: Evidence) -> str | None:
        """Return the condition as one clause with its numbers; None when it does not hold or is unknown."""

    def table(self, evidence: Evidence) -> Mapping[str, float]:  # noqa: ARG002
        """Return the strengths that hold for this evidence; a rule with two sides has two tables."""
        return self.strengths

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield a finding for each optimizer in the table, when the condition holds."""
        if (cause := self.holds(evidence)) is None:
            return
        strengths = self.table(evidence)
        for name in evidence.optimizers:
            strength = strengths.get(name, 0.0)
            yield from self.prior(
                name, strength, f"{cause}, and {(self.helps if strength > 0 else self.hurts).format(name)}"
            )
