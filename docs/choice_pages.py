"""Choices, rules and words of an answer as pages, read off their classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

from advisor.cli.schemas.fields_said import descriptions
from advisor.confidence import MEANINGS, WORDS
from advisor.decide.rulebook import rules
from advisor.explanations.choices import optimizer_lines
from advisor.published.shown import lines_of
from docs.tables import table
from studies import catalogue
from studies.choice import Choice, sections, summary
from studies.optimizers import OptimizerChoice
from studies.space import Range, ranges, unsearched_ranges

HEADINGS: Mapping[str, str] = {
    "pruning": "Pruning",
    "quantization": "Quantization",
    "distillation": "Distillation",
    "finetuning": "Fine-tuning",
    "regularizers": "Regularizers",
    "wrappers": "Wrappers",
}
"""Of axes; another's is the plural of its name."""
LEFT_OUT = frozenset({"none", "dataset"})


def choices() -> str:
    """Return every choice with its ranges and what it says of itself, by axis."""
    parts = []
    for axis in catalogue.FOLDERS:
        if axis in LEFT_OUT:
            continue
        parts.append(f"## {HEADINGS.get(axis, f'{axis}s'.capitalize())}\n")
        parts += [_choice(name, choice) for name, choice in catalogue.choices(axis).items() if name != "none"]
    return "\n".join(["", *parts])


def all_rules() -> str:
    """Return every rule: why, when, how strongly, and where it is from."""
    rows = [(f"[{name}](#{name.lower()})", rule.grade, rule.when) for name, rule in rules().items()]
    parts = [table(("rule", "grade", "speaks when"), rows), ""]
    for name, rule in rules().items():
        parts += [f"### {name}\n", f"{inspect.getdoc(type(rule)) or ''}\n"]
        parts += _strengths(getattr(rule, "strengths", {}))
        parts.append(f"Grade {rule.grade}. From {rule.source}.\n")
    return "\n".join(["", *parts])


def words() -> str:
    """Return the tables of the labels of an answer and of its other words."""
    labels = [(f"**{label}**", meaning) for label, meaning in MEANINGS.items()]
    others = [(f"**{word}**", meaning) for word, meaning in WORDS.items()]
    return f"{table(('label', 'meaning'), labels)}\n\n{table(('word', 'meaning'), others)}"


def _choice(name: str, choice: type[Choice]) -> str:
    """Return the section of a choice: what it does, when it helps and hurts, its fields, measurements."""
    lines = [f"### {name}\n", f"{summary(choice)}\n"]
    lines += [f"- **{label}:** {text}" for label, text in sections(choice).items()]
    if issubclass(choice, OptimizerChoice):
        lines += [f"- **{line.replace(': ', ':** ', 1)}" for line in optimizer_lines(choice)]
    lines.append("")
    rows = list(_fields(choice))
    if rows:
        lines.append(f"{table(('field', 'range', 'default', 'searched', 'meaning'), rows)}\n")
    if choice.axis in {"optimizer", "wrappers"} and (measured := lines_of(name)):
        lines.append(f"{table(('problems', 'measured', 'n', 'source'), measured)}\n")
    return "\n".join(lines)


def _fields(choice: type[Choice]) -> Iterator[tuple[str, ...]]:
    said = descriptions(choice)
    for spans, searched in ((ranges(choice), "yes"), (unsearched_ranges(choice), "no")):
        for name, span in spans.items():
            yield f"`{name}`", str(span), _default(span), searched, said.get(name, "")


def _default(span: Range) -> str:
    return format(span.default, "g") if type(span.default) is float else str(span.default)


def _strengths(strengths: Mapping[str, float]) -> list[str]:
    """Return the line of a rule's log-odds; none for a rule that works them out."""
    if not strengths:
        return []
    return ["Log-odds: " + ", ".join(f"{name} {value:+g}" for name, value in strengths.items()) + ".\n"]
