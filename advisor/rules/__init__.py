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
from typing import ClassVar

from advisor.evidence import Evidence, Finding, Verdict


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
