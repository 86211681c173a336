"""Kind of rows: what an array is taken for, what the model takes, and how to say otherwise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from studies.data.opening import from_arrays
from studies.errors import BadWorkload
from studies.workload import Workload
from studies.workload_opening import open_source, reopen_workload, workload_from_code

DRAW = np.random.default_rng(1)
LABELS = np.arange(40) % 2
IDS = DRAW.integers(1, 30, size=(40, 7))


def series(*shape):
    return DRAW.normal(size=(40, *shape)).astype(np.float32)


def opened(**parts):
    return workload_from_code(Workload(**parts), source="__main__:workload")


def conv1d(channels):
    return lambda: nn.Sequential(
        nn.Conv1d(channels, 4, 3), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(4, 2)
    )


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells, self.head = nn.GRU(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, rows):
        return self.head(self.cells(rows)[0][:, -1])


class Embedding(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(30, 4), nn.Linear(4, 2)

    def forward(self, ids):
        return self.head(self.table(ids).mean(1))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), st.integers(13, 40))
def test_series_of_channels_and_steps_are_signals_in_either_order(channels, steps):
    by_channel, by_step = (
        opened(train=(series(*shape), LABELS), model="MLP").dataset
        for shape in ((channels, steps), (steps, channels))
    )
    assert (by_channel.kind, by_step.kind) == ("signal", "signal")
    assert by_channel.input_shape == (channels, steps)


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        (series(9, 9), "image"),
        (DRAW.integers(0, 256, size=(40, 6, 9)), "image"),
        (series(6, 90), "signal"),
        (series(5), "table"),
        (series(1, 9, 9), "image"),
    ],
)
def test_what_an_array_is_follows_from_its_shape_and_its_numbers(inputs, kind):
    assert from_arrays((inputs, LABELS)).kind == kind


def test_three_dimensions_are_noted_with_the_way_out():
    (note,) = [note for note in from_arrays((series(3, 50), LABELS)).notes if note.startswith("Took rows")]
    assert "3x50" in note
    assert "kind='image'" in note


def test_a_convolution_along_the_steps_gets_channels_first_where_it_takes_nothing_else():
    assert opened(train=(series(50, 3), LABELS), model=conv1d(3)).dataset.input_shape == (3, 50)


def test_a_recurrent_model_gets_steps_first_and_each_channel_scaled_by_itself():
    rows = series(20, 3) * np.array([1, 100, 10_000], np.float32)
    dataset = opened(train=(rows, LABELS), model=Recurrent).dataset
    assert dataset.input_shape == (20, 3)
    assert dataset.train.inputs.std(axis=(0, 1)) == pytest.approx(np.ones(3), rel=1e-2)


def test_a_two_dimensional_convolution_still_gets_images_of_one_channel():
    def model():
        return nn.Sequential(nn.Conv2d(1, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2))

    workload = opened(train=(series(8, 20), LABELS), model=model)
    assert (workload.dataset.kind, workload.dataset.input_shape) == ("image", (1, 8, 20))


def test_token_ids_stay_whole_where_the_model_embeds_them():
    workload = opened(train=(IDS, LABELS), model=Embedding)
    assert workload.dataset.kind == "text"
    assert np.isin(workload.dataset.train.inputs, IDS).all()
    assert any("token ids" in note for note in workload.notes)


def test_whole_numbers_are_a_table_for_every_model_that_takes_them_so():
    assert opened(train=(IDS, LABELS), model="MLP").dataset.kind == "table"


def test_a_kind_that_is_named_is_kept_whatever_the_model_takes():
    with pytest.raises(BadWorkload, match="fails on inputs"):
        opened(train=(IDS, LABELS), model=Embedding, kind="table")


def test_a_model_that_takes_the_rows_in_no_way_is_refused_with_the_option_that_settles_it():
    with pytest.raises(BadWorkload, match=r"tried as signal, image: kind= or --kind names one"):
        opened(train=(series(6, 90), LABELS), model=conv1d(4))


@pytest.mark.parametrize(
    ("inputs", "model"),
    [(series(3, 50), None), (series(50, 3), None), (series(50, 3), Recurrent), (IDS, Embedding)],
)
def test_a_study_opens_its_rows_again_as_it_took_them(inputs, model):
    workload = Workload(train=(inputs, LABELS), model=model)
    from studies.imports import refer

    first = workload_from_code(workload, source=refer(workload))
    again = reopen_workload(first.spec())
    assert again.dataset.digest == first.dataset.digest
    assert again.dataset.input_shape == first.dataset.input_shape


def test_a_study_of_a_version_that_wrote_no_kind_opens_its_arrays_as_images():
    from studies.imports import refer

    workload = Workload(train=(series(6, 90), LABELS))
    before = replace(workload, kind="image")
    spec = workload_from_code(before, source=refer(workload)).spec()
    again = reopen_workload(replace(spec, kind=""))
    assert (again.dataset.kind, again.dataset.input_shape) == ("image", (1, 6, 90))


def test_columns_of_a_file_are_a_signal_where_it_is_named_so(tmp_path):
    import pandas as pd

    table = pd.DataFrame(series(30)).assign(label=LABELS)
    table.columns = [str(name) for name in table.columns]
    table.to_csv(tmp_path / "waves.csv", index=False)
    workload = open_source(str(tmp_path / "waves.csv"), target="label", kind="signal")
    assert (workload.dataset.kind, workload.dataset.input_shape) == ("signal", (1, 30))
    assert reopen_workload(workload.spec()).dataset.digest == workload.dataset.digest


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_kind_that_a_table_is_not_is_refused_in_one_line(tmp_path, kind):
    (tmp_path / "words.csv").write_text("a,b\n" + "x,y\nz,w\n" * 20)
    with pytest.raises(BadWorkload, match=kind):
        open_source(str(tmp_path / "words.csv"), target="b", kind=kind)


def test_a_built_in_dataset_knows_its_kind():
    with pytest.raises(BadWorkload, match="leave --kind image out"):
        open_source("iris", kind="image")
