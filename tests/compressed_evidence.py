"""Evidence of a study whose models were compressed, by hand: recipes, their losses and their files."""

from __future__ import annotations

from advisor.decide.compressed import compressed_models
from advisor.evidence import Evidence

from records import compressions, facts, study

INT8 = {"quantization": "Int8WeightOnly"}
HALF = {"quantization": "Grouped", "quantization.Grouped.bits": 4}
PRUNED = {"pruning": "Magnitude", "pruning.Magnitude.amount": 0.8}
TUNED = {"finetuning": "Replay", "finetuning.Replay.share": 0.3}
BASE = study(
    {"AdamW": [0.95, 0.97, 0.98, 0.96], "Momentum": [0.93, 0.96, 0.965, 0.95]},
    confirmed={"AdamW": [0.981, 0.979, 0.98], "Momentum": [0.961, 0.963, 0.962]},
)
MODEL = 40_000


def finalists(optimizer, records=BASE):
    return [run for run in records if run.stage == "confirm" and run.optimizer == optimizer]


def evidence_with(*made, records=BASE, **fields):
    """Return evidence of the base study and what was compressed; each `made` is (optimizer, losses, how)."""
    records = tuple(records)
    for optimizer, loss, how in made:
        records += compressions(len(records), finalists(optimizer, records), loss=loss, **how)
    known = {"facts": facts(), "candidates": ("AdamW", "Momentum"), "valid_rows": 360, "study": "demo"}
    return Evidence(**known | {"records": records, "resume": "advisor resume demo --budget 20m"} | fields)


PLAIN = ("AdamW", [0.0], {})
SMALL = ("AdamW", [0.001, 0.0005, 0.0015], {"done": INT8, "file_bytes": 10_200, "seconds": 3.8e-5})
ZEROS = ("AdamW", [0.004, 0.003, 0.006], {"done": PRUNED, "compressed_bytes": 6000})
BOTH = (
    "AdamW",
    [0.02, 0.021, 0.019],
    {"done": PRUNED | INT8 | TUNED, "file_bytes": 10_250, "compressed_bytes": 2300},
)
CONTROL = ("AdamW", [-0.001, -0.0005, 0.0], {"done": TUNED})
RIVAL = ("Momentum", [0.001], {"done": INT8, "file_bytes": 10_200, "seconds": 3.8e-5})


def single_model(evidence):
    (model,) = compressed_models(evidence)
    return model
