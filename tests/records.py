"""Records made by hand: a plausible curve and plausible costs, without training anything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from studies.direction import MAXIMIZE, Direction
from studies.facts import Facts
from studies.memory_forecast import Forecast
from studies.record import Footprint, Latency, Measurement, Record, Stage, State

PARAMETERS = 10_000
ACTIVATION_BYTES = 40_000
STATE_FLOATS = {"SGD": 0, "Momentum": 1, "Nesterov": 1, "RMSprop": 1, "Adagrad": 1, "Adam": 2, "AdamW": 2}
LEARNING_RATES = {
    "SGD": 0.1, "Momentum": 0.03, "Nesterov": 0.03, "RMSprop": 1e-3, "Adagrad": 0.03, "Adam": 1e-3,
    "AdamW": 1e-3,
}  # fmt: skip
OPTIMIZERS = tuple(STATE_FLOATS)
NOTHING_DONE = {"distillation": "none", "pruning": "none", "finetuning": "none", "quantization": "none"}


def record(
    number: int,
    optimizer: str = "AdamW",
    quality: float | None = 0.9,
    *,
    stage: Stage = "race",
    state: State = "complete",
    seed: int = 0,
    epochs: int = 9,
    direction: str = "maximize",
    params: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Record:
    """Return one record; `params` adds to its recipe and `fields` replaces any field.

    A pruned trial has a third of the curve, an infeasible or failed one none and no quality.
    """
    whole = state == "complete"
    quality = quality if state in ("complete", "pruned") else None
    trained = epochs if whole else max(1, epochs // 3) if state == "pruned" else 0
    points = curve(quality, trained, direction=direction) if quality is not None else ()
    defaults: dict[str, Any] = {
        "curve": points,
        "quality": quality,
        "train_seconds": points[-1].seconds if points else None,
        "test_quality": quality if whole and stage == "confirm" else None,
        "error": {"infeasible": "diverged: the loss was nan in epoch 1", "failed": "RuntimeError: boom"}.get(
            state
        ),
        "units": {"optimizer.lr": 0.1} if stage == "race" else {},
    }
    if whole:
        defaults |= costs(optimizer)
    return Record(
        number=number,
        state=state,
        stage=stage,
        seed=seed,
        params=recipe(optimizer) | dict(params or {}),
        **defaults | fields,
    )


def recipe(optimizer: str) -> dict[str, Any]:
    """Return a flat recipe of that optimizer."""
    return {
        "optimizer": optimizer,
        f"optimizer.{optimizer}.lr": LEARNING_RATES.get(optimizer, 0.01),
        "schedule": "Cosine",
        "model": "Linear",
        "regularizers": "",
        "pruning": "none",
        "quantization": "none",
        "distillation": "none",
        "batch_size": 32,
        "epochs": 9,
    }


def costs(optimizer: str) -> dict[str, Any]:
    """Return measured costs of a net of 10,000 parameters."""
    weights = 4 * PARAMETERS
    state = 4 * PARAMETERS * STATE_FLOATS.get(optimizer, 2)
    return {
        "peak_bytes": 2 * weights + state + ACTIVATION_BYTES,
        "optimizer_state_bytes": state,
        "model_bytes": weights,
        "sparsity": 0.0,
        "macs": PARAMETERS,
        "latency_seconds": 1e-4,
    }


def curve(
    quality: float, epochs: int, *, direction: str = "maximize", seconds: float = 0.2
) -> tuple[Measurement, ...]:
    """Return a curve that reaches `quality` after about 70 % of the epochs and stays just below it after."""
    peak = max(1, math.ceil(0.7 * epochs))
    sign = 1 if Direction(direction).maximizes else -1
    return tuple(_point(epoch, peak, quality, sign, seconds) for epoch in range(1, epochs + 1))


def _point(epoch: int, peak: int, quality: float, sign: int, seconds: float) -> Measurement:
    missing = 0.0 if epoch == peak else 0.5 * math.exp(-3 * epoch / peak) if epoch < peak else 0.001
    metric = quality - sign * missing * max(abs(quality), 1e-3)
    return Measurement(
        epoch=epoch,
        step=30 * epoch,
        seconds=seconds * epoch,
        train_loss=0.1 + math.exp(-epoch / peak),
        valid_loss=0.15 + missing + 0.1 / (1 + abs(quality)),
        valid_metric=metric,
    )


def confirmations(
    first: int, optimizer: str, qualities: Iterable[float | None], *, source: int, **fields: Any
) -> tuple[Record, ...]:
    """Return confirmation runs of trial `source`, one a quality, with seeds 1000, 1001 ...; None diverged."""
    return tuple(
        record(
            first + index,
            optimizer,
            quality,
            stage="confirm",
            state="complete" if quality is not None else "infeasible",
            seed=1000 + index,
            source=source,
            **fields,
        )
        for index, quality in enumerate(qualities)
    )


def study(
    qualities: Mapping[str, Iterable[float]],
    *,
    confirmed: Mapping[str, Iterable[float]] | None = None,
    **fields: Any,
) -> tuple[Record, ...]:
    """Return a search: an optimizer's first quality is its reference trial's; the best trial is confirmed."""
    records: list[Record] = []
    for optimizer, values in qualities.items():
        for index, quality in enumerate(values):
            stage: Stage = "race" if index else "reference"
            records.append(record(len(records), optimizer, quality, stage=stage, **fields))
    loss = Direction(fields.get("direction", MAXIMIZE)).loss
    for optimizer, values in (confirmed or {}).items():
        best = min((run for run in records if run.optimizer == optimizer), key=lambda run: loss(run.quality))
        records += confirmations(len(records), optimizer, values, source=best.number, **fields)
    return tuple(records)


def facts(**fields: Any) -> Facts:
    """Return facts of the same net with a memory forecast for every optimizer."""
    return Facts(**{"parameters": PARAMETERS, "forecasts": forecasts()} | fields)


def forecasts(optimizers: Iterable[str] = OPTIMIZERS) -> tuple[Forecast, ...]:
    """Return forecasts that agree with the measured costs to the byte."""
    return tuple(
        Forecast(
            optimizer=optimizer,
            weight_bytes=4 * PARAMETERS,
            gradient_bytes=4 * PARAMETERS,
            state_bytes=4 * PARAMETERS * STATE_FLOATS.get(optimizer, 2),
            activation_bytes=ACTIVATION_BYTES,
            batch_size=32,
        )
        for optimizer in optimizers
    )


def deployed(
    number: int,
    source: Record,
    quality: float | None,
    *,
    done: Mapping[str, Any] | None = None,
    file_bytes: int = 4 * PARAMETERS,
    compressed_bytes: int | None = None,
    seconds: float = 5e-5,
    state: State = "complete",
    prints: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Record:
    """Return the record of a model deployed to a file: `done` adds to its recipe, `prints` to its footprint.

    The uncompressed file has 40,000 bytes, answers a row in 50 us where torch takes 100, and is as good as
    its source.
    """
    whole = state == "complete"
    reference = source.measured_quality
    values: dict[str, Any] = {
        "file_bytes": file_bytes,
        "compressed_bytes": round(0.9 * file_bytes) if compressed_bytes is None else compressed_bytes,
        "reference_bytes": 4 * PARAMETERS,
        "reference_compressed_bytes": round(0.9 * 4 * PARAMETERS),
        "parameters": PARAMETERS,
        "reference_parameters": PARAMETERS,
        "reference_quality": reference,
        "agreement": 0.99,
        "latencies": (
            Latency(
                batch=1,
                median_seconds=seconds,
                p90_seconds=1.2 * seconds,
                reference_seconds=5e-5,
                eager_seconds=1e-4,
            ),
            Latency(
                batch=64,
                median_seconds=8 * seconds,
                p90_seconds=9 * seconds,
                reference_seconds=4e-4,
                eager_seconds=6e-4,
            ),
        ),
    }
    measured: dict[str, Any] = {
        "curve": (), "train_seconds": 0.0, "units": {}, "source": source.number, "seed": source.seed,
        "error": None if whole else "cannot compress: boom",
    }  # fmt: skip
    if whole:
        measured |= {
            "model_bytes": file_bytes,
            "latency_seconds": seconds,
            "peak_bytes": None,
            "optimizer_state_bytes": None,
        }
        measured |= {"footprint": Footprint(**values | dict(prints or {})), "test_quality": None}
    recipe_ = dict(source.params) | NOTHING_DONE | dict(done or {})
    return record(
        number, source.optimizer, quality, stage="compress", state=state, params=recipe_, **measured | fields
    )


def compressions(
    first: int,
    sources: Iterable[Record],
    *,
    loss: Iterable[float] = (0.0,),
    direction: str = "maximize",
    **fields: Any,
) -> tuple[Record, ...]:
    """Return one compressed model a source, each worse by its `loss`, the last loss for those beyond."""
    losses, toward = list(loss), Direction(direction)
    return tuple(
        deployed(
            first + index,
            source,
            source.measured_quality + toward.loss(losses[min(index, len(losses) - 1)]),
            direction=direction,
            **fields,
        )
        for index, source in enumerate(sources)
    )


def equals(count: int, quality: float) -> tuple[Record, ...]:
    """Return a reference run of each of so many optimizers, all as good."""
    return tuple(record(place, OPTIMIZERS[place], quality, stage="reference") for place in range(count))
