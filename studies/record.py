"""What a trial left behind. Standard library only, so that whatever reads records stays light."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Literal, Self

State = Literal["complete", "pruned", "infeasible", "failed", "running"]
Stage = Literal["reference", "start", "race", "confirm"]

STATES: Final[tuple[State, ...]] = ("complete", "pruned", "infeasible", "failed", "running")


@dataclass(frozen=True, kw_only=True, slots=True)
class Measurement:
    """One point of a learning curve, taken at the end of an epoch."""

    epoch: int
    """Epochs trained so far, from 1."""
    step: int
    """Optimizer steps taken so far."""
    seconds: float
    """Training seconds so far, evaluation left out."""
    train_loss: float
    """Mean loss over the epoch, as trained (with smoothing, penalties left out)."""
    valid_loss: float
    """Plain loss on the validation split."""
    valid_metric: float
    """The workload's metric on the validation split."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One trial: what was tried, how it went, what it cost. A field that was not measured is None."""

    number: int
    """The trial's number in its study."""
    state: State
    stage: Stage
    """`reference`: the optimizer's own defaults; `start`: a recipe from an earlier study; `race`: asked of the sampler;
    `confirm`: a finalist again with a fresh seed."""
    seed: int
    params: Mapping[str, Any]
    """The recipe in flat form."""
    curve: tuple[Measurement, ...] = ()
    quality: float | None = None
    """The best validation metric of the run; of a pruned trial, the best so far."""
    test_quality: float | None = None
    """The test metric at the best epoch; confirmation runs only."""
    train_seconds: float | None = None
    peak_bytes: int | None = None
    """Most bytes held while training: the CUDA allocator's peak on a GPU, weights + gradients + state + activations on a CPU."""
    optimizer_state_bytes: int | None = None
    model_bytes: int | None = None
    sparsity: float | None = None
    """Share of exact zeros among the weights."""
    macs: int | None = None
    latency_seconds: float | None = None
    """Median seconds of one forward pass at batch 1."""
    error: str | None = None
    """Why it did not complete: a divergence, a limit, an exception."""
    source: int | None = None
    """Of a confirmation run, the number of the trial it repeats."""
    routing: Mapping[str, str] = field(default_factory=dict)
    """Which optimizer stepped on which parameters: role and number of weights to its name."""
    units: Mapping[str, float] = field(default_factory=dict)
    """Where each searched value lies in its own range: -1 and 1 are the ends, 0 the default."""

    @property
    def optimizer(self) -> str:
        """Return the name of the optimizer."""
        return str(self.params["optimizer"])

    @property
    def epochs(self) -> int:
        """Return how many epochs were trained."""
        return self.curve[-1].epoch if self.curve else 0

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON."""
        return asdict(self) | {
            "params": dict(self.params),
            "routing": dict(self.routing),
            "curve": [asdict(point) for point in self.curve],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a record; keys of a later version are passed over, so that an old program still reads a newer study."""
        known = {f.name for f in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        return cls(**kept | {"curve": tuple(Measurement(**point) for point in kept.get("curve", ()))})


def better(direction: str, left: float, right: float) -> bool:
    """Tell whether `left` is the better metric value; NaN is never better."""
    return left > right if direction == "maximize" else left < right


def count_states(records: tuple[Record, ...]) -> dict[str, int]:
    """Return how many records are in each state, every state named."""
    return {state: sum(record.state == state for record in records) for state in STATES}
