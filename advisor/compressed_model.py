"""Compressed model: a recipe and its figures over seeds, beside the uncompressed file of the same weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressedModel:
    """Compressed model: one way to make one optimizer's model small, over all seeds that it was done for."""

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
    """Mean of quality less reference quality, seed by seed, in the metric's own units: below 0 is worse where
    it is maximized."""
    level: float
    """Its quality on the models of all seeds: the mean of the uncompressed files of all of them, plus the
    paired change. What was done for one lucky seed has no lead by it."""
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
    """Of one row: the median over the uncompressed files of the same model, divided by the paired speedup, so
    that a busy minute counts for none and against none."""
    speedup: float | None
    """How many times faster than the uncompressed file in the same runtime, one row at a time."""
    speedup_many: float | None
    """The same at 64 rows a pass."""
    pace: str
    """faster | slower | as fast: what all seeds agree on beyond noise, one row at a time; empty when nothing
    was timed."""
    runtime_speedup: float | None
    """How many times faster than torch the uncompressed file is: what the runtime alone gives, and no
    compression."""
    sparsity: float | None
    agreement: float
    """Mean over the seeds; 1 for a model that answers as the uncompressed one does."""
    finetuning_seconds: float | None
    """What the compression itself trained, median over the seeds."""
    zeros_only: bool
    """Whether it was pruned without a parameter being taken out: what that saves shows in the gzip bytes
    alone."""
    finetuned: bool
    plain: bool
    """Whether this is the uncompressed file itself."""
    control: bool
    """Whether nothing but the fine-tuning was done: what the further epochs give by themselves."""
    control_trials: tuple[int, ...] = ()
    """Trials of the same fine-tuning with nothing else; empty when it was not run or nothing was
    fine-tuned."""
    control_change: float | None = None
    """Mean of quality less the control's, seed by seed."""
    unbeaten: str = ""
    """smaller | faster: what no other way makes its file at a quality within the tie margin, if that is why
    it is advised."""
    notes: tuple[str, ...] = ()
    """What a pass left untreated, and why."""
    file: str | None = None
    """Name of the file of the best of its runs, in the study's folder of models."""
