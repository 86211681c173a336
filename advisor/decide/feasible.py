"""Feasible recipes: of each optimizer its confirmed recipe if that fits the limits, else the best that does.

Where a limit on the model's size or latency is broken, what was made small after training is tried as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.decide.awaiting import awaits_compression, to_be_compressed
from advisor.decide.compressed import command, gap_opened, limited, well_founded
from advisor.decide.feasible_recipe import FeasibleRecipe
from advisor.decide.posterior import tie_margin
from advisor.decide.recipe_costs import Costs, costs_of, measured_costs
from advisor.decide.scale import LossScale
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence, Finding, has_quality
from advisor.report.numbers import trials, written, written_apart
from studies.errors import NothingFeasible
from studies.limits import LIMITED_COST, Limits
from studies.record import Record

HEADROOM: Final = 1.05
"""A limit to relax is named 5 % above the need: costs in seconds differ from run to run, and the number is
rounded."""


def feasible_recipes(
    evidence: Evidence, summary: TrialSummary, findings: Iterable[Finding], *, provisional: bool = False
) -> tuple[dict[str, FeasibleRecipe], tuple[Finding, ...]]:
    """Return the recipe of each optimizer that fits the limits, and a veto for each that does not fit.

    An optimizer that a finding vetoes already gets neither. What awaits its compression gets a note for a
    veto; where nothing fits yet and a provisional answer will do, it counts as fitting.

    Raises:
        NothingFeasible: no optimizer fits.
    """
    vetoed = {finding.subject for finding in findings if finding.verdict == "veto"}
    fits: dict[str, FeasibleRecipe] = {}
    vetoes: list[Finding] = []
    awaiting: dict[str, FeasibleRecipe] = {}
    for name in evidence.optimizers:
        if name in vetoed:
            continue
        first = next(_trained(evidence, summary, name))
        if not evidence.limits.exceeded(first.costs):
            fits[name] = first  # nothing else needs to be weighed, of thousands of runs
            continue
        recipes = tried_recipes(evidence, summary, name)
        fitting = next((recipe for recipe in recipes if not evidence.limits.exceeded(recipe.costs)), None)
        if fitting:
            fits[name] = fitting
            continue
        if (recipe := _awaiting(evidence, recipes)) is not None:
            awaiting[name] = recipe
        nearest = min(recipes, key=lambda recipe: _distance(recipe, evidence.limits))
        untouched = name in awaiting and name not in evidence.compressed_optimizers
        vetoes.append((_not_compressed if untouched else _veto)(evidence, nearest))
    if not fits and awaiting and provisional:
        return awaiting, tuple(veto for veto in vetoes if veto.subject not in awaiting)
    if not fits:
        raise NothingFeasible(_relax(evidence, summary, findings))
    return fits, tuple(vetoes)


def _awaiting(evidence: Evidence, recipes: Iterable[FeasibleRecipe]) -> FeasibleRecipe | None:
    """Return the best recipe of an optimizer whose model may fit once it is compressed, if there is one."""
    waiting = (
        replace(recipe, awaits_compression=True)
        for recipe in recipes
        if recipe.compressed is None and awaits_compression(evidence, recipe.optimizer, recipe.costs)
    )
    return next(waiting, None)


def _recipe(
    evidence: Evidence,
    optimizer: str,
    record: Record | None = None,
    runs: tuple[Record, ...] = (),
    given_away: float = 0.0,
) -> FeasibleRecipe:
    """Return a recipe as trained, with its costs."""
    return FeasibleRecipe(
        optimizer=optimizer,
        record=record,
        runs=runs,
        costs=costs_of(evidence, optimizer, record, runs),
        measured=frozenset(measured_costs(evidence, optimizer, record, runs)),
        given_away=given_away,
    )


def tried_recipes(evidence: Evidence, summary: TrialSummary, name: str) -> list[FeasibleRecipe]:
    """Return what could be used of an optimizer, what gives least away first.

    Compressed models count only where a limit on size or latency is broken without: they never displace what
    fits as it is. One that stands on a single seed counts as a tie margin worse where others stand on
    several: it is looked at for being good, which may be luck.
    """
    trained = list(_all_trained(evidence, summary, name))
    loss_scale = summary.loss_scale
    if loss_scale is None or not evidence.limits.exceeded(trained[0].costs):
        return trained
    models: Sequence[CompressedModel] = summary.compressed_models if limited(evidence.limits) else ()
    models = [model for model in models if model.optimizer == name]
    compressed = [_compressed(evidence, model, trained, loss_scale) for model in models]
    sure, margin = well_founded(models, evidence), tie_margin(summary.estimates)

    def key(recipe: FeasibleRecipe) -> float:
        lucky = sure and recipe.compressed and recipe.compressed not in sure
        return _opened(recipe, loss_scale) + (margin if lucky else 0.0)

    return sorted([*trained, *compressed], key=key)


def _compressed(
    evidence: Evidence, model: CompressedModel, trained: list[FeasibleRecipe], loss_scale: LossScale
) -> FeasibleRecipe:
    """Return a compressed model as a recipe: its bytes and latency, and the costs of its training besides."""
    numbers = set(model.sources)
    origin = next((recipe for recipe in trained if numbers & _numbers(recipe)), trained[0])
    runs = tuple(run for run in evidence.compressions if run.number in model.trials)
    spent = origin.costs
    peaks = [peak for peak in (spent["peak_bytes"], *(run.peak_bytes for run in runs)) if peak is not None]
    seconds = (
        None if spent["train_seconds"] is None else spent["train_seconds"] + (model.finetuning_seconds or 0.0)
    )
    return FeasibleRecipe(
        optimizer=model.optimizer,
        record=runs[0],
        runs=runs if len(model.seeds) > 1 else (),
        costs={
            **spent,
            "train_seconds": seconds,
            "peak_bytes": max(peaks, default=None),
            "model_bytes": model.model_bytes,
            "latency_seconds": model.latency_seconds,
        },
        measured=origin.measured | _measured_of(model, runs),
        given_away=max(0.0, origin.given_away + gap_opened(model, loss_scale)),
        compressed=model,
        trained=origin,
    )


def _measured_of(model: CompressedModel, runs: Iterable[Record]) -> frozenset[str]:
    """Return the costs of a compressed model that were measured, beside those of its training."""
    values = {
        "peak_bytes": next((run.peak_bytes for run in runs if run.peak_bytes is not None), None),
        "model_bytes": model.model_bytes,
        "latency_seconds": model.latency_seconds,
    }
    return frozenset(field for field, value in values.items() if value is not None)


def _opened(recipe: FeasibleRecipe, loss_scale: LossScale) -> float:
    """Return what a recipe gives away; below 0 for a compressed model that came out better."""
    if recipe.compressed is None:
        return recipe.given_away
    return recipe.training.given_away + gap_opened(recipe.compressed, loss_scale)


def _numbers(recipe: FeasibleRecipe) -> set[int]:
    return {run.number for run in (*recipe.runs, recipe.record) if run}


def _all_trained(evidence: Evidence, summary: TrialSummary, name: str) -> tuple[FeasibleRecipe, ...]:
    """Return the recipes of an optimizer as trained; of what was run no limit changes them."""
    if name not in summary.trained_recipes:
        recipes = tuple(_trained(evidence, summary, name))
        if recipes[0].record is None:
            return recipes
        summary.trained_recipes[name] = recipes
    return summary.trained_recipes[name]


def _trained(evidence: Evidence, summary: TrialSummary, name: str) -> Iterator[FeasibleRecipe]:
    """Yield the recipes of an optimizer as trained: its confirmed one, then its whole runs, the best first.

    Without a run, its bare name.
    """
    searched, confirmed = summary.whole_runs.get(name, ()), _confirmed(evidence, summary, name)
    loss_scale = summary.loss_scale
    if loss_scale is None or not (confirmed or searched):
        yield _recipe(evidence, name)
        return
    first = confirmed.record if confirmed and confirmed.record else searched[0]
    best = loss_scale.gap(first.measured_quality)
    if confirmed:
        yield confirmed
    for record in searched:
        if not (confirmed and record is first):
            given_away = max(0.0, loss_scale.gap(record.measured_quality) - best)
            yield _recipe(evidence, name, record, given_away=given_away)


def _confirmed(evidence: Evidence, summary: TrialSummary, name: str) -> FeasibleRecipe | None:
    estimate = summary.estimates.by_optimizer.get(name)
    if estimate is None or not estimate.confirmed:
        return None
    runs = tuple(run for run in evidence.confirmations(name) if run.source == estimate.source)
    finished = [run for run in runs if has_quality(run)]
    if not finished:
        return None
    record = next(
        (record for record in evidence.complete(name) if record.number == estimate.source), finished[0]
    )
    return _recipe(evidence, name, record, runs)


def _distance(recipe: FeasibleRecipe, limits: Limits) -> tuple[int, float]:
    over = limits.exceeded(recipe.costs)
    return len(over), max(over.values(), default=0.0)


def _veto(evidence: Evidence, recipe: FeasibleRecipe) -> Finding:
    needs = " and ".join(_needs(evidence, recipe))
    tried = "peak_bytes" in recipe.measured
    source = f"trial {recipe.record.number}" if recipe.record else "its trials" if tried else "forecast"
    every = "every whole run" if recipe.record else "every trial" if tried else "its forecast"
    every = "every whole run, compressed or not" if recipe.compressed else every
    smaller = f" ({recipe.compressed.name})" if recipe.compressed else ""
    nearest = f"the nearest{smaller} needs {needs}{_way_out(evidence, recipe)}"
    because = f"{recipe.optimizer} breaks a limit in {every}; {nearest}"
    return Finding(
        rule="Limits", subject=recipe.optimizer, verdict="veto", strength=0.0, because=because, source=source
    )


def _not_compressed(evidence: Evidence, recipe: FeasibleRecipe) -> Finding:
    needs = " and ".join(_needs(evidence, recipe))
    because = f"{recipe.optimizer} is not compressed yet; as trained, the nearest needs {needs}"
    return replace(_veto(evidence, recipe), verdict="note", because=because)


def _needs(evidence: Evidence, recipe: FeasibleRecipe) -> list[str]:
    needs = []
    for limit in evidence.limits.exceeded(recipe.costs):
        cost = LIMITED_COST[limit]
        need, allowed = written_apart(cost, recipe.costs[cost.field] or 0, getattr(evidence.limits, limit))
        needs.append(f"{need} of {cost.limited} (limit {allowed})")
    return needs


def _relax(evidence: Evidence, summary: TrialSummary, findings: Iterable[Finding]) -> str:
    """Name the limit to relax, and to what, for the recipe that is nearest to fitting."""
    recipes = [recipe for name in evidence.optimizers for recipe in tried_recipes(evidence, summary, name)]
    broken = [recipe for recipe in recipes if evidence.limits.exceeded(recipe.costs)]
    if not broken:
        return "no optimizer is left: " + "; ".join(
            finding.because for finding in findings if finding.verdict == "veto"
        )
    nearest = min(broken, key=lambda recipe: _distance(recipe, evidence.limits))
    wanted = []
    for limit in evidence.limits.exceeded(nearest.costs):
        cost = LIMITED_COST[limit]
        wanted.append(f"{cost.flag} to {written(cost, HEADROOM * (nearest.costs[cost.field] or 0))}")
    numbers = (
        nearest.compressed.trials if nearest.compressed else [nearest.record.number] if nearest.record else []
    )
    basis = trials(numbers) if numbers else "forecast"
    needs = " and ".join(_needs(evidence, nearest))
    raised = f"Raise {' and '.join(wanted)}{_way_out(evidence, nearest)}"
    return f"no optimizer fits the limits; nearest is {nearest.full_name} ({basis}): {needs}. {raised}"


def _way_out(evidence: Evidence, recipe: FeasibleRecipe) -> str:
    if evidence.compression_finalists and not to_be_compressed(evidence, recipe.optimizer):
        return "; it was no finalist, and only finalists' models were compressed"
    way = compression_command(evidence, recipe.costs)
    return f"; making its model small may do instead ({way})" if way else ""


def compression_command(evidence: Evidence, costs: Costs) -> str:
    """Return the command that compresses, if that could mend these costs and was not tried; else nothing."""
    mendable = [limit for limit in evidence.limits.exceeded(costs) if LIMITED_COST[limit].of_model]
    if not mendable or any(record.stage == "compress" for record in evidence.records):
        return ""
    return command(evidence)
