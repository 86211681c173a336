"""History: what the user's earlier studies of similar problems ended with, as starts of a new search."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from advisor.evidence import has_quality
from advisor.published.rates import problem_class
from advisor.report.numbers import number
from studies.direction import Direction
from studies.errors import BadValue, StudyBegins, StudyError, StudyWarning, listed
from studies.facts import Facts
from studies.recipe import NUMBERS, SET_AXES, SINGLE_AXES, Recipe
from studies.storage.follow import Journal, read_study
from studies.storage.home import study_names
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import Start
from studies.storage.workload_spec import WorkloadSpec

if TYPE_CHECKING:
    from studies.record import Record
    from studies.storage.follow import StoredStudy

STUDIES: Final = 5
"""Newest similar studies that are looked at."""
OPENED: Final = 12
"""Newest studies that are opened to find them: a home may hold hundreds."""
KEYS: Final = frozenset({*NUMBERS, *SINGLE_AXES, *SET_AXES})
"""Axes and numbers of a recipe, with which each key of its flat form begins."""
SHARE: Final = 6
"""One start for so many planned trials at most: they are search trials like any other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EarlierStudy:
    """Earlier study in the same home, with its records."""

    name: str
    manifest: StudyManifest
    direction: Direction
    records: tuple[Record, ...]

    @classmethod
    def of(cls, name: str, stored: StoredStudy) -> Self:
        """Return what a journal holds as an earlier study."""
        return cls(name=name, manifest=stored.manifest, direction=stored.direction, records=stored.records)

    def best(self, optimizer: str) -> Record | None:
        """Return the best whole run that an optimizer had in the search, the first of equals; else None."""
        trials = [record for record in self.records if record.optimizer == optimizer and record.searched]
        whole = [record for record in trials if has_quality(record)]
        return min(
            whole, key=lambda record: (self.direction.loss(record.quality), record.number), default=None
        )


def starts(
    home: Path, *, model: WorkloadSpec, facts: Facts, candidates: tuple[str, ...], planned_trials: int
) -> tuple[Start, ...]:
    """Return the best recipes that the candidates had in the newest similar studies, each recipe once.

    First one of each candidate, in their order, then those from older studies.

    Args:
        home: where earlier studies lie.
        model: the workload's spec, of which `model` and `model_fields` must be those of the earlier one; of a
            training function, its name and the space of its settings.
        facts: kind, task and class of problem must be alike too.
        candidates: optimizers that enter.
        planned_trials: of the search; one start for six of them at most.
    """
    similar = list(islice(similar_studies(home, model, facts), STUDIES))
    return starts_of(similar, candidates)[: planned_trials // SHARE]


def starts_of(similar: Iterable[EarlierStudy], candidates: tuple[str, ...]) -> tuple[Start, ...]:
    """Return the best recipe of each candidate in each study, the first of each candidate before the others.

    Args:
        similar: studies, those to be believed first coming first.
        candidates: optimizers that enter.
    """
    firsts: dict[str, Start] = {}
    others: list[Start] = []
    for study, name in product(similar, candidates):
        start = _start(study, name)
        if start is None or any(start.params == other.params for other in (*firsts.values(), *others)):
            continue
        if name in firsts:
            others.append(start)
        else:
            firsts[name] = start
    return (*(firsts[name] for name in candidates if name in firsts), *others)


def similar_studies(home: Path, model: WorkloadSpec, facts: Facts) -> Iterator[EarlierStudy]:
    """Return the newest studies of the same model on the same kind of problem, newest first."""
    for name in islice(reversed(study_names(home)), OPENED):
        try:
            study = Journal(home, name).read()
        except StudyBegins:
            continue
        except StudyError as error:  # a broken journal, or one of another version, is no reason not to search
            warnings.warn(StudyWarning(f"study '{name}' is passed over: {error}"), stacklevel=2)
            continue
        try:
            alike = _alike(study.manifest, model, facts)
        except (StudyError, KeyError):  # it does not say what it was about
            continue
        if alike:
            yield EarlierStudy.of(name, study)


def starts_from(home: Path, name: str, candidates: tuple[str, ...]) -> tuple[Start, ...]:
    """Return the best recipe of each candidate in the study that somebody names, in their order.

    Args:
        home: where it lies.
        name: of the study; its data and model may be any.
        candidates: optimizers that enter.

    Raises:
        StudyNotFound: there is none of that name.
        StoreError: it cannot be read.
        BadValue: none of the candidates has a whole run in it.
    """
    study = EarlierStudy.of(name, read_study(home, name))
    usable = starts_of([study], candidates)
    if not usable:
        tried = listed(sorted({record.optimizer for record in study.records if has_quality(record)}))
        raise BadValue(
            f"study '{name}' has a whole run of {tried or 'nothing'}, and this search tries "
            f"{listed(candidates)}; name one of these with --optimizers, or leave --start-from out"
        )
    return usable


def _alike(manifest: StudyManifest, model: WorkloadSpec, facts: Facts) -> bool:
    spec = manifest.opened
    if spec.is_function or model.is_function:  # which keeps its model to itself, but for its settings
        same = (spec.is_function, spec.source, spec.model) == (model.is_function, model.source, model.model)
    else:
        no_model = spec.model_fields is None or model.model_fields is None
        same = not no_model and (spec.model, spec.model_fields) == (model.model, model.model_fields)
    return same and _signature(manifest.profiled) == _signature(facts)


def _signature(facts: Facts) -> tuple[str, str, str | None]:
    return facts.kind, facts.task, problem_class(facts)


def _start(study: EarlierStudy, optimizer: str) -> Start | None:
    if (record := study.best(optimizer)) is None:
        return None
    try:
        params = _in_a_recipe(record.params)
        Recipe.from_params(params)
    except StudyError:  # a choice that is no longer there
        return None
    reached = f"{study.manifest.metric} {number(record.measured_quality)} on {study.manifest.dataset}"
    origin = f"trial {record.number} of study {study.name} ({reached})"
    return Start(params=params, origin=origin)


def _in_a_recipe(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what means something in a recipe; runs of another tool have settings of their own beside it."""
    return {
        name: value
        for name, value in params.items()
        if name in KEYS or (name.partition(".")[0] in KEYS and name.count(".") == 2)
    }
