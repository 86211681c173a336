"""Data from code: arrays, tensors, frames, datasets and loaders are the same data."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from studies.data.opening import from_arrays

from sample_arrays import GENERATOR, LABELS, REVIEWS, ROWS, TABLE, parts, refusal


@pytest.mark.parametrize(
    "source",
    [
        pytest.param((TABLE, LABELS), id="arrays"),
        pytest.param((TABLE.tolist(), LABELS.tolist()), id="lists"),
        pytest.param((torch.from_numpy(TABLE), torch.from_numpy(LABELS)), id="tensors"),
        pytest.param((pd.DataFrame(TABLE, columns=["x0", "x1", "x2"]), pd.Series(LABELS)), id="pandas"),
        pytest.param(pd.DataFrame(TABLE, columns=["x0", "x1", "x2"]).assign(label=LABELS), id="one frame"),
        pytest.param(TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS)), id="Dataset"),
        pytest.param(
            DataLoader(TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS)), 7), id="DataLoader"
        ),
        pytest.param(
            DataLoader(TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS)), 7, shuffle=True),
            id="shuffling",
        ),
    ],
)
def test_the_same_data_is_the_same_in_every_form(source):
    dataset = from_arrays(source, name="mine", seed=3)

    assert dataset.digest == from_arrays((TABLE, LABELS), seed=3).digest
    assert (dataset.name, dataset.task, dataset.classes) == ("mine", "classification", ("0", "1"))


class HuggingFace:
    """Quacks like a Hugging Face dataset."""

    column_names = ("text", "label")

    @property
    def features(self) -> dict:
        return {"label": type("ClassLabel", (), {"names": ["bad", "good"]})(), "text": object()}

    def to_pandas(self) -> pd.DataFrame:
        return pd.DataFrame({"text": REVIEWS.to_numpy(), "label": LABELS})


def test_a_hugging_face_dataset_brings_the_names_of_its_labels():
    dataset = from_arrays(HuggingFace())

    assert (dataset.kind, dataset.classes) == ("text", ("bad", "good"))


def test_strings_are_text():
    assert from_arrays((REVIEWS.tolist(), LABELS)).kind == "text"
    assert from_arrays((["yes", "no", "so"] * 20, LABELS), kind="text").input_shape == (1,)


def test_given_parts_are_kept_as_they_are():
    dataset = from_arrays((TABLE[:30], LABELS[:30]), (TABLE[30:40], LABELS[30:40]), (TABLE[40:], LABELS[40:]))

    assert [part.rows for part in parts(dataset)] == [30, 10, 20]
    assert dataset.valid.targets.tolist() == LABELS[30:40].tolist()
    assert dataset.test.targets.tolist() == LABELS[40:].tolist()
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert np.allclose(dataset.test.inputs, (TABLE[40:] - TABLE[:30].mean(0)) / TABLE[:30].std(0), atol=1e-5)


def test_each_row_that_a_sampler_may_draw_is_there_once():
    data = TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS))
    torch.manual_seed(0)
    loader = DataLoader(data, 7, sampler=WeightedRandomSampler([1.0] * 40 + [0.0] * 20, 25))

    assert sum(part.rows for part in parts(from_arrays(loader))) == 40


def test_several_targets_a_row_are_standardised_each_by_itself():
    targets = GENERATOR.normal([1, 100], [2, 30], (ROWS, 2))

    dataset = from_arrays((TABLE, targets))

    assert (dataset.task, dataset.outputs, dataset.train.targets.shape) == ("regression", 2, (36, 2))
    assert dataset.train.targets.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert dataset.train.targets.std(axis=0) == pytest.approx([1, 1], abs=1e-5)
    back = np.concatenate(
        [part.targets * dataset.target_scale + dataset.target_mean for part in parts(dataset)]
    )
    assert np.allclose(np.sort(back, axis=0), np.sort(targets, axis=0), atol=1e-3)


def test_one_hot_targets_are_classes():
    dataset = from_arrays((TABLE, np.eye(3)[np.arange(ROWS) % 3]))

    assert dataset.classes == ("0", "1", "2")
    assert any("for classes" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        pytest.param([3], {}, "int is not data to train on", id="a number"),
        pytest.param([(TABLE, LABELS[:9])], {}, "60 rows of inputs but 9 targets", id="unequal lengths"),
        pytest.param(
            [(TABLE, LABELS), (TABLE[:, :2], LABELS)],
            {},
            "rows of the shapes (2,) and (3,)",
            id="unequal parts",
        ),
        pytest.param([([[1], [2, 3]] * 30, LABELS)], {}, "different lengths", id="ragged rows"),
        pytest.param([(TABLE, LABELS)], {"kind": "video"}, "kind 'video'", id="an unknown kind"),
        pytest.param(
            [(TABLE, LABELS)],
            {"kind": "text"},
            "token ids of the shape (rows, length)",
            id="fractions as tokens",
        ),
        pytest.param(
            [pd.DataFrame(TABLE)], {}, "only 0, 1, 2; give (frame[columns], frame[target])", id="no target"
        ),
        pytest.param(
            [(TABLE, TABLE)],
            {"task": "classification"},
            "only regression on numbers",
            id="amounts as classes",
        ),
        pytest.param(
            [TensorDataset(torch.from_numpy(TABLE))],
            {},
            "there are no targets",
            id="a Dataset without targets",
        ),
    ],
)
def test_data_from_code_that_is_not_understood_is_refused_in_one_line(arguments, options, said):
    assert said in refusal(from_arrays, *arguments, **options)


def test_readers_load_no_torch():
    code = "import sys; import studies.data.dataset, studies.metrics; "
    code += "print('torch' in sys.modules, 'pandas' in sys.modules)"

    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "False False"
    )
