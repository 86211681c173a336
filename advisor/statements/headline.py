"""Headline: the answer in one or two sentences: what to use, how sure that is, and what speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from advisor.confidence import DECIDED, LEANING, Label, verb
from advisor.evidence import Evidence, has_quality
from advisor.report.numbers import chance
from advisor.statements.confidence import NothingApart
from advisor.statements.statement import Case, Statement
from advisor.statements.tie_margin import TieMargin

Caveat = Literal["", "edge", "coarse", "limit", "one file", "compression"]
HALF: Final = 0.5
CAVEATS: Final[Mapping[Caveat, str]] = {
    "edge": "but a best learning rate is at the end of its range",
    "coarse": "but the validation rows tell little apart",
    "limit": "but its best recipe breaks a limit",
    "one file": "but one compressed file speaks for it",
    "compression": "but not every model that is to be compressed is yet",
}
"""Why an answer that would be decided is leaning only."""


@dataclass(frozen=True, kw_only=True)
class Headline(Statement):
    """Headline: the optimizer, its main settings, and how sure the answer is."""

    label: Label
    settings: tuple[str, ...]
    tie: TieMargin
    p_tie: float
    p_best: float
    compared: int
    """Optimizers that fit."""
    in_question: int
    """Optimizers in question, those that are ruled out included."""
    tried: int
    """Optimizers that fit and have a whole run."""
    confirmed: bool
    caveat: Caveat = ""
    alike: NothingApart | None = None
    never_ran: bool = False
    """Whether a training function ran no optimizer of its recipe."""
    ruled_out_ran: bool = False
    """Whether optimizers have whole runs, but only such as are ruled out."""
    notes: tuple[Statement, ...] = ()
    """What a reader must know beside it: a better measured rival, a better yardstick."""

    @property
    def how_sure(self) -> str:
        """Return the answer without its optimizer and settings, which a page shows beside it."""
        if self.never_ran:
            return str(self)
        said = self._sure()
        return " ".join([said[:1].upper() + said[1:], *map(str, self.notes)])

    def __str__(self) -> str:
        main = f" ({', '.join(self.settings)})" if self.settings else ""
        if self.never_ran:
            why = "its training function ran no optimizer of the recipe, so none were compared"
            return f"{verb(self.label)} the settings below: {why}; they are the best that were searched."
        answer = f"{verb(self.label)} {self.subjects[0]}{main} - {self._sure()}"
        return " ".join([answer, *map(str, self.notes)])

    def _sure(self) -> str:
        prior = "prior only: " if self.label == "prior only" else ""
        if self.compared == 1:
            return f"{prior}{self._alone()}.{self._one_run()}"
        if self.alike is not None:
            return f"{self.label}: {self.alike}{self._one_run()}"
        if self.tried == 1:
            first = f"the only one of {self.compared} with a whole run so far"
            return (
                f"{self.label}: {first}, as good as any of them with {chance(self.p_tie)}.{self._one_run()}"
            )
        best = f"the best of {self.compared} with {chance(self.p_best)}"
        good = f"as good as anything {'else' if prior else 'tried'}, to within {self.tie}"
        if prior:
            return f"{prior}{good}, with {chance(self.p_tie)}; {best}. {self._untried()}"
        return f"{self.label}: {self._chances(good, best)}.{self._one_run()}"

    def _untried(self) -> str:
        if self.ruled_out_ran:
            return "Only optimizers that are ruled out were trained to the end so far."
        return "Nothing was trained to its end yet."

    def _alone(self) -> str:
        if self.in_question == 1:
            return "the only optimizer in question, compared with no other"
        if self.caveat == "compression":
            return f"the only one of {self.in_question} that fits so far; not every other is compressed yet"
        return f"the only one of {self.in_question} that is not ruled out"

    def _chances(self, good: str, best: str) -> str:
        caveat = f"; {CAVEATS[self.caveat]}" if self.caveat else ""
        if self.p_tie < HALF:
            return f"{chance(self.p_tie)} sure to be {good}; {best}{caveat}"
        return f"{good} ({chance(self.p_tie)} sure), {best}{caveat}"

    def _one_run(self) -> str:
        return (
            "" if self.confirmed or self.label == "prior only" else " Not confirmed: one run speaks for it."
        )

    def holds(self, case: Case) -> bool:
        """The label is what the chances allow, the counts are those of the records, and the notes hold."""
        answer = case.answer
        advised = case.contender(answer.optimizer)
        if advised is None or self.subjects != (answer.optimizer,):
            return False
        fresh = any(
            run.stage in {"confirm", "compress"} and has_quality(run) for run in case.runs(answer.trials)
        )
        bounds = {"decided": (DECIDED, 1.0), "leaning": (LEANING, 1.0), "open": (0.0, LEANING)}
        low, high = bounds.get(self.label, (0.0, 1.0))
        return (
            self.label == answer.label
            and self.never_ran == ("optimizer" in case.evidence.unread)
            and (self.p_tie, self.p_best) == (advised.p_tie, advised.p_best)
            and low <= self.p_tie <= high
            and (self.compared, self.in_question) == (len(answer.contenders), len(case.evidence.optimizers))
            and (self.label == "prior only") == (advised.quality is None)
            and (not self.confirmed or fresh)
            and self.ruled_out_ran == only_ruled_out_ran(self.tried, case.evidence)
            and self.tried == sum(other.quality is not None for other in answer.contenders)
            and all(note.holds(case) for note in self.notes)
            and (self.alike is None or self.alike.holds(case))
        )


def only_ruled_out_ran(tried: int, evidence: Evidence) -> bool:
    """Tell whether there are whole runs, but none of an optimizer that fits.

    Args:
        tried: optimizers that fit and have a whole run.
        evidence: with the runs of all.
    """
    return tried == 0 and any(evidence.complete(name) for name in evidence.optimizers)
