"""Statements on findings: what rules and published results say of the advised one, and who is ruled out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from advisor.statements.statement import Case, Statement
from studies.quantities import listed

OPENINGS: Final = {"prefer": "Speaks for it: ", "avoid": "Speaks against it: "}


@dataclass(frozen=True, kw_only=True)
class RuleSays(Statement):
    """Rule says: what a rule concludes about the advised one, with its source."""

    rule: str
    verdict: str
    strength: float
    because: str

    def __str__(self) -> str:
        return f"{OPENINGS.get(self.verdict, '')}{self.because} ({self.source})."

    def holds(self, case: Case) -> bool:
        """The rule found so of the advised one, and its strength points the way that the words do."""
        same = [
            finding
            for finding in case.answer.findings
            if (finding.rule, finding.because, finding.verdict) == (self.rule, self.because, self.verdict)
        ]
        signs = {"prefer": self.strength >= 0, "avoid": self.strength <= 0}
        return any(finding.subject == case.answer.optimizer for finding in same) and signs.get(
            self.verdict, True
        )


@dataclass(frozen=True, kw_only=True)
class LessWeight(Statement):
    """Less weight: the rules that said more than is written out."""

    rules: tuple[str, ...]

    def __str__(self) -> str:
        return f"Of less weight: {listed(self.rules)} (advisor explain {self.rules[0]})."

    def holds(self, case: Case) -> bool:
        """Each of these rules found something about the advised one."""
        speaking = {f.rule for f in case.answer.findings if f.subject == case.answer.optimizer}
        return set(self.rules) <= speaking


@dataclass(frozen=True, kw_only=True)
class RuledOut(Statement):
    """Ruled out: an optimizer that may not be used, and why."""

    because: str

    def __str__(self) -> str:
        return f"Ruled out: {self.because}."

    def holds(self, case: Case) -> bool:
        """Something rules it out for that reason, and it is not among those that fit."""
        vetoes = [(f.subject, f.because) for f in case.answer.findings if f.verdict == "veto"]
        return (self.subjects[0], self.because) in vetoes and case.contender(self.subjects[0]) is None


@dataclass(frozen=True, kw_only=True)
class RuledOutLikewise(Statement):
    """Ruled out likewise: further optimizers that may not be used."""

    def __str__(self) -> str:
        return f"Ruled out likewise: {listed(self.subjects)}."

    def holds(self, case: Case) -> bool:
        """Something rules each of them out, and none is among those that fit."""
        vetoed = {finding.subject for finding in case.answer.findings if finding.verdict == "veto"}
        return set(self.subjects) <= vetoed and not any(map(case.contender, self.subjects))


@dataclass(frozen=True, kw_only=True)
class PublishedClass(Statement):
    """Published class: which published comparisons apply to the problem."""

    problem: str | None
    """The class in words; None where no comparison covers such problems."""

    def __str__(self) -> str:
        if self.problem is None:
            stand_in = "those over all kinds stand in for them, at half their weight"
            return f"Published comparisons cover no problem of this kind; {stand_in}."
        return f"Published comparisons of {self.problem} apply."

    def holds(self, case: Case) -> bool:
        """Nothing was trained to its end, so that published results speak."""
        return case.answer.label == "prior only"


@dataclass(frozen=True, kw_only=True)
class PublishedWins(Statement):
    """Published wins: whom the advised one beats more often than not where it was published."""

    behind: tuple[str, ...]

    def __str__(self) -> str:
        name = self.subjects[0]
        return f"There {name} does better than {listed(self.behind)} more often than not ({self.source})."

    def holds(self, case: Case) -> bool:
        """The others are in question, and the advised one is the one spoken of."""
        names = {other.optimizer for other in case.answer.contenders}
        return self.subjects == (case.answer.optimizer,) and set(self.behind) <= names
