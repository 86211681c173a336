"""Explanation: what is known under a name, as text."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.decide.rulebook import rules
from advisor.explanations import words
from advisor.explanations.choices import choice_text
from advisor.explanations.rules import rule_text
from studies import catalogue
from studies.errors import UnknownChoice, did_you_mean, shown


@dataclass(frozen=True, kw_only=True, slots=True, repr=False)
class Explanation:
    """Explanation of a name, which prints as its text, in an interpreter and a notebook too."""

    name: str
    """As it was given."""
    text: str
    """Several lines."""

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


def explanation(name: str) -> str:
    """Return what is known of a choice, a rule or a word of an answer, as text.

    Raises:
        UnknownChoice: none has that name.
    """
    if text := words.meaning(name):
        return text
    known = dict.fromkeys(words.names(), "word")
    for axis in catalogue.FOLDERS:
        for choice_name, choice in catalogue.choices(axis).items():
            if choice_name.lower() == name.lower() and choice_name != "none":
                return choice_text(choice)
            known[choice_name] = axis
    for rule_name, rule in rules().items():
        if rule_name.lower() == name.lower():
            return rule_text(rule)
        known[rule_name] = "rule"
    raise UnknownChoice(
        f"nothing is called {shown(name)}{did_you_mean(name, known)} See: advisor list optimizers"
    )
