"""Uncompressed files that compressed models are held against, over all seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from advisor.evidence import Evidence
from studies.recipe import COMPRESSION_AXES

if TYPE_CHECKING:
    from studies.record import Record

Key = tuple[tuple[str, str], ...]
"""Settings of a recipe that tell it from others: name and value of each."""


def model_of(params: Mapping[str, Any]) -> Key:
    """Return the model of a recipe."""
    return tuple(
        sorted((key, str(value)) for key, value in params.items() if key.split(".", 1)[0] == "model")
    )


def training_of(params: Mapping[str, Any]) -> Key:
    """Return what trained a model, whatever was done to it afterwards."""
    later = {*COMPRESSION_AXES, "model"}
    return tuple(
        sorted((key, str(value)) for key, value in params.items() if key.split(".", 1)[0] not in later)
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class References:
    """Uncompressed files that compressed models are held against."""

    models: Mapping[int, Key]
    """The model that each trial trained."""
    qualities: Mapping[Key, float]
    """Mean over the seeds, by what trained them."""
    seconds: Mapping[Key, float]
    """Median latency of one row over all files that were timed, by model."""

    @classmethod
    def of(cls, evidence: Evidence) -> References:
        """Return the uncompressed files that the records of the compression measured."""
        models = {run.number: model_of(run.params) for run in evidence.records if run.stage != "compress"}
        files = [(run, run.footprint) for run in evidence.compressions if run.footprint]
        qualities: dict[Key, dict[int | None, float]] = defaultdict(dict)
        seconds: dict[Key, list[float]] = defaultdict(list)
        for run, footprint in files:
            qualities[training_of(run.params)][run.source] = footprint.reference_quality
            if timed := footprint.latency(1):
                seconds[_of_source(models, run)].append(timed.reference_seconds)
        return cls(
            models=models,
            qualities={training: fmean(of_source.values()) for training, of_source in qualities.items()},
            seconds={model: median(times) for model, times in seconds.items()},
        )

    def model_of_source(self, run: Record) -> Key:
        """Return the model that a run made small."""
        return _of_source(self.models, run)

    def latency(self, run: Record, speedups: Sequence[float]) -> float | None:
        """Return the latency of what is so many times faster than the uncompressed file of a run's source."""
        return self.seconds[self.model_of_source(run)] / median(speedups) if speedups else None


def _of_source(models: Mapping[int, Key], run: Record) -> Key:
    return models.get(-1 if run.source is None else run.source, model_of(run.params))
