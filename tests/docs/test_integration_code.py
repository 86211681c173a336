"""The blocks of docs/guides/integrations.md run as they stand, with the names left to the reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset
from transformers import BertConfig, BertForSequenceClassification

import advisor

from trainer_runs import QUIET_LIGHTNING

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*does not have many workers.*"),
    pytest.mark.filterwarnings("ignore:.*pin_memory.*"),
]
DOCUMENT = Path(__file__).parents[2] / "docs" / "guides" / "integrations.md"
BLOCKS = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
SHORT = 'budget="2trials", epochs=2, optimizers=("AdamW",), tracking_uri="off"'


def run(blocks, namespace):
    for block in blocks:
        exec(block.replace('budget="5m"', SHORT), namespace)  # noqa: S102 - the document is ours


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_parts_are_built_over_a_model(capsys):
    namespace = {}
    run(BLOCKS[:4], namespace)
    assert type(namespace["schedule"]).__name__ == "ScheduleLR"
    assert {"SGD", "AdamW", "Muon"} == set(namespace["table"].frame().index)
    assert "AdamW" in capsys.readouterr().out


def test_a_lightning_module_is_searched():
    rows = TensorDataset(torch.randn(100, 20), torch.randint(3, (100,)))
    namespace = {"quiet": QUIET_LIGHTNING, "train": rows, "valid": rows, "loader": DataLoader}
    run([*BLOCKS[:1], BLOCKS[4]], namespace)
    assert advisor.recommend(namespace["study"]).metric == "accuracy"


def test_a_trainer_is_searched(tmp_path):
    sizes = {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 8, "max_position_embeddings": 4}
    config = BertConfig(num_hidden_layers=1, num_attention_heads=2, num_labels=3, **sizes)
    rows = [{"input_ids": torch.randint(20, (4,)), "labels": torch.tensor(row % 3)} for row in range(60)]
    namespace = {
        "advisor": advisor,
        "folder": tmp_path,
        "quiet": {"report_to": [], "disable_tqdm": True, "use_cpu": True, "save_strategy": "no"},
        "make_model": lambda: BertForSequenceClassification(config),
        "train": rows,
        "valid": rows,
        "accuracy": lambda out: {"accuracy": float((out.predictions.argmax(1) == out.label_ids).mean())},
    }
    run(BLOCKS[5:], namespace)
    assert advisor.recommend(namespace["study"]).metric == "accuracy"
