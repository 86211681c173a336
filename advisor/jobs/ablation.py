"""Ablation of a study: the path from defaults to the advised recipe, with what was measured on it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from advisor.analysis.ablation import (
    Ablation,
    AblationStep,
    Draw,
    PathStep,
    ablation_step,
    draw_of,
    path,
    path_step,
    runs_of,
    shared_draws,
)
from advisor.analysis.quality_forest import QualityForest, quality_forest
from advisor.decide.recommend import recommend
from advisor.evidence import has_quality, trained_rows
from advisor.jobs.advice import evidence_in
from advisor.jobs.recommended_model import searched_number
from studies import catalogue
from studies.direction import Direction
from studies.errors import BadValue, BadWorkload
from studies.models import ModelChoice
from studies.optimizers import OptimizerChoice
from studies.plans.plan import Plan
from studies.recipe import Recipe
from studies.record import Record
from studies.storage.follow import read_study
from studies.storage.manifest import StudyManifest


@dataclass(frozen=True, kw_only=True)
class Bare:
    """Bare workload: what a search space has to know of one, without its data."""

    rows: int
    model: ModelChoice


@dataclass(frozen=True, kw_only=True)
class AblatedStudy:
    """Ablated study: what an ablation is read from, and the trial whose recipe its path ends at."""

    name: str
    direction: Direction
    manifest: StudyManifest
    records: tuple[Record, ...]
    ablations: tuple[Record, ...]
    advised: Record

    @classmethod
    def of(
        cls,
        name: str,
        *,
        direction: Direction,
        manifest: StudyManifest,
        records: tuple[Record, ...],
        ablations: tuple[Record, ...],
        trials: Sequence[int],
    ) -> Self:
        """Return what the ablation of a study is read from.

        Args:
            name: of the study.
            direction: of its metric.
            manifest: of the study.
            records: of its trials.
            ablations: its ablation runs.
            trials: those that the recommendation rests on.

        Raises:
            BadWorkload: runs of another tool, which cannot be made here.
            BadValue: no trial was completed, so that there is no recipe to come to.
        """
        if manifest.is_imported:
            raise BadWorkload(f"'{name}' holds runs of another tool, so that none can be made in between")
        if not trials:
            raise BadValue(f"no trial of '{name}' was completed; go on with: advisor resume {name}")
        number = searched_number(trials, records)
        return cls(
            name=name,
            direction=direction,
            manifest=manifest,
            records=records,
            ablations=ablations,
            advised=next(record for record in records if record.number == number),
        )

    @property
    def plan(self) -> Plan:
        """Return the plan of its search."""
        return Plan.of(self.manifest)

    @property
    def confirmations(self) -> list[Record]:
        """Return the whole confirmation runs of the advised recipe on the most rows, by number."""
        runs = [
            run
            for run in self.records
            if run.stage == "confirm" and run.source == self.advised.number and has_quality(run)
        ]
        most = max(map(trained_rows, runs), default=0.0)
        return [run for run in runs if trained_rows(run) == most]

    def draws(self, seeds: int) -> tuple[Draw, ...]:
        """Return the seeds, splits and rows of so many paired runs: those of the confirmation come first."""
        confirmed = [draw_of(run) for run in self.confirmations]
        own_split = bool(confirmed) and all(split_seed is None for _, split_seed, _ in confirmed)
        rows = confirmed[0][2] if confirmed else self.plan.sample_rows
        used = {seed for seed, _, _ in confirmed}
        fresh = (seed for seed in range(self.plan.seed + 1, self.plan.seed + 2 + seeds + len(used)))
        further = [(seed, None if own_split else seed, rows) for seed in fresh if seed not in used]
        return (*dict.fromkeys(confirmed), *further)[:seeds]

    @property
    def drawn(self) -> tuple[Draw, ...]:
        """Return the draws that any run of a path to the advised recipe has."""
        runs = (*self.confirmations, *self.ablations)
        return tuple(dict.fromkeys(draw_of(run) for run in runs if run.source == self.advised.number))

    def runs(self, step: PathStep, draws: Sequence[Draw]) -> list[Record]:
        """Return the runs of a recipe of the path."""
        return runs_of(step.params, (*self.confirmations, *self.ablations), draws)


def ablated(home: Path, name: str) -> AblatedStudy:
    """Return what the ablation of a study is read from.

    Raises:
        StudyError: no such study, nothing fits its limits, or no trial was completed.
    """
    stored = read_study(home, name)
    evidence = evidence_in(home, name, stored.manifest, stored.records, direction=stored.direction)
    return AblatedStudy.of(
        name,
        direction=stored.direction,
        manifest=stored.manifest,
        records=stored.records,
        ablations=stored.ablations,
        trials=recommend(evidence).trials,
    )


def default_recipe(study: AblatedStudy, optimizer: str) -> Recipe:
    """Return the recipe of an optimizer's defaults, as the search of the study has it.

    Raises:
        UnknownChoice: there is no such optimizer.
        BadValue: it did not enter the search.
    """
    choice = catalogue.find("optimizer", optimizer)
    allowed = study.plan.candidates
    if choice.name() not in allowed or not issubclass(choice, OptimizerChoice):
        raise BadValue(
            f"{optimizer} did not enter the search of '{study.name}'. Allowed: {', '.join(allowed)}"
        )
    advised = Recipe.from_params(study.advised.params)
    model = advised.model
    if study.plan.search_model and study.manifest.workload is not None:
        model = type(model).from_fields(study.manifest.workload.model_fields or {})
    space = study.plan.space(Bare(rows=advised.batch_size, model=model))
    return space.reference(choice)


def path_of(study: AblatedStudy, start: str) -> tuple[tuple[PathStep, ...], QualityForest | None]:
    """Return the path from an optimizer's defaults to the advised recipe, and what foretells it.

    Args:
        study: whose advised recipe it ends at.
        start: name of the optimizer whose defaults it begins at.
    """
    whole = [run for run in study.records if run.searched and has_quality(run)]
    forest = quality_forest([run.params for run in whole], [run.measured_quality for run in whole])
    advised = Recipe.from_params(study.advised.params)
    name = advised.optimizer.name()
    defaults = default_recipe(study, name).to_params()
    changed = f"{name} in place of {start}, with its defaults"
    first = changed if start != name else f"defaults of {name}"
    steps = path(
        defaults,
        advised.to_params(),
        name=first,
        direction=study.direction,
        forest=forest,
    )
    if start == name:
        return steps, forest
    other = default_recipe(study, start).to_params()
    return (path_step(f"defaults of {start}", other, forest), *steps), forest


def ablation(study: AblatedStudy, start: str = "") -> Ablation:
    """Return the path to the advised recipe, and what each change on it brought: measured, else foretold.

    Args:
        study: what it is read from.
        start: name of the optimizer whose defaults it begins at; empty for those of the advised one.

    Raises:
        UnknownChoice: there is no such optimizer.
        BadValue: it did not enter the search.
    """
    start = start or study.advised.optimizer
    steps, forest = path_of(study, start)
    draws = shared_draws([study.runs(step, study.drawn) for step in steps], study.drawn)
    measured_steps: list[AblationStep] = []
    before: list[Record] = []
    foretold: float | None = None
    for step in steps:
        runs = study.runs(step, draws)
        measured_steps.append(ablation_step(step, runs, before, foretold, first=not measured_steps))
        before, foretold = runs, step.foretold
    counts = [sum(has_quality(run) for run in study.runs(step, draws)) for step in steps]
    return Ablation(
        study=study.name,
        optimizer=study.advised.optimizer,
        start=start,
        metric=study.manifest.metric,
        direction=study.direction,
        seeds=min(counts),
        steps=tuple(measured_steps),
        measured=all(step.measured for step in measured_steps),
        error=forest.error if forest else None,
        runs=forest.runs if forest else 0,
    )
