"""Record: what a trial left behind. Standard library only, so that whatever reads records stays light."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal, Self

from studies.stored_types import check_types

State = Literal["complete", "pruned", "infeasible", "failed", "running"]
Stage = Literal["reference", "start", "race", "confirm", "compress", "ablate"]

OPENING_STAGES: Final[tuple[Stage, ...]] = ("reference", "start")
"""Stages of the recipes that a search opens with."""
SEARCH_STAGES: Final[tuple[Stage, ...]] = (*OPENING_STAGES, "race")
"""Stages that look for a training recipe; what comes after repeats or compresses what they found."""
ABLATION: Final[Stage] = "ablate"
"""Stage of the runs between two recipes, which say what each change brought; nothing else counts them."""
STAGES: Final[tuple[Stage, ...]] = (*SEARCH_STAGES, "confirm", "compress", ABLATION)
STATES: Final[tuple[State, ...]] = ("complete", "pruned", "infeasible", "failed", "running")

SEARCH_ENDED: Final = "the search ended"
"""How the error of a trial ends that was stopped because time was up or the user wanted to stop."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """Measurement: one point of a learning curve, taken at the end of an epoch."""

    epoch: int
    """Epochs trained so far, from 1."""
    step: int
    """Optimizer steps taken so far."""
    seconds: float
    """Training seconds so far, evaluation left out: of the processor, see `Record.train_seconds`."""
    train_loss: float
    """Mean loss over the epoch, as trained (with smoothing, penalties left out)."""
    valid_loss: float
    """Plain loss on the validation split."""
    valid_metric: float
    """The workload's metric on the validation split."""


def last_epoch(curve: Sequence[Measurement]) -> int:
    """Return the last epoch that a learning curve has a point for; 0 for none."""
    return curve[-1].epoch if curve else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """Latency of a deployed model and of the uncompressed one, timed in turns in the same runtime."""

    batch: int
    """Rows a pass."""
    median_seconds: float
    p90_seconds: float
    reference_seconds: float
    """Median of the uncompressed 32-bit model in the same runtime and the same minute: the quotient is what
    compression gives."""
    eager_seconds: float | None = None
    """Median of the uncompressed model in torch; what the runtime alone gives is this over the reference."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Footprint:
    """Footprint: what was measured on a deployed file, see `studies.deployment.footprint` for how."""

    file_bytes: int
    compressed_bytes: int
    """The same file through gzip."""
    reference_bytes: int
    """The file of the uncompressed 32-bit model."""
    reference_compressed_bytes: int
    parameters: int
    reference_parameters: int
    reference_quality: float
    """Validation metric of the uncompressed model's own deployed file: the same weights, nothing done to
    them."""
    reference_macs: int | None = None
    agreement: float
    """How far it answers as the uncompressed model does, 1 for the same."""
    latencies: tuple[Latency, ...]
    inference_bytes: int | None = None
    """Bytes by which a fresh process grew at its fullest while it answered 64 rows."""
    reference_inference_bytes: int | None = None
    finetuning_seconds: float = 0.0
    notes: tuple[str, ...] = ()
    """What a pass left untreated, and why."""
    path: str | None = None
    """The file in the study's folder of models, which keeps those of the front; None when it was not
    written."""

    def latency(self, batch: int) -> Latency | None:
        """Return what was timed at so many rows; None when nothing was."""
        return next((latency for latency in self.latencies if latency.batch == batch), None)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a footprint."""
        check_types(cls, values)
        for latency in values["latencies"]:
            check_types(Latency, latency)
        latencies = tuple(Latency(**latency) for latency in values["latencies"])
        return cls(**dict(values) | {"latencies": latencies, "notes": tuple(values.get("notes", ()))})


@dataclass(frozen=True, kw_only=True, slots=True)
class Stint:
    """Stint: a time that a worker had a trial, alone or in lockstep with others."""

    worker: int
    """Its number; a worker that takes another's place has another."""
    began: float
    """Seconds since 1970."""
    seconds: float
    """By the wall clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """Record of a trial: what was tried, how it went, what it cost; what was not measured is None.

    Example:
        >>> import advisor
        >>> params = advisor.Recipe().to_params()
        >>> run = advisor.Record(
        ...     number=0, state="complete", stage="race", seed=0, params=params, quality=0.9
        ... )
        >>> run.optimizer, run.peak_bytes
        ('AdamW', None)
    """

    number: int
    """The trial's number in its study."""
    state: State
    stage: Stage
    """`reference`: the optimizer's own defaults; `start`: a recipe of the portfolio, an earlier study or a
    file; `race`: asked of the sampler; `confirm`: a finalist again with a fresh seed; `compress`: a trained
    model made small; `ablate`: a recipe between the defaults and the advised one."""
    seed: int
    params: Mapping[str, Any]
    """The recipe in flat form."""
    curve: tuple[Measurement, ...] = ()
    quality: float | None = None
    """The best validation metric of the run; of a pruned trial, the best so far."""
    test_quality: float | None = None
    """The test metric at the best epoch; confirmation runs only."""
    train_seconds: float | None = None
    """Seconds of the whole training, evaluation left out: processor time of the training thread on a CPU, the
    device's time on a GPU; of a training function by the wall clock, as what it waits for is its own
    business."""
    peak_bytes: int | None = None
    """Most bytes held while training: the CUDA allocator's peak on a GPU, weights + gradients + state +
    activations on a CPU. Of a trial that was not begun because it takes too much, what its rehearsed steps
    held; None of one that took no step."""
    optimizer_state_bytes: int | None = None
    model_bytes: int | None = None
    sparsity: float | None = None
    """Share of exact zeros among the weights."""
    macs: int | None = None
    latency_seconds: float | None = None
    """Median seconds of one forward pass at batch 1: in torch, or of a deployed file in its runtime."""
    error: str | None = None
    """Why it did not complete: a divergence, a limit, an exception."""
    source: int | None = None
    """Of a confirmation run, the number of the trial it repeats; of a compressed model, of the trial that
    trained it; of an ablation run, of the trial whose recipe its path ends at."""
    routing: Mapping[str, str] = field(default_factory=dict)
    """Which optimizer stepped on which parameters: role and number of weights to its name."""
    units: Mapping[str, float] = field(default_factory=dict)
    """Where each searched value lies in its own range: -1 and 1 are the ends, 0 the default."""

    footprint: Footprint | None = None
    """Of a model deployed to a file: what was measured on it; quality, bytes and latency of the record are
    then its own."""
    wall_seconds: float | None = None
    """Seconds by the wall clock from asking to the last measurement: what it took of a budget."""
    split_seed: int | None = None
    """Of a confirmation run on rows drawn anew, the seed of that split; None for the study's own split."""
    sample_rows: int | None = None
    """Training rows that it trained on, where these are a sample; None for all there are."""
    output: tuple[str, ...] = ()
    """The last lines that it printed, of a trial that failed."""
    stints: tuple[Stint, ...] = ()
    """When which worker had it, from rung to rung; empty where that was not written down."""

    @property
    def cut_short(self) -> bool:
        """Tell whether it was stopped with the search, and not because others promised more."""
        return self.state == "pruned" and (self.error or "").endswith(SEARCH_ENDED)

    @property
    def searched(self) -> bool:
        """Tell whether it looked for a training recipe, rather than repeated or compressed one."""
        return self.stage in SEARCH_STAGES

    @property
    def optimizer(self) -> str:
        """Return the name of the optimizer."""
        return str(self.params["optimizer"])

    @property
    def took_seconds(self) -> float:
        """Return what it took of a budget; its training and a little more where nobody timed it."""
        return 1.15 * (self.train_seconds or 0.0) if self.wall_seconds is None else self.wall_seconds

    @property
    def measured_quality(self) -> float:
        """Return its quality, of a run that is known to have one.

        Raises:
            ValueError: it has none.
        """
        if self.quality is None:
            raise ValueError(f"trial {self.number} has no quality; only a run that was measured has")
        return float(self.quality)

    @property
    def epochs(self) -> int:
        """Return how many epochs were trained."""
        return last_epoch(self.curve)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON."""
        return asdict(self) | {
            "params": dict(self.params),
            "routing": dict(self.routing),
            "output": list(self.output),
            "curve": [asdict(point) for point in self.curve],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a record.

        Keys of a later version are passed over, so that an old program still reads a newer study.
        """
        known = {name: value for name, value in values.items() if name in FIELDS}
        footprint = known.get("footprint")
        known["footprint"] = None if footprint is None else Footprint.from_dict(footprint)
        known["output"] = tuple(known.get("output", ()))
        check_types(cls, known)
        for point in (curve := known.get("curve", ())):
            check_types(Measurement, point)
        for stint in (stints := known.get("stints", ())):
            check_types(Stint, stint)
        known["stints"] = tuple(Stint(**stint) for stint in stints)
        return cls(**known | {"curve": tuple(Measurement(**point) for point in curve)})


FIELDS: Final = frozenset(f.name for f in fields(Record))
"""Names of what a record says."""


def count_states(records: tuple[Record, ...]) -> dict[State, int]:
    """Return how many records are in each state, every state named."""
    return {state: sum(record.state == state for record in records) for state in STATES}
