"""Whether the optimizer that is ahead stays ahead once the models are compressed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import fmean
from typing import Any, ClassVar

from advisor.evidence import Evidence, Finding
from advisor.report.compression_names import in_words, passes
from advisor.report.numbers import changed, number, trials
from advisor.rules import Rule
from studies.direction import Direction
from studies.quantities import listed, several
from studies.record import Footprint, Record

Pass = tuple[tuple[str, str], ...]


def _run(
    number_: int, optimizer: str, before: float, after: float, *, seed: int = 0, done: str = "Int8"
) -> Record:
    footprint = Footprint(
        file_bytes=10_000,
        compressed_bytes=9_000,
        reference_bytes=40_000,
        reference_compressed_bytes=36_000,
        parameters=10_000,
        reference_parameters=10_000,
        reference_quality=before,
        agreement=0.99,
        latencies=(),
    )
    params = {"optimizer": optimizer, "model": "Linear", "quantization": done}
    return Record(
        number=number_,
        state="complete",
        stage="compress",
        seed=seed,
        params=params,
        quality=after,
        footprint=footprint,
        source=10 + number_,
    )


class SurvivesCompression(Rule):
    """The optimizer that trains the best model need not train the one that is best once it is small.

    Optimizers end in minima of unlike flatness and in weights of unlike spread, and rounding or zeroing moves
    along exactly that. So the same cheap pass, one that trains nothing, is held against the models of all
    optimizers over the same seeds: what it costs each, and whether the one ahead before is ahead after.

    Caveat: a note without a strength: one pass, a few seeds, and often less than the spread between them.
    Fine-tuning may make good what a pass costs, at the price of further training.
    Reference: Kumar et al. 2024, arXiv 2411.04330, on models that lose the more to rounding the longer they
    were trained; how far optimizers differ in it is measured here, study by study.
    """

    grade: ClassVar[str] = "B"
    source: ClassVar[str] = "measured in this study"
    when: ClassVar[str] = (
        "models of two optimizers or more were compressed alike, without training, from the same seeds"
    )

    hits: ClassVar[tuple[Evidence, ...]] = (
        Evidence(records=(_run(0, "AdamW", 0.98, 0.97), _run(1, "Momentum", 0.97, 0.969))),
        Evidence(records=(_run(0, "AdamW", 0.98, 0.95), _run(1, "Momentum", 0.97, 0.969))),
    )
    misses: ClassVar[tuple[Evidence, ...]] = (
        Evidence(records=(_run(0, "AdamW", 0.98, 0.97),)),
        Evidence(records=(_run(0, "AdamW", 0.98, 0.97), _run(1, "Momentum", 0.97, 0.96, seed=1))),
        Evidence(
            records=(_run(0, "AdamW", 0.98, 0.98, done="none"), _run(1, "Momentum", 0.97, 0.97, done="none"))
        ),
    )

    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what the pass that most optimizers share costs each, and who leads before and after."""
        shared = _shared(evidence)
        if not shared:
            return
        before = {name: fmean(_reference(run) for run in runs) for name, runs in shared.items()}
        after = {name: fmean(run.measured_quality for run in runs) for name, runs in shared.items()}
        leads = _leads(_leaders(before, evidence.direction), _leaders(after, evidence.direction))
        for name, runs in shared.items():
            change = changed(evidence.metric, evidence.direction, after[name] - before[name], before[name])
            fall = f"from {evidence.metric} {number(before[name])} to {number(after[name])}"
            seeds = f"{several(len(runs), 'seed')}, {trials(run.number for run in runs)}"
            because = (
                f"{in_words(runs[0].params)} takes the model of {name} {fall} ({change}; {seeds}); {leads}"
            )
            yield self.finding(name, "note", because)


def _leaders(qualities: Mapping[str, float], direction: Direction) -> tuple[str, ...]:
    """Return who is ahead, by name; several where they are level."""
    best = direction.best(qualities.values())
    return tuple(sorted(name for name, quality in qualities.items() if quality == best))


def _leads(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    if before == after:
        so = "so its lead survives compression" if len(before) == 1 else "so none leads"
        return f"{_ahead(before)} before and after it, {so}"
    then = after[0] if len(before) == len(after) == 1 else _ahead(after)
    so = ", so that lead does not survive compression" if not set(before) & set(after) else ""
    return f"{_ahead(before)} before it and {then} after it{so}"


def _ahead(names: tuple[str, ...]) -> str:
    return f"{names[0]} leads" if len(names) == 1 else f"{listed(names)} are level"


def _shared(evidence: Evidence) -> dict[str, list[Record]]:
    """Return the runs of the pass that most optimizers share at the same seeds, by optimizer; else empty."""
    tried: dict[Pass, dict[str, dict[int, Record]]] = defaultdict(lambda: defaultdict(dict))
    for run in evidence.compressions:
        if done := _cheap(run.params):
            tried[done][run.optimizer].setdefault(run.seed, run)
    comparable: list[dict[str, list[Record]]] = []
    for _, runs in sorted(tried.items()):
        seeds = sorted(set.intersection(*(set(by_seed) for by_seed in runs.values())))
        if len(runs) > 1 and seeds:
            comparable.append(
                {name: [runs[name][seed] for seed in seeds] for name in evidence.optimizers if name in runs}
            )
    return max(
        comparable,
        key=lambda group: (len(group), len(next(iter(group.values()))), -_bytes(group)),
        default={},
    )


def _cheap(params: Mapping[str, Any]) -> Pass:
    """Return what was done to a model without training it; empty for nothing, or with training."""
    done = passes(params)
    if {"finetuning", "distillation"} & done.keys():
        return ()
    return tuple(sorted((key, str(value)) for key, value in done.items()))


def _bytes(shared: Mapping[str, list[Record]]) -> float:
    return fmean(run.footprint.file_bytes for runs in shared.values() for run in runs if run.footprint)


def _reference(run: Record) -> float:
    return run.footprint.reference_quality if run.footprint else 0.0
