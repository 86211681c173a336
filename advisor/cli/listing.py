"""Rows of `advisor list`, read off the choices, rules and studies themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from advisor.cli.rows import RuleRow, StudyRow
from advisor.cli.trials import trial_rows
from advisor.decide.rulebook import rules
from advisor.evidence import has_quality
from advisor.explanations import words
from advisor.report.numbers import number
from advisor.rules import Rule
from studies import catalogue
from studies.choice import Choice, summary
from studies.data.inputs import Inputs
from studies.datasets import DatasetChoice
from studies.errors import BadValue, StudyError, UnknownChoice, did_you_mean, shown
from studies.models import ModelChoice
from studies.optimizers import OptimizerChoice
from studies.quantities import several
from studies.storage.annotations import StudyAnnotations, legible_annotations
from studies.storage.follow import Journal, StoredStudy
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


def listing(kind: str, home: Path, study: str = "", *, archived: bool = False) -> Sequence[Mapping[str, Any]]:
    """Return what there is of a kind, a row each with `name` and `summary`.

    Args:
        kind: one of `KINDS`.
        home: where the studies are.
        study: whose trials, of this kind alone.
        archived: whether archived studies are listed too.

    Raises:
        UnknownChoice: no such kind.
        StudyError: a study that cannot be read, is not named, or has nothing to do with the kind.
    """
    if kind == "trials":
        return trial_rows(home, study)
    if study:
        raise BadValue(f"{kind} are the same for every study; leave {shown(study)} out")
    if kind == "rules":
        return [_rule_row(name, rule) for name, rule in rules().items()]
    if kind == "words":
        return words.rows()
    if kind == "studies":
        rows = (_study_row(home, name) for name in study_names(home))
        return [row for row in rows if archived or not row["archived"]]
    if kind not in AXES:
        raise UnknownChoice(
            f"nothing is called {shown(kind)} here{did_you_mean(kind, KINDS)} Allowed: {', '.join(KINDS)}"
        )
    return [_row(choice) for choice in catalogue.choices(AXES[kind]).values()]


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


def _rule_row(name: str, rule: Rule) -> RuleRow:
    return {"name": name, "summary": summary(type(rule)), "grade": rule.grade, "source": rule.source}


def _study_row(home: Path, name: str) -> StudyRow:
    said = legible_annotations(home, name)
    row: StudyRow = {
        "name": name, "summary": "", "trials": 0, "metric": None, "best": None,
        "title": said.title, "note": said.note, "tags": list(said.tags), "archived": said.archived,
    }  # fmt: skip
    try:
        study = Journal(home, name).read()
    except StudyError as error:  # one broken journal must not hide the others
        row["summary"] = str(error)
        return row
    whole = (
        record.measured_quality
        for record in study.records
        if has_quality(record) and record.stage != "compress"
    )
    row["best"] = study.direction.best(whole)
    row["trials"], row["metric"] = len(study.records), study.manifest.metric
    row["summary"] = _study_in_words(study, row["best"], said)
    return row


def _study_in_words(study: StoredStudy, best: float | None, said: StudyAnnotations) -> str:
    manifest = study.manifest
    reached = "no whole run yet" if best is None else f"best {manifest.metric} {number(best)}"
    parts = [
        f"{manifest.dataset} with {manifest.model_shown}: {several(len(study.records), 'trial')}, {reached}"
    ]
    if study.damaged:
        parts.append(f"{several(study.damaged, 'line')} of its journal cannot be read")
    if said.tags:
        parts.append(f"tags: {', '.join(said.tags)}")
    if said.archived:
        parts.append("archived")
    return f"{said.title}: " * bool(said.title) + "; ".join(parts)
