"""Imported runs: tables of runs as other tools would have left them, generated."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

NAMES: Final = st.sampled_from(("adam", "torch.optim.AdamW", "adamw_torch_fused", "SGD", "rmsprop", "FTRL"))
LRS: Final = st.sampled_from((1e-4, 1e-3, 0.01, 0.1, 3.0))
ACCURACIES: Final = st.one_of(st.floats(0.0, 1.0), st.just(float("nan")), st.none())
STATES: Final = st.sampled_from(("finished", "finished", "finished", "crashed", "killed", "running"))


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return rows, a run each: with or without seeds, states, times and settings of their own."""
    fields: dict[str, st.SearchStrategy[Any]] = {"optimizer": NAMES, "val_acc": ACCURACIES}
    optional = {
        "learning_rate": LRS,
        "momentum": st.sampled_from((0.0, 0.9)),
        "nesterov": st.booleans(),
        "weight_decay": st.sampled_from((0.0, 0.01)),
        "bs": st.sampled_from((16, 64)),
        "num_epochs": st.sampled_from((3, 10)),
        "seed": st.integers(0, 3),
        "State": STATES,
        "runtime": st.floats(0.0, 1e5),
        "dropout": st.sampled_from((0.0, 0.5)),
        "backbone": st.sampled_from(("resnet18", "vit")),
        "train_loss": st.floats(0.0, 10.0),
    }
    for name in draw(st.sets(st.sampled_from(sorted(optional)))):
        fields[name] = optional[name]
    rows = draw(st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=12))
    return [{"State": "finished", **rows[0], "val_acc": 0.5} | {"State": "finished"}, *rows]
