"""Facts: what is known of a workload before anything is trained. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final, Self

from studies.memory_forecast import Forecast


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """Probe: how a fact was measured, and what that cost."""

    name: str
    """The field of Facts it filled."""
    how: str
    """One clause: what was run."""
    seconds: float
    skipped: str = ""
    """Why it could not run on this model; empty when it did."""


UNSEEN: Final = "runs"
"""The kind of what is known by the runs of another tool alone."""
LATER: Final = (
    "raw_density",
    "smallest_batch",
    "row_seconds",
    "quick_threads",
    "bf16_share",
    "compiled_share",
    "followed",
    "full_batch",
    "skipped",
)
"""Entries of facts and forecasts that studies of earlier versions lack, and are written again without."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """Facts: data, model and device in numbers; shares are 0 to 1.

    The defaults describe a small dense table and a small mlp.
    """

    kind: str = "table"
    """table | image | text | signal | function | runs, see `unseen`"""
    task: str = "classification"
    """classification | regression"""
    rows: int = 1000
    """Training rows."""
    columns: int = 20
    """Numbers a row after preprocessing."""
    classes: int = 2
    """0 in regression."""
    input_density: float = 1.0
    """Share of non-zero input entries, as the model sees them."""
    raw_density: float | None = None
    """Share of non-zero entries of the data as they came, before any scaling; None where nobody counted, and
    for text."""
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
    tied_weights: bool = False
    """Whether one tensor serves as embedding and as output layer."""
    dropout_layers: int = 0
    normalises_inputs: bool = False
    """Whether the first layer that holds parameters is a normalization."""
    pretrained: bool = False
    """Whether training starts from trained weights; said by the user."""
    horizon_known: bool = True
    """Whether the length of the run is fixed in advance; said by the user."""
    rows_touched: float = 1.0
    """Largest share of an embedding table's rows that one batch touches; 1 without tables."""
    gradient_density: float | None = None
    """Share of non-zero gradient entries at a batch of 16; None when not measured, as below."""
    layer_gradient_ratio: float | None = None
    """Largest over smallest gradient RMS among the weights of two or more dimensions."""
    noise_scale: float | None = None
    """Trace of the gradient's covariance over its squared norm, in rows (McCandlish et al. 2018); an order of
    magnitude."""
    sharpness: float | None = None
    """Largest eigenvalue of the loss's Hessian at the start."""
    latency_seconds: float | None = None
    """Seconds of the fastest of some forward passes of the untrained model at batch 1: training changes
    its values, not its work, and a busy machine rules nothing out."""
    full_batch_seconds: float | None = None
    """Seconds of one gradient over the whole training set."""
    bf16_share: float | None = None
    """Seconds of a step whose products are in bfloat16, as a share of a plain one's; measured on a GPU."""
    compiled_share: float | None = None
    """Seconds of a compiled step, as a share of a plain one's; measured on a GPU."""
    fast_bfloat16: bool | None = None
    """Whether a 16-bit matrix product takes at most twice the time of a 32-bit one."""
    optimizer_seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds of one step of each optimizer on this model, forward and backward left out."""
    ramp_lrs: Mapping[str, float] = field(default_factory=dict)
    """The lr that a short ramp suggests for an optimizer: where it diverged, over ten times the optimizer's
    own constant."""
    probes: tuple[Probe, ...] = ()
    """How the measured facts came about."""
    macs: int = 10_000
    """Multiply-accumulates of one row's forward pass, as far as torch counts them: matrix products,
    convolutions, attention."""
    batch_size: int = 32
    smallest_batch: int = 0
    """Rows of the smallest batch that may be tried; 0 where `batch_size` is the only one."""
    steps: int = 3000
    """Optimizer steps of one whole run."""
    step_seconds: float = 1e-3
    """Seconds of one AdamW step, forward and backward included."""
    optimizer_share: float = 0.1
    """Share of that step spent in the optimizer."""
    row_seconds: float | None = None
    """Seconds that a row more adds to a step's passes; None where one batch size alone was timed."""
    device: str = "cpu"
    """cpu | cuda | mps"""
    quick_threads: int = 1
    """Threads with which a step was measured to be clearly faster than with fewer."""
    forecasts: tuple[Forecast, ...] = ()
    """Memory by optimizer."""

    @property
    def unseen(self) -> bool:
        """Tell whether nobody looked at data and model: the other entries are then no facts."""
        return self.kind == UNSEEN

    @property
    def known_steps(self) -> int | None:
        """Return the optimizer steps of one whole run, None where nobody looked."""
        return None if self.unseen else self.steps

    @property
    def known_input_density(self) -> float | None:
        """Return the share of non-zero input entries, None where nobody looked."""
        return None if self.unseen else self.input_density

    def forecast(self, optimizer: str) -> Forecast | None:
        """Return the memory forecast of an optimizer, None when there is none."""
        return next((forecast for forecast in self.forecasts if forecast.optimizer == optimizer), None)

    def forecast_within(self, optimizer: str, limit_bytes: int | None) -> Forecast | None:
        """Return its forecast at the batch that a search begins with under a limit, see `Forecast.within`."""
        forecast = self.forecast(optimizer)
        smallest = self.smallest_batch or self.batch_size
        return forecast.within(limit_bytes, smallest=smallest) if forecast else None

    def least_peak_bytes(self, optimizer: str) -> int | None:
        """Return the forecast peak at the smallest batch that may be tried, None without a forecast."""
        least = self.forecast_within(optimizer, 0)
        return least.peak_bytes if least else None

    @property
    def run_seconds(self) -> float:
        """Return the predicted seconds of one whole run with AdamW."""
        return self.steps * self.step_seconds

    def seconds_with(self, optimizer: str) -> float | None:
        """Return the predicted seconds of one whole run with an optimizer.

        None where others were timed and it was not.
        """
        adamw_seconds = self.optimizer_share * self.step_seconds
        untimed = None if self.optimizer_seconds and optimizer != "AdamW" else adamw_seconds
        seconds = self.optimizer_seconds.get(optimizer, untimed)
        return None if seconds is None else self.steps * (self.step_seconds - adamw_seconds + seconds)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON; what earlier versions did not know only if known."""
        return _known(self) | {
            "forecasts": [_known(forecast) for forecast in self.forecasts],
            "probes": [asdict(probe) for probe in self.probes],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild facts; keys of a later version are passed over."""
        names = {f.name for f in fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        forecasts = tuple(Forecast.from_dict(forecast) for forecast in known.get("forecasts", ()))
        probes = tuple(Probe(**probe) for probe in known.get("probes", ()))
        return cls(**known | {"forecasts": forecasts, "probes": probes})


def _known(value: Facts | Forecast) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(value)}
    plain = asdict(value)
    return {name: plain[name] for name in plain if name not in LATER or plain[name] != defaults[name]}
