"""Which recipe of which optimizer fits the limits: its confirmed one if that fits, else the best that does.

Where a limit on the model's size or latency is broken, what was made small after training is tried as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from advisor.compressed import Shrunk, command, limited, shrunk
from advisor.estimates import Estimates
from advisor.evidence import Evidence, Finding, Same, has_quality, index
from advisor.gaps import Scale, scale
from advisor.wording import trials, written
from studies.costs import COSTS, Cost
from studies.direction import Direction
from studies.errors import NothingFeasible
from studies.limits import LIMITED_COST, Limits
from studies.record import Record
from studies.rungs import lowest_loss

Costs = Mapping[str, float | int | None]

HEADROOM: Final = 1.05
"""A limit to relax is named 5 % above the need: costs in seconds differ from run to run, and the number is rounded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """What would be used of one optimizer."""

    optimizer: str
    record: Record | None
    """The trial whose recipe it is, or the first that compressed it; None when it was not trained."""
    runs: tuple[Record, ...]
    """Its confirmation runs, if that recipe was confirmed; of a compressed one, the files of all seeds, if there are several."""
    costs: Costs
    given_away: float = 0.0
    """Gap between this recipe and the optimizer's best one, which breaks a limit."""
    shrunk: Shrunk | None = None
    """What was done to the trained model, if that is what fits."""
    trained: Option | None = None
    """And the option that trained it."""

    @property
    def confirmed(self) -> bool:
        """Tell whether this very recipe was run again with fresh seeds."""
        return bool(self.runs)

    @property
    def training(self) -> Option:
        """Return what trains its model: itself, unless it is compressed afterwards."""
        return self.trained or self

    @property
    def spoken(self) -> str:
        """Return the optimizer's name, with what is done to its model."""
        if self.shrunk is None:
            return self.optimizer
        return f"the {self.shrunk.name} of {self.optimizer}" if self.shrunk.plain else f"{self.optimizer} with {self.shrunk.name}"


def options(evidence: Evidence, seen: Estimates, findings: Iterable[Finding]) -> tuple[dict[str, Option], tuple[Finding, ...]]:
    """Return the option of each optimizer that fits the limits, and a veto for each that does not and has none yet.

    Raises:
        NothingFeasible: no optimizer fits.
    """
    vetoed = {finding.subject for finding in findings if finding.verdict == "veto"}
    found: dict[str, Option] = {}
    vetoes: list[Finding] = []
    made = shrunk(evidence) if limited(evidence.limits) else ()
    for name in evidence.optimizers:
        if name in vetoed:
            continue
        first = next(_trained(evidence, seen, name))
        if not evidence.limits.exceeded(first.costs):  # nothing else needs to be weighed, of thousands of runs
            found[name] = first
            continue
        tried = _tried(evidence, seen, name, made)
        fitting = next((option for option in tried if not evidence.limits.exceeded(option.costs)), None)
        if fitting:
            found[name] = fitting
        else:
            vetoes.append(_veto(evidence, min(tried, key=lambda option: _distance(option, evidence.limits))))
    if not found:
        raise NothingFeasible(_relax(evidence, seen, findings, made))
    return found, tuple(vetoes)


def costs_of(evidence: Evidence, optimizer: str, record: Record | None, runs: Iterable[Record] = ()) -> Costs:
    """Return what a recipe costs: the median of its times and the largest of its bytes over its runs; forecasts fill the gaps."""
    whole = [run for run in runs if has_quality(run)] or ([record] if record else [])
    expected = _expected(evidence, optimizer, trained=record is not None)
    measured = {cost.field: _measured(whole, cost) for cost in COSTS}
    return {field: expected.get(field) if value is None else value for field, value in measured.items()}


def _expected(evidence: Evidence, optimizer: str, *, trained: bool) -> Costs:
    """Return what the facts say of costs: bytes where there is a forecast, times only of what was not trained."""
    forecast, facts = evidence.facts.forecast(optimizer), evidence.facts
    costs: dict[str, float | int | None] = {}
    if forecast:
        costs = {cost.field: getattr(forecast, cost.forecast) for cost in COSTS if cost.forecast}
    if not trained:
        costs["train_seconds"] = facts.seconds_with(optimizer) if forecast else None
        costs["latency_seconds"] = facts.latency_seconds
    return costs


def _tried(evidence: Evidence, seen: Estimates, name: str, made: Iterable[Shrunk]) -> list[Option]:
    """Return what could be used of an optimizer, what gives least away first.

    Compressed models count only where a limit on size or latency is broken without: they never displace what fits as it is.
    """
    trained = list(_trained(evidence, seen, name))
    measure = scale(evidence)
    if measure is None or not evidence.limits.exceeded(trained[0].costs):
        return trained
    small = [_compressed(evidence, one, trained, measure) for one in made if one.optimizer == name]
    return sorted([*trained, *small], key=lambda option: _opened(option, measure))


def _compressed(evidence: Evidence, one: Shrunk, trained: list[Option], measure: Scale) -> Option:
    """Return a compressed model as an option: its own bytes and latency, and the costs of its training besides."""
    numbers = set(one.sources)
    origin = next((option for option in trained if numbers & _numbers(option)), trained[0])
    runs = tuple(run for run in evidence.compressions if run.number in one.trials)
    spent = origin.costs
    peaks = [peak for peak in (spent["peak_bytes"], *(run.peak_bytes for run in runs)) if peak is not None]
    seconds = None if spent["train_seconds"] is None else spent["train_seconds"] + (one.finetuning_seconds or 0.0)
    return Option(
        optimizer=one.optimizer,
        record=runs[0],
        runs=runs if len(one.seeds) > 1 else (),
        costs={
            **spent,
            "train_seconds": seconds,
            "peak_bytes": max(peaks, default=None),
            "model_bytes": one.model_bytes,
            "latency_seconds": one.latency_seconds,
        },
        given_away=max(0.0, origin.given_away + _opened_by(one, measure)),
        shrunk=one,
        trained=origin,
    )


def _opened(option: Option, measure: Scale) -> float:
    """Return what an option gives away, below 0 for a compressed model that came out better than the uncompressed one."""
    return option.given_away if option.shrunk is None else option.training.given_away + _opened_by(option.shrunk, measure)


def _opened_by(one: Shrunk, measure: Scale) -> float:
    return measure.gap(one.quality) - measure.gap(one.reference_quality)


def _numbers(option: Option) -> set[int]:
    return {run.number for run in (*option.runs, option.record) if run}


def _trained(evidence: Evidence, seen: Estimates, name: str) -> Iterator[Option]:
    """Yield the recipes of an optimizer as trained: its confirmed one, then its whole runs from the best, or its bare name."""
    searched = _ranked(Same(evidence.records), evidence.direction).get(name, ())
    confirmed, measure = _confirmed(evidence, seen, name), scale(evidence)
    if measure is None or not (confirmed or searched):
        yield Option(optimizer=name, record=None, runs=(), costs=costs_of(evidence, name, None))
        return
    first = confirmed.record if confirmed and confirmed.record else searched[0]
    best = measure.gap(first.measured_quality)
    if confirmed:
        yield confirmed
    for record in searched:
        if not (confirmed and record is first):
            given_away = max(0.0, measure.gap(record.measured_quality) - best)
            costs = costs_of(evidence, name, record)
            yield Option(optimizer=name, record=record, runs=(), costs=costs, given_away=given_away)


@lru_cache(maxsize=8)
def _ranked(same: Same, direction: Direction) -> dict[str, tuple[Record, ...]]:
    """Return each optimizer's whole runs of the search, the best first."""

    def key(record: Record) -> tuple[float, float, int]:
        return direction.loss(record.quality), lowest_loss(record, direction), record.number

    return {name: tuple(sorted(runs, key=key)) for name, runs in index(same).complete.items()}


def _confirmed(evidence: Evidence, seen: Estimates, name: str) -> Option | None:
    estimate = seen.by_optimizer.get(name)
    if estimate is None or not estimate.confirmed:
        return None
    runs = tuple(run for run in evidence.confirmations(name) if run.source == estimate.source)
    held = [run for run in runs if has_quality(run)]
    if not held:
        return None
    record = next((record for record in evidence.complete(name) if record.number == estimate.source), held[0])
    return Option(optimizer=name, record=record, runs=runs, costs=costs_of(evidence, name, record, runs))


def _distance(option: Option, limits: Limits) -> tuple[int, float]:
    over = limits.exceeded(option.costs)
    return len(over), max(over.values(), default=0.0)


def _veto(evidence: Evidence, option: Option) -> Finding:
    needs = " and ".join(_needs(evidence, option))
    source = f"trial {option.record.number}" if option.record else "forecast"
    every = "every whole run, compressed or not," if option.shrunk else "every whole run" if option.record else "its forecast"
    smaller = f" ({option.shrunk.name})" if option.shrunk else ""
    because = f"{option.optimizer} breaks a limit in {every}; the nearest{smaller} needs {needs}{_way_out(evidence, option)}"
    return Finding(rule="Limits", subject=option.optimizer, verdict="veto", strength=0.0, because=because, source=source)


def _needs(evidence: Evidence, option: Option) -> list[str]:
    found = []
    for limit in evidence.limits.exceeded(option.costs):
        cost = LIMITED_COST[limit]
        need, allowed = written(cost, option.costs[cost.field] or 0), written(cost, getattr(evidence.limits, limit))
        found.append(f"{need} of {cost.limited} (limit {allowed})")
    return found


def _relax(evidence: Evidence, seen: Estimates, findings: Iterable[Finding], made: Iterable[Shrunk]) -> str:
    """Name the limit to relax, and to what, for the option that is nearest to fitting."""
    everything = [option for name in evidence.optimizers for option in _tried(evidence, seen, name, made)]
    broken = [option for option in everything if evidence.limits.exceeded(option.costs)]
    if not broken:
        return "no optimizer is left: " + "; ".join(finding.because for finding in findings if finding.verdict == "veto")
    nearest = min(broken, key=lambda option: _distance(option, evidence.limits))
    wanted = []
    for limit in evidence.limits.exceeded(nearest.costs):
        cost = LIMITED_COST[limit]
        wanted.append(f"{cost.flag} to {written(cost, HEADROOM * (nearest.costs[cost.field] or 0))}")
    numbers = nearest.shrunk.trials if nearest.shrunk else [nearest.record.number] if nearest.record else []
    basis = trials(numbers) if numbers else "forecast"
    needs = " and ".join(_needs(evidence, nearest))
    raised = f"Raise {' and '.join(wanted)}{_way_out(evidence, nearest)}"
    return f"no optimizer fits the limits; nearest is {nearest.spoken} ({basis}): {needs}. {raised}"


def _way_out(evidence: Evidence, option: Option) -> str:
    way = untried(evidence, option.costs)
    return f"; making its model small may do instead ({way})" if way else ""


def untried(evidence: Evidence, costs: Costs) -> str:
    """Return the command that compresses, where that could mend what these costs break and was not tried; else nothing."""
    mendable = [limit for limit in evidence.limits.exceeded(costs) if LIMITED_COST[limit].of_model]
    tried = any(record.stage == "compress" for record in evidence.records)
    return command(evidence) if mendable and not tried else ""


def _measured(runs: Iterable[Record], cost: Cost) -> float | None:
    return cost.over(value for run in runs if (value := getattr(run, cost.field)) is not None)
