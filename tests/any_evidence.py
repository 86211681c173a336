"""Evidence of every kind that a rule may meet, for tests on generated inputs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from advisor.evidence import Evidence
from studies import catalogue
from studies.facts import Facts
from studies.limits import Limits
from studies.memory_forecast import Forecast

from records import record

NAMES = tuple(catalogue.choices("optimizer"))
SHARES = (
    "input_density", "label_entropy", "missing_share", "matrix_share", "convolution_share", "embedding_share",
    "sparse_share", "rows_touched", "optimizer_share",
)  # fmt: skip

share = st.floats(0, 1)
ratio = st.floats(1, 1e6)
count = st.integers(1, 2) | st.integers(1, 10**9)
maybe = {
    "raw_density": share,
    "gradient_density": share,
    "layer_gradient_ratio": ratio,
    "noise_scale": st.floats(0, 1e9),
    "sharpness": st.floats(-1e6, 1e6),
    "latency_seconds": st.floats(1e-7, 10),
    "full_batch_seconds": st.floats(0, 1e3),
    "fast_bfloat16": st.booleans(),
    "bf16_share": st.floats(0.01, 10),
    "compiled_share": st.floats(0.01, 10),
    "row_seconds": st.floats(0, 1),
}
byte_counts = st.integers(0, 10**12)
a_forecast = st.builds(
    Forecast,
    optimizer=st.sampled_from(NAMES),
    weight_bytes=byte_counts,
    gradient_bytes=byte_counts,
    state_bytes=byte_counts,
    activation_bytes=byte_counts,
)
any_facts = st.builds(
    Facts,
    kind=st.sampled_from(["table", "image", "text", "signal"]),
    task=st.sampled_from(["classification", "regression"]),
    **dict.fromkeys(("rows", "columns", "parameters", "macs", "batch_size", "steps"), count),
    **dict.fromkeys(SHARES, share),
    classes=st.integers(0, 10**6),
    class_imbalance=ratio,
    feature_scale_ratio=ratio,
    dropout_layers=st.integers(0, 3),
    step_seconds=st.floats(0, 100),
    optimizer_seconds=st.dictionaries(st.sampled_from(NAMES), st.floats(0, 100), max_size=4),
    forecasts=st.lists(a_forecast, max_size=3, unique_by=lambda forecast: forecast.optimizer).map(tuple),
    **{
        name: st.booleans()
        for name in (
            "has_batchnorm",
            "has_attention",
            "is_linear",
            "tied_weights",
            "normalises_inputs",
            "pretrained",
            "horizon_known",
        )
    },
    **{name: st.none() | value for name, value in maybe.items()},
)


def _records(trials):
    """Return runs with qualities that tie now and then, whole or stopped, some without times."""
    made = []
    for number, (name, quality, state, epochs, timed) in enumerate(trials):
        run = record(number, name, quality, state=state, epochs=epochs)
        curve = run.curve if timed else tuple(replace(point, seconds=0.0) for point in run.curve)
        made.append(replace(run, curve=curve))
    return tuple(made)


a_trial = st.tuples(
    st.sampled_from(["AdamW", "SGD", "Muon"]),
    st.sampled_from([0.5, 0.9, 1.0]),
    st.sampled_from(["complete", "pruned", "failed"]),
    st.integers(1, 9),
    st.booleans(),
)
any_records = st.just(()) | st.lists(a_trial, min_size=1, max_size=6).map(_records)
any_evidence = st.builds(
    Evidence,
    facts=any_facts,
    limits=st.builds(Limits, train_bytes=st.none() | st.integers(1, 10**12)),
    candidates=st.lists(st.sampled_from(NAMES), min_size=1, max_size=8, unique=True).map(tuple),
    goal=st.sampled_from(["quality", "speed", "memory", "balanced"]),
    planned_trials=st.none() | st.integers(0, 1000),
    stage=st.sampled_from(["", "train", "prune", "quantize", "distill"]),
    trained_by=st.sampled_from(["", "AdamW", "Muon"]),
    records=any_records,
)
