"""`advisor compress` and `--compression`: one plain line for what is wrong, one JSON object as answer."""

from __future__ import annotations

import json

import pytest

FIELDS = {"recipe", "model_bytes", "latency_seconds", "quality", "sparsity"}
ODD = """
from torch import nn


class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = nn.Linear(inputs, outputs)

    def forward(self, rows):
        outputs = self.layer(rows)
        return outputs if outputs.sum().item() > 0 else outputs * 1.0
"""
QUICK = ("--optimizers", "AdamW", "--epochs", "3", "--budget", "2trials", "--tracking-uri", "off")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("compress", "nothing"), "no study 'nothing'"),
        (
            ("search", "iris", "--compression", "sideways"),
            "compression 'sideways' is not one of off, after, joint",
        ),
        (
            ("search", "iris", "--budget", "1trials", "--compression", "after", "--model-size", "soon"),
            "size 'soon' is not understood",
        ),
    ],
)
def test_a_wrong_request_is_one_plain_line_and_status_2(inside, words, said):
    done = inside(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "\n" not in done.stderr.strip()


def test_a_study_is_compressed_and_answers_with_the_front(inside):
    assert inside("search", "iris", "--model", "mlp", "--study", "s", *QUICK).returncode == 0
    done = inside("compress", "s", "--budget", "8trials", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["study"] == "s"
    assert answer["pareto"]
    assert all(set(point) == FIELDS for point in answer["pareto"])
    sizes = [point["model_bytes"] for point in answer["pareto"]]
    assert min(sizes) < max(sizes)
    advised = answer["recommendation"]["compression"]
    assert advised["name"] in {point["name"] for point in answer["recommendation"]["compressed"]}


def test_a_limit_chooses_the_point_and_an_impossible_one_says_what_to_relax(inside):
    assert inside("search", "iris", "--model", "mlp", "--study", "s", *QUICK).returncode == 0
    assert inside("compress", "s", "--budget", "8trials").returncode == 0
    sizes = [
        point["model_bytes"]
        for point in json.loads(inside("compress", "s", "--budget", "9trials", "--json").stdout)["pareto"]
    ]
    fits = inside("recommend", "s", "--model-size", str(min(sizes)), "--json")
    answer = json.loads(fits.stdout)
    assert answer["costs"]["model_bytes"] <= min(sizes)
    assert answer["params"]["quantization"] != "none"
    never = inside("recommend", "s", "--model-size", "100")
    assert never.returncode == 3
    assert "--model-size to" in never.stderr


def test_a_model_that_cannot_be_exported_ends_with_the_reason_and_status_3(inside, tmp_path):
    (tmp_path / "odd.py").write_text(ODD)
    assert inside("search", "iris", "--model", "odd.py:Net", "--study", "s", *QUICK).returncode == 0
    done = inside("compress", "s", "--budget", "4trials")
    assert done.returncode == 3
    assert "nothing could be compressed" in done.stderr
    assert "cannot be exported to ONNX" in done.stderr.strip().splitlines()[-1]
