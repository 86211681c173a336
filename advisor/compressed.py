"""What compression did to the trained models of a study: one entry a recipe, its figures over seeds, and which one to use.

Every figure is paired: a compressed file is held against the uncompressed file of the very same weights, timed in turns with it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Final

from advisor.compression_words import NOTHING, in_words
from advisor.evidence import Evidence, has_quality
from advisor.gaps import scale
from advisor.interval import half_width
from studies import pareto
from studies.direction import Direction
from studies.recipe import COMPRESSION_AXES

if TYPE_CHECKING:
    from studies.limits import Limits
    from studies.record import Footprint, Record

BEYOND_NOISE: Final = 1.05
"""Factor that a latency or a size must differ by to be called different: passes timed in turns agree to a few per cent."""
MANY: Final = 64
"""Rows of the larger batch that is timed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shrunk:
    """One way to make one optimizer's model small, over all seeds that it was done for."""

    optimizer: str
    name: str
    """In words: 80 % magnitude pruning + static int8."""
    params: Mapping[str, Any]
    """The whole recipe in flat form, training and compression."""
    trials: tuple[int, ...]
    sources: tuple[int, ...]
    """The trials that trained the models."""
    seeds: tuple[int, ...]
    quality: float
    """Mean validation metric of the deployed files."""
    reference_quality: float
    """The same of the uncompressed files."""
    change: float
    """Mean of quality less reference quality, seed by seed, in the metric's own units: below 0 is worse where it is maximized."""
    change_reach: float | None
    """Half-width of the 90 % interval of that mean; None with one seed."""
    model_bytes: int
    """The largest of the files."""
    compressed_bytes: int
    """The largest of them through gzip."""
    size_ratio: float
    """How many times smaller than the uncompressed file."""
    gzip_ratio: float
    """The same of both through gzip."""
    latency_seconds: float | None
    """Of one row, median over the seeds."""
    speedup: float | None
    """How many times faster than the uncompressed file in the same runtime, one row at a time."""
    speedup_many: float | None
    """The same at 64 rows a pass."""
    pace: str
    """faster | slower | as fast: what all seeds agree on beyond noise, one row at a time; empty when nothing was timed."""
    runtime_speedup: float | None
    """How many times faster than torch the uncompressed file is: what the runtime alone gives, and no compression."""
    sparsity: float | None
    agreement: float
    """Mean over the seeds; 1 for a model that answers as the uncompressed one does."""
    finetuning_seconds: float | None
    """What the compression itself trained, median over the seeds."""
    zeros_only: bool
    """Whether it was pruned without a parameter being taken out: what that saves shows in the gzip bytes alone."""
    finetuned: bool
    plain: bool
    """Whether this is the uncompressed file itself."""
    control: bool
    """Whether nothing but the fine-tuning was done: what the further epochs give by themselves."""
    control_trials: tuple[int, ...] = ()
    """Trials of the same fine-tuning with nothing else; empty when it was not run or nothing was fine-tuned."""
    control_change: float | None = None
    """Mean of quality less the control's, seed by seed."""
    notes: tuple[str, ...] = ()
    """What a pass left untreated, and why."""
    file: str | None = None
    """Name of the file of the best of its runs, in the study's folder of models."""


def shrunk(evidence: Evidence) -> tuple[Shrunk, ...]:
    """Return what was compressed and measured, one entry a recipe, best quality first."""
    if not evidence.compressions:
        return ()
    controls = {_trained(run): run for run in evidence.compressions if _only_finetuned(run.params)}
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for run in evidence.compressions:
        groups[tuple(sorted((key, str(value)) for key, value in run.params.items()))].append(run)
    models = {record.number: _model(record.params) for record in evidence.records if record.stage != "compress"}
    found = [_entry(_one_a_source(group), controls, models) for group in groups.values()]
    return tuple(sorted(found, key=partial(_standing, evidence.direction)))


def _standing(direction: Direction, one: Shrunk) -> tuple[float, int, int, tuple[int, ...]]:
    return direction.loss(one.quality), -len(one.seeds), one.model_bytes, one.trials


def front(entries: Iterable[Shrunk], direction: Direction) -> tuple[Shrunk, ...]:
    """Return those that no other beats in quality, file bytes, gzip bytes and latency.

    Gzip bytes are an objective: zeros pay nowhere else, and without it no unstructured pruning would ever be seen. Bytes and
    latencies count in steps of 5 %, so that jitter alone keeps nothing on the front.
    """
    loss = direction.loss
    return pareto.front(
        entries,
        lambda one: (loss(one.quality), _step(one.model_bytes), _step(one.compressed_bytes), _step(one.latency_seconds)),
    )


def best_fitting(entries: Iterable[Shrunk], evidence: Evidence) -> Shrunk | None:
    """Return the best quality that breaks no limit on the model's size and latency."""
    fitting = [one for one in entries if fits(one, evidence.limits)]
    return min(fitting, key=partial(_standing, evidence.direction), default=None)


def smallest_tied(entries: Iterable[Shrunk], evidence: Evidence, margin: float) -> Shrunk | None:
    """Return the smallest whose quality is within the tie margin of the uncompressed model's; the fastest for the goal `speed`.

    The margin is a log-ratio of losses, and as wide as the spread over seeds. Where nothing is within it, what loses least. A
    control is never it: it is there to compare with.
    """
    every = [one for one in entries if not one.control]
    tied = [one for one in every if lost(one, evidence) <= margin]
    if not tied:
        return min(every, key=lambda one: (lost(one, evidence), one.trials), default=None)

    def key(one: Shrunk) -> tuple[float, ...]:
        small = (_step(one.model_bytes), _step(one.compressed_bytes))
        first = (_step(one.latency_seconds), *small) if evidence.goal == "speed" else (*small, _step(one.latency_seconds))
        return *first, -len(one.seeds), evidence.direction.loss(one.quality), *map(float, one.trials)

    return min(tied, key=key)


def lost(one: Shrunk, evidence: Evidence) -> float:
    """Return the gap that compression opened, the log-ratio of its loss to the uncompressed model's; below 0 where it is less."""
    measure = scale(evidence)
    return 0.0 if measure is None else measure.gap(one.quality) - measure.gap(one.reference_quality)


def limited(limits: Limits) -> bool:
    """Tell whether the model's size or latency is limited, which compression can help with."""
    return limits.model_bytes is not None or limits.latency_seconds is not None


def fits(one: Shrunk, limits: Limits) -> bool:
    """Tell whether a deployed file breaks no limit on its size and latency."""
    costs = dict.fromkeys(("peak_bytes", "train_seconds"))
    return not limits.exceeded({**costs, "model_bytes": one.model_bytes, "latency_seconds": one.latency_seconds})


def command(evidence: Evidence) -> str:
    """Return the command that compresses the study's models; empty when the evidence is of no study."""
    return evidence.compress or (f"advisor compress {evidence.study}" if evidence.study and evidence.resume else "")


def passes(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recipe does to the trained model: the compression axes, without those on which nothing was chosen."""
    chosen = {axis: params[axis] for axis in COMPRESSION_AXES if str(params.get(axis, "none")) not in NOTHING}
    return {key: value for key, value in params.items() if key.split(".", 1)[0] in chosen}


def _step(value: float | None) -> float:
    """Return a cost in steps of 5 %; infinity when it was not measured."""
    return math.inf if value is None else float(round(math.log(max(value, 1e-12)) / math.log(BEYOND_NOISE)))


def _model(params: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, str(value)) for key, value in params.items() if key == "model" or key.startswith("model.")))


def _only_finetuned(params: Mapping[str, Any]) -> bool:
    done = passes(params)
    return bool(done) and all(key.split(".", 1)[0] == "finetuning" for key in done)


def _trained(run: Record) -> tuple[Any, ...]:
    """Return what a fine-tuned model shares with its control: the weights it started from and how they were trained on."""
    own = {key: value for key, value in passes(run.params).items() if key.split(".", 1)[0] == "finetuning"}
    return run.source, run.seed, _model(run.params), tuple(sorted((key, str(value)) for key, value in own.items()))


def _one_a_source(group: Iterable[Record]) -> list[Record]:
    """Return the first run from each trained model; a repetition is no further seed."""
    first: dict[tuple[int | None, int], Record] = {}
    for run in group:
        first.setdefault((run.source, run.seed), run)
    return list(first.values())


def _entry(runs: list[Record], controls: Mapping[tuple[Any, ...], Record], models: Mapping[int, Any]) -> Shrunk:
    """Return the figures of one recipe.

    Args:
        runs: of the recipe, one a trained model; all have a quality and a footprint.
        controls: runs that were fine-tuned and nothing else, by what they share with those they are a control of.
        models: of trials that trained one, the model's part of the recipe: another one is a student.
    """
    prints = [footprint for run in runs if (footprint := run.footprint)]
    params = dict(runs[0].params)
    done = passes(params)
    changes = [_quality(run) - footprint.reference_quality for run, footprint in zip(runs, prints, strict=True)]
    finetuned, only = "finetuning" in done, _only_finetuned(params)
    found = [(run, controls[_trained(run)]) for run in runs if finetuned and not only and _trained(run) in controls]
    speedups = _speedups(prints, 1)
    files = [run.model_bytes or footprint.file_bytes for run, footprint in zip(runs, prints, strict=True)]
    zipped = [footprint.compressed_bytes for footprint in prints]
    student = models.get(-1 if runs[0].source is None else runs[0].source, _model(params)) != _model(params)
    whole = all(footprint.parameters >= footprint.reference_parameters for footprint in prints)
    return Shrunk(
        optimizer=runs[0].optimizer,
        name=in_words(params, student=student),
        params=params,
        trials=tuple(run.number for run in runs),
        sources=tuple(sorted({run.source for run in runs if run.source is not None})),
        seeds=tuple(sorted({run.seed for run in runs})),
        quality=fmean(map(_quality, runs)),
        reference_quality=fmean(footprint.reference_quality for footprint in prints),
        change=fmean(changes),
        change_reach=half_width(changes),
        model_bytes=max(files),
        compressed_bytes=max(zipped),
        size_ratio=max(footprint.reference_bytes for footprint in prints) / max(1, *files),
        gzip_ratio=max(footprint.reference_compressed_bytes for footprint in prints) / max(1, *zipped),
        latency_seconds=_median([_latency(run) for run in runs]),
        speedup=_median(speedups),
        speedup_many=_median(_speedups(prints, MANY)),
        pace=_pace(speedups),
        runtime_speedup=_median(_runtime(prints)),
        sparsity=_mean([run.sparsity for run in runs]),
        agreement=fmean(footprint.agreement for footprint in prints),
        finetuning_seconds=_median([run.train_seconds for run in runs]),
        zeros_only="pruning" in done and whole and not student,
        finetuned=finetuned,
        plain=not done and not student,
        control=only and not student,
        control_trials=tuple(control.number for _, control in found),
        control_change=_mean([_quality(run) - _quality(control) for run, control in found]),
        notes=tuple(dict.fromkeys(note for footprint in prints for note in footprint.notes)),
        file=prints[0].path,
    )


def _quality(run: Record) -> float:
    assert has_quality(run) and run.quality is not None  # noqa: S101, PT018 - only such runs are looked at
    return run.quality


def _latency(run: Record) -> float | None:
    timed = run.footprint.latency(1) if run.footprint else None
    return run.latency_seconds if run.latency_seconds is not None else timed.median_seconds if timed else None


def _speedups(prints: Iterable[Footprint], batch: int) -> list[float]:
    timed = [latency for footprint in prints if (latency := footprint.latency(batch))]
    return [one.reference_seconds / one.median_seconds for one in timed if one.median_seconds > 0]


def _runtime(prints: Iterable[Footprint]) -> list[float]:
    timed = [latency for footprint in prints if (latency := footprint.latency(1))]
    return [one.eager_seconds / one.reference_seconds for one in timed if one.eager_seconds and one.reference_seconds > 0]


def _pace(speedups: Sequence[float]) -> str:
    """Return what the seeds agree on: a median beyond noise, and no seed that says the contrary."""
    if not speedups:
        return ""
    middle = median(speedups)
    if middle >= BEYOND_NOISE and min(speedups) >= 1:
        return "faster"
    return "slower" if middle <= 1 / BEYOND_NOISE and max(speedups) <= 1 else "as fast"


def _known(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _median(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return median(known) if known else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = _known(values)
    return fmean(known) if known else None
