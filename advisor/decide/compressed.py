"""Compressed models of a study: one entry a recipe, its figures over seeds, and which one to use.

Every figure is paired: a compressed file is held against the uncompressed file of the very same weights,
timed in turns with it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Final

from advisor.compressed_model import CompressedModel
from advisor.decide.interval import half_width
from advisor.decide.scale import LossScale
from advisor.decide.uncompressed import Key, References, model_of, training_of
from advisor.evidence import Evidence, has_quality
from advisor.report.compression_names import in_words, passes
from studies import pareto
from studies.direction import Direction

if TYPE_CHECKING:
    from studies.limits import Limits
    from studies.record import Footprint, Record

BEYOND_NOISE: Final = 1.05
"""Factor that a latency or a size must differ by to be called different: passes timed in turns agree to a few
per cent."""
MANY: Final = 64
"""Rows of the larger batch that is timed."""


def compressed_models(evidence: Evidence) -> tuple[CompressedModel, ...]:
    """Return what was compressed and measured, one entry a recipe, best quality first."""
    if not evidence.compressions:
        return ()
    controls = {_trained(run): run for run in evidence.compressions if _only_finetuned(run.params)}
    groups: dict[Key, list[Record]] = defaultdict(list)
    for run in evidence.compressions:
        groups[tuple(sorted((key, str(value)) for key, value in run.params.items()))].append(run)
    reference = References.of(evidence)
    first_runs = [_first_of_each_source(group) for group in groups.values()]
    entries = [_beside_control(_entry(runs, reference), runs, controls) for runs in first_runs]
    return tuple(sorted(entries, key=partial(_best_first, evidence.direction)))


def pareto_front(entries: Iterable[CompressedModel], direction: Direction) -> tuple[CompressedModel, ...]:
    """Pareto front: return those that no other beats in quality, file bytes, gzip bytes and latency.

    Gzip bytes are an objective: zeros pay nowhere else, and without it no unstructured pruning would ever be
    seen. Bytes and latencies count in steps of 5 %, so that jitter alone keeps nothing on the front.
    """
    loss = direction.loss
    return pareto.pareto_front(
        entries,
        lambda model: (
            loss(model.level),
            _step(model.model_bytes),
            _step(model.compressed_bytes),
            _step(model.latency_seconds),
        ),
    )


def best_fitting(entries: Iterable[CompressedModel], evidence: Evidence) -> CompressedModel | None:
    """Return the best quality that breaks no limit on the model's size and latency."""
    fitting = [model for model in entries if fits(model, evidence.limits)]
    return min(fitting, key=partial(_best_first, evidence.direction), default=None)


def smallest_tied(
    entries: Iterable[CompressedModel], evidence: Evidence, loss_scale: LossScale | None, margin: float
) -> CompressedModel | None:
    """Return the smallest whose quality is within the tie margin of the uncompressed model's.

    For the goal `speed`, the fastest; `unbeaten` says which of the two it is. One that stands on several
    seeds goes before those of one seed, which may be luck, unless such a one beats it in everything. The
    margin is a log-ratio of losses, and as wide as the spread over seeds. Where nothing is within it, what
    loses least. A control is never it: it is there to compare with.
    """
    deployable = [model for model in entries if not model.control]
    tied = [model for model in deployable if gap_opened(model, loss_scale) <= margin]
    if not tied:
        return min(deployable, key=lambda model: (gap_opened(model, loss_scale), model.trials), default=None)

    several = well_founded(tied, evidence)

    def key(model: CompressedModel) -> tuple[float, ...]:
        bytes_ = (_step(model.model_bytes), _step(model.compressed_bytes))
        latency = _step(model.latency_seconds)
        first = (latency, *bytes_) if evidence.goal == "speed" else (*bytes_, latency)
        return *first, -len(model.seeds), evidence.direction.loss(model.level), *map(float, model.trials)

    smallest = min(several or tied, key=key)
    return replace(smallest, unbeaten="faster" if evidence.goal == "speed" else "smaller")


def well_founded(entries: Iterable[CompressedModel], evidence: Evidence) -> tuple[CompressedModel, ...]:
    """Return the models on several seeds, of those that fit and that no other beats in everything."""
    front = pareto_front([model for model in entries if fits(model, evidence.limits)], evidence.direction)
    return tuple(model for model in front if len(model.seeds) > 1)


def gap_opened(model: CompressedModel, loss_scale: LossScale | None) -> float:
    """Return the gap that compression opened: the log-ratio of its loss to the uncompressed model's."""
    return (
        0.0 if loss_scale is None else loss_scale.gap(model.quality) - loss_scale.gap(model.reference_quality)
    )


def limited(limits: Limits) -> bool:
    """Tell whether the model's size or latency is limited, which compression can help with."""
    return limits.model_bytes is not None or limits.latency_seconds is not None


def fits(model: CompressedModel, limits: Limits) -> bool:
    """Tell whether a deployed file breaks no limit on its size and latency."""
    costs = dict.fromkeys(("peak_bytes", "train_seconds"))
    return not limits.exceeded(
        {**costs, "model_bytes": model.model_bytes, "latency_seconds": model.latency_seconds}
    )


def command(evidence: Evidence) -> str:
    """Return the command that compresses the study's models; empty when the evidence is of no study."""
    return evidence.compress or (
        f"advisor compress {evidence.study}" if evidence.study and evidence.resume else ""
    )


def _best_first(direction: Direction, model: CompressedModel) -> tuple[float, int, int, tuple[int, ...]]:
    return direction.loss(model.level), -len(model.seeds), model.model_bytes, model.trials


def _step(value: float | None) -> float:
    """Return a cost in steps of 5 %; infinity when it was not measured."""
    return math.inf if value is None else float(round(math.log(max(value, 1e-12)) / math.log(BEYOND_NOISE)))


def _only_finetuned(params: Mapping[str, Any]) -> bool:
    done = passes(params)
    return bool(done) and all(key.split(".", 1)[0] == "finetuning" for key in done)


def _trained(run: Record) -> tuple[Any, ...]:
    """Return what a fine-tuned model shares with its control: the starting weights and the fine-tuning."""
    finetuning = {
        key: value for key, value in passes(run.params).items() if key.split(".", 1)[0] == "finetuning"
    }
    return (
        run.source,
        run.seed,
        model_of(run.params),
        tuple(sorted((key, str(value)) for key, value in finetuning.items())),
    )


def _first_of_each_source(group: Iterable[Record]) -> list[Record]:
    """Return the first run from each trained model; a repetition is no further seed."""
    first: dict[tuple[int | None, int], Record] = {}
    for run in group:
        first.setdefault((run.source, run.seed), run)
    return list(first.values())


def _entry(runs: list[Record], reference: References) -> CompressedModel:
    """Return the figures of a recipe from its runs, one a trained model."""
    prints = [footprint for run in runs if (footprint := run.footprint)]
    params, done = dict(runs[0].params), passes(runs[0].params)
    changes = [
        _quality(run) - footprint.reference_quality for run, footprint in zip(runs, prints, strict=True)
    ]
    speedups = _speedups(prints, 1)
    files = [run.model_bytes or footprint.file_bytes for run, footprint in zip(runs, prints, strict=True)]
    zipped = [footprint.compressed_bytes for footprint in prints]
    student = reference.model_of_source(runs[0]) != model_of(params)
    whole = all(footprint.parameters >= footprint.reference_parameters for footprint in prints)
    return CompressedModel(
        optimizer=runs[0].optimizer,
        name=in_words(params, student=student),
        params=params,
        trials=tuple(run.number for run in runs),
        sources=tuple(sorted({run.source for run in runs if run.source is not None})),
        seeds=tuple(sorted({run.seed for run in runs})),
        quality=fmean(map(_quality, runs)),
        reference_quality=fmean(footprint.reference_quality for footprint in prints),
        change=fmean(changes),
        level=reference.qualities[training_of(params)] + fmean(changes),
        change_reach=half_width(changes),
        model_bytes=max(files),
        compressed_bytes=max(zipped),
        size_ratio=max(footprint.reference_bytes for footprint in prints) / max(1, *files),
        gzip_ratio=max(footprint.reference_compressed_bytes for footprint in prints) / max(1, *zipped),
        latency_seconds=reference.latency(runs[0], speedups) or _median([_latency(run) for run in runs]),
        speedup=_median(speedups),
        speedup_many=_median(_speedups(prints, MANY)),
        pace=_pace(speedups),
        runtime_speedup=_median(_runtime(prints)),
        sparsity=_mean([run.sparsity for run in runs]),
        agreement=fmean(footprint.agreement for footprint in prints),
        finetuning_seconds=_median([run.train_seconds for run in runs]),
        zeros_only="pruning" in done and whole and not student,
        finetuned="finetuning" in done,
        plain=not done and not student,
        control=_only_finetuned(params) and not student,
        notes=tuple(dict.fromkeys(note for footprint in prints for note in footprint.notes)),
        file=prints[0].path,
    )


def _beside_control(
    model: CompressedModel, runs: Iterable[Record], controls: Mapping[tuple[Any, ...], Record]
) -> CompressedModel:
    """Return a fine-tuned model beside its control: the same fine-tuning of the same weights alone."""
    if not model.finetuned or _only_finetuned(model.params):
        return model
    pairs = [(run, controls[_trained(run)]) for run in runs if _trained(run) in controls]
    change = _mean([_quality(run) - _quality(control) for run, control in pairs])
    return replace(model, control_trials=tuple(control.number for _, control in pairs), control_change=change)


def _quality(run: Record) -> float:
    assert has_quality(run) and run.quality is not None  # noqa: S101, PT018 - only such runs are looked at
    return run.quality


def _latency(run: Record) -> float | None:
    timed = run.footprint.latency(1) if run.footprint else None
    return run.latency_seconds if run.latency_seconds is not None else timed.median_seconds if timed else None


def _speedups(prints: Iterable[Footprint], batch: int) -> list[float]:
    timed = [latency for footprint in prints if (latency := footprint.latency(batch))]
    return [
        latency.reference_seconds / latency.median_seconds for latency in timed if latency.median_seconds > 0
    ]


def _runtime(prints: Iterable[Footprint]) -> list[float]:
    timed = [latency for footprint in prints if (latency := footprint.latency(1))]
    return [
        latency.eager_seconds / latency.reference_seconds
        for latency in timed
        if latency.eager_seconds and latency.reference_seconds > 0
    ]


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
