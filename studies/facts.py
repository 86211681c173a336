"""What is known of a workload before anything is trained. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """Bytes that training with one optimizer needs, at the reference batch size."""

    optimizer: str
    weight_bytes: int
    gradient_bytes: int
    state_bytes: int
    activation_bytes: int

    @property
    def peak_bytes(self) -> int:
        """Return the sum: everything is alive at the optimizer's step but the activations, which are alive just before."""
        return self.weight_bytes + self.gradient_bytes + self.state_bytes + self.activation_bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Data, model and device in numbers; shares are 0 to 1. The defaults describe a small dense table and a small mlp."""

    kind: str = "table"
    """table | image"""
    task: str = "classification"
    """classification | regression"""
    rows: int = 1000
    """Training rows."""
    columns: int = 20
    """Numbers a row after preprocessing."""
    classes: int = 2
    """0 in regression."""
    input_density: float = 1.0
    """Share of non-zero input entries."""
    class_imbalance: float = 1.0
    """Rows of the largest class over rows of the smallest; 1 in regression."""
    label_entropy: float = 1.0
    """Entropy of the labels over log(classes); 1 in regression."""
    feature_scale_ratio: float = 1.0
    """Largest over smallest standard deviation of a column after preprocessing."""
    missing_share: float = 0.0
    """Share of missing entries in the raw table."""
    parameters: int = 10_000
    matrix_share: float = 0.5
    """Share of the parameters in hidden 2-D weights: no embedding, no output layer."""
    convolution_share: float = 0.0
    embedding_share: float = 0.0
    """Share of the parameters in embedding tables."""
    sparse_share: float = 0.0
    """Share of the parameters in tables with sparse gradients."""
    has_batchnorm: bool = False
    has_attention: bool = False
    is_linear: bool = False
    macs: int = 10_000
    """Multiply-accumulates of one row's forward pass, as far as torch counts them: matrix products, convolutions, attention."""
    batch_size: int = 32
    steps: int = 3000
    """Optimizer steps of one whole run."""
    step_seconds: float = 1e-3
    """Seconds of one AdamW step, forward and backward included."""
    optimizer_share: float = 0.1
    """Share of that step spent in the optimizer."""
    device: str = "cpu"
    """cpu | cuda | mps"""
    forecasts: tuple[Forecast, ...] = ()
    """Memory by optimizer."""

    def forecast(self, optimizer: str) -> Forecast | None:
        """Return the memory forecast of an optimizer, None when there is none."""
        return next((forecast for forecast in self.forecasts if forecast.optimizer == optimizer), None)

    @property
    def run_seconds(self) -> float:
        """Return the predicted seconds of one whole run with AdamW."""
        return self.steps * self.step_seconds

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON."""
        return asdict(self) | {"forecasts": [asdict(forecast) for forecast in self.forecasts]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild facts; keys of a later version are passed over."""
        known = {f.name for f in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        return cls(**kept | {"forecasts": tuple(Forecast(**forecast) for forecast in kept.get("forecasts", ()))})
