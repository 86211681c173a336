"""Text of `advisor list` and `advisor explain`, read off the choices, rules and studies themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from advisor.cli import words
from advisor.cli.rule_examples import rule_text
from advisor.cli.trials import trial_rows
from advisor.decide.rulebook import rules
from advisor.evidence import has_quality
from advisor.published.shown import measured
from studies import catalogue
from studies.choice import Choice, sections, summary
from studies.data.inputs import Inputs
from studies.datasets import DatasetChoice
from studies.direction import Direction
from studies.errors import BadValue, StudyError, UnknownChoice, did_you_mean, shown
from studies.models import ModelChoice
from studies.optim.routing import ROLES
from studies.optimizers import OptimizerChoice
from studies.quantities import several
from studies.space import Range, ranges
from studies.storage import journal
from studies.storage.home import study_names
from studies.wrappers import WrapperChoice

AXES: Final = {folder: axis for axis, folder in catalogue.FOLDERS.items()}
KINDS: Final = (*AXES, "rules", "studies", "trials", "words")
ROWS: Final = {
    "table": Inputs(shape=(8,)),
    "image": Inputs(kind="image", shape=(3, 32, 32)),
    "text": Inputs(kind="text", shape=(32,), vocabulary=1000),
    "signal": Inputs(kind="signal", shape=(1, 64)),
}
"""An ordinary row of each kind of data, to ask a model whether it takes such."""


def listing(kind: str, home: Path, study: str = "") -> list[dict[str, Any]]:
    """Return what there is of a kind, a row each with `name` and `summary`.

    Args:
        kind: one of `KINDS`.
        home: where the studies are.
        study: whose trials, of this kind alone.

    Raises:
        UnknownChoice: no such kind.
        StudyError: a study that cannot be read, is not named, or has nothing to do with the kind.
    """
    if kind == "trials":
        return trial_rows(home, study)
    if study:
        raise BadValue(f"{kind} are the same for every study; leave {shown(study)} out")
    if kind == "rules":
        return [
            {"name": name, "summary": summary(type(rule)), "grade": rule.grade, "source": rule.source}
            for name, rule in rules().items()
        ]
    if kind == "words":
        return words.rows()
    if kind == "studies":
        return [_study_row(home, name) for name in study_names(home)]
    if kind not in AXES:
        raise UnknownChoice(
            f"nothing is called {shown(kind)} here{did_you_mean(kind, KINDS)} Allowed: {', '.join(KINDS)}"
        )
    return [_row(choice) for choice in catalogue.choices(AXES[kind]).values()]


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
                return _explain_choice(choice)
            known[choice_name] = axis
    for rule_name, rule in rules().items():
        if rule_name.lower() == name.lower():
            return rule_text(rule)
        known[rule_name] = "rule"
    raise UnknownChoice(
        f"nothing is called {shown(name)}{did_you_mean(name, known)} See: advisor list optimizers"
    )


def _row(choice: type[Choice]) -> dict[str, Any]:
    row: dict[str, Any] = {"name": choice.name(), "summary": summary(choice)}
    if choice.axis in {"optimizer", "schedule", "regularizers", "wrappers"}:
        row["searched"] = choice.offered
    if issubclass(choice, OptimizerChoice | WrapperChoice):
        row["state_floats"] = choice.state_floats
    if issubclass(choice, ModelChoice):
        row["takes"] = ", ".join(kind for kind, rows in ROWS.items() if choice.takes(rows))
    if issubclass(choice, DatasetChoice):
        row |= {
            fact: getattr(choice, fact) for fact in ("task", "kind", "rows", "columns", "source", "licence")
        }
    return row


def _study_row(home: Path, name: str) -> dict[str, Any]:
    try:
        study = journal.open_study(home, name)
    except StudyError as error:  # one broken journal must not hide the others
        return {"name": name, "summary": str(error), "trials": 0, "metric": None, "best": None}
    manifest, records = journal.manifest_of(study), journal.records(study)
    whole = [
        record.measured_quality for record in records if has_quality(record) and record.stage != "compress"
    ]
    best = Direction(study.direction.name.lower()).best(whole)
    reached = "no whole run yet" if best is None else f"best {manifest.metric} {best:.4g}"
    count = several(len(records), "trial")
    return {
        "name": name,
        "summary": f"{manifest.dataset} with {manifest.model}: {count}, {reached}",
        "trials": len(records),
        "metric": manifest.metric,
        "best": best,
    }


def _optimizer_lines(choice: type[OptimizerChoice]) -> list[str]:
    """Return lines on an optimizer's class: state, regime, which parameters it leaves to another."""
    regime = (
        "the whole training set every step"
        if choice.full_batch
        else "any: one row (per-sample), some, or the whole set"
    )
    routes = {role: choice.from_fields({}).serves(role) for role in ROLES}
    left = ", ".join(f"{role} to {other}" for role, other in routes.items() if other != choice.name())
    return [
        f"State: {choice.state_floats:g} floats a parameter"
        + (", and a counter a tensor" if choice.counts_steps else ""),
        f"Batch: {regime}",
        f"Routing: {'leaves ' + left if left else 'steps on every parameter, sparse tables included'}",
        *(["Schedule: its own; a recipe gives it a constant one"] if choice.own_schedule else []),
    ]


def _explain_choice(choice: type[Choice]) -> str:
    noun = {"regularizers": "regularizer"}.get(choice.axis, choice.axis)
    parts = sections(choice)
    lines = [f"{choice.name()} ({noun})", "", summary(choice), ""]
    lines += [f"{label}: {parts[label]}" for label in ("Helps", "Hurts", "Source") if label in parts]
    if issubclass(choice, OptimizerChoice):
        lines += _optimizer_lines(choice)
    if fields := ranges(choice):
        lines += ["", "Searched over:"]
        lines += [f"  {name:<14} {span}; default {_default(span)}" for name, span in fields.items()]
    if choice.axis in {"optimizer", "wrappers"}:
        lines += ["", *measured(choice.name())]
    return "\n".join(lines)


def _default(span: Range) -> str:
    return format(span.default, "g") if type(span.default) is float else str(span.default)
