"""Compression task: what a worker is told of a model to be made small, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from studies.compression.pipeline import Step
from studies.record import Record

WHERE: Final[Mapping[int, str]] = {
    Step.LOAD: "while its trained model was loaded or trained again",
    Step.EXPORT: "while it was exported",
    Step.TRAIN: "while it was pruned or trained further",
    Step.QUANTIZE: "while it was quantized and measured",
}
"""What a task was at, by the step that it last reported."""
WHILE_TIMED: Final = "while its latency was measured"


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionTask:
    """Recipe to make a trained model small with; everything is measured but what it takes to answer."""

    run: Record
    """The run whose model it is."""
    params: Mapping[str, Any]
    """The recipe in flat form."""
    teachers: tuple[Record, ...] = ()
    """Runs whose models teach too, unless the user named a teacher."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionResult:
    """What became of a recipe."""

    record: Record | None = None
    """None where there is nothing to write down."""
    violation: float = 0.0
    """Of an infeasible one, by how much."""
    made: bool = False
    """Whether there was a model to quantize: else it cannot be made for another quantization either."""
    lost: bool = False
    """Whether the trained model cannot be had again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatencyTask:
    """Deployed file to be timed, in turns with the uncompressed model of the run that it came from."""

    run: Record
    path: str
    """In the study's folder of models."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SensitivityTask:
    """Run whose model is to be scanned, layer by layer."""

    run: Record
