"""Mapped arrays stay in their file: the same numbers as in memory, read by the batch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

import advisor as api
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import conclude, work
from studies.data.mapped_rows import MappedRows
from studies.data.opening import from_arrays, open_dataset
from studies.data.rows import tensors
from studies.data.sampling import sampled
from studies.datasets.files import mapped as mapping
from studies.errors import BadWorkload
from studies.limits import Budget
from studies.measure.yardsticks import yardsticks
from studies.profiling.split import split_facts
from studies.workload_opening import open_source, reopen_workload

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def every_array_counts_as_large(monkeypatch):
    monkeypatch.setattr(mapping, "MAPPED_BYTES", 1)


@pytest.fixture
def table():
    generator = np.random.default_rng(3)
    inputs = generator.normal(5, 3, size=(600, 4))
    return inputs, (inputs.sum(axis=1) > 20).astype(np.int64)


def on_disk(folder, name, array):
    np.save(folder / f"{name}.npy", array)
    return np.load(folder / f"{name}.npy", mmap_mode="r")


@pytest.fixture
def folder(tmp_path, table):
    data = tmp_path / "large"
    data.mkdir()
    for name, array in zip("Xy", table, strict=True):
        np.save(data / f"{name}.npy", array)
    return data


def rows_of(dataset, part):
    return tensors(dataset, part, CPU)[0][:]


@pytest.mark.parametrize("part", ["train", "valid", "test"])
def test_a_mapped_table_gives_the_numbers_that_it_gives_in_memory(tmp_path, table, part):
    inputs, targets = table
    in_memory = from_arrays((inputs, targets))
    in_file = from_arrays((on_disk(tmp_path, "X", inputs), targets))

    assert isinstance(in_file.train.inputs, MappedRows)
    torch.testing.assert_close(rows_of(in_file, part), rows_of(in_memory, part), atol=1e-5, rtol=1e-5)
    assert (getattr(in_file, part).targets == getattr(in_memory, part).targets).all()


@pytest.mark.parametrize(
    ("kind", "shape"), [("image", (60, 3, 6, 6)), ("signal", (60, 2, 30)), ("signal", (60, 30))]
)
def test_mapped_images_and_signals_are_scaled_as_in_memory(tmp_path, kind, shape):
    inputs = np.random.default_rng(0).normal(3, 2, size=shape).astype(np.float32)
    targets = np.arange(60) % 2
    in_memory = from_arrays((inputs, targets), kind=kind)
    in_file = from_arrays((on_disk(tmp_path, "X", inputs), targets), kind=kind)

    assert in_file.input_shape == in_memory.input_shape
    torch.testing.assert_close(rows_of(in_file, "train"), rows_of(in_memory, "train"), atol=1e-5, rtol=1e-5)


def test_mapped_token_ids_stay_whole_numbers(tmp_path):
    ids = np.random.default_rng(0).integers(0, 90, size=(80, 12)).astype(np.uint16)
    dataset = from_arrays((on_disk(tmp_path, "X", ids), np.arange(80) % 2), kind="text")

    assert rows_of(dataset, "train").dtype == torch.int64
    assert dataset.vocabulary == ids.max()


def test_a_missing_number_counts_as_the_mean_and_is_told(tmp_path, table):
    inputs, targets = table
    inputs[::3, 1] = np.nan
    dataset = from_arrays((on_disk(tmp_path, "X", inputs), targets))

    assert torch.isfinite(rows_of(dataset, "train")).all()
    assert (rows_of(dataset, "train")[:, 1] == 0).float().mean() > 0.2
    assert dataset.missing_share > 0
    assert any("a missing number counts as the mean" in note for note in dataset.notes)


def test_infinite_numbers_are_refused(tmp_path, table):
    inputs, targets = table
    inputs[:, 2] = np.inf

    with pytest.raises(BadWorkload, match="infinite"):
        from_arrays((on_disk(tmp_path, "X", inputs), targets))


def test_parts_in_files_of_their_own_stay_there(tmp_path, table):
    inputs, targets = table
    cuts = (slice(0, 400), slice(400, 500), slice(500, 600))
    parts = [(on_disk(tmp_path, f"X{i}", inputs[cut]), targets[cut]) for i, cut in enumerate(cuts)]
    dataset = from_arrays(*parts)

    assert [getattr(dataset, part).rows for part in ("train", "valid", "test")] == [400, 100, 100]
    assert isinstance(dataset.test.inputs, MappedRows)
    assert set(dataset.test.inputs.rows) == set(range(500, 600))


def test_a_folder_of_two_arrays_is_read_where_it_lies(folder, table):
    dataset = open_dataset(str(folder))

    assert isinstance(dataset.train.inputs, MappedRows)
    assert dataset.name == "large"
    assert dataset.train.rows + dataset.valid.rows + dataset.test.rows == len(table[0])


@pytest.mark.parametrize(("save", "stays"), [(np.savez, True), (np.savez_compressed, False)])
def test_an_archive_is_mapped_where_it_is_not_compressed(tmp_path, table, save, stays):
    save(tmp_path / "data.npz", X=table[0], y=table[1])
    dataset = open_dataset(str(tmp_path / "data.npz"))

    assert isinstance(dataset.train.inputs, MappedRows) == stays
    torch.testing.assert_close(rows_of(dataset, "valid"), rows_of(from_arrays(table), "valid"))


def test_the_digest_is_that_of_the_same_file_alone(tmp_path, table):
    inputs, targets = table
    first = from_arrays((on_disk(tmp_path, "X", inputs), targets))
    again = from_arrays((on_disk(tmp_path, "X", inputs), targets))
    other = from_arrays((on_disk(tmp_path, "X", inputs[:, ::-1].copy()), targets))

    assert first.digest == again.digest != other.digest


def test_a_sample_of_mapped_rows_is_in_memory(folder):
    sample = sampled(open_dataset(str(folder)), 50)

    assert isinstance(sample.train.inputs, np.ndarray)
    assert sample.train.inputs.shape == (50, 4)


def test_repeated_rows_of_a_mapped_table_are_counted(tmp_path, table):
    inputs = table[0]
    inputs[:] = inputs[0]
    facts = split_facts(from_arrays((on_disk(tmp_path, "X", inputs), np.arange(600) % 2)))

    assert facts.repeated_valid_rows == facts.valid_rows


def test_a_study_of_a_folder_can_be_searched_and_opened_again(folder, home):
    request = Request.of(str(folder), budget="2trials", epochs=1, optimizers="AdamW", tracking_uri="off")
    session = prepare(request, home)
    work(session)

    assert conclude(home, session.name).quality is not None
    assert reopen_workload(session.workload.spec()).dataset.digest == session.workload.dataset.digest


def test_plain_models_train_on_a_sample_of_mapped_rows_and_on_nothing_larger(folder):
    workload = open_source(str(folder))
    on_all, on_sample = (yardsticks(each, Budget(trials=3)) for each in (workload, workload.on_sample(50)))

    assert all("stay in their file" in each.left_out for each in on_all)
    assert all(each.quality > 0.5 and each.test_quality > 0.5 for each in on_sample)


def test_a_workload_from_code_may_hold_a_mapped_array(tmp_path, table):
    workload = api.Workload(train=(on_disk(tmp_path, "X", table[0]), table[1]))

    assert isinstance(workload.dataset(0).train.inputs, MappedRows)


def test_a_small_mapped_array_is_read_like_any_other(tmp_path, table, monkeypatch):
    monkeypatch.setattr(mapping, "MAPPED_BYTES", 2**28)
    in_file = from_arrays((on_disk(tmp_path, "X", table[0]), table[1]))

    assert replace(in_file, redraw=None).digest == from_arrays(table).digest


CHILD = """
import sys, numpy as np
from pathlib import Path
from studies.data.opening import open_dataset
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.train import Training

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

def train(source):
    workload = open_source(source)
    Training(Recipe(optimizer=AdamW(), batch_size=4096, epochs=1), workload, seed=0).advance(1)

train("iris")
before = peak()
train(sys.argv[1])
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak from /proc")
def test_a_file_of_a_gigabyte_trains_in_a_fraction_of_its_size(tmp_path):
    rows, columns = 1_300_000, 200
    inputs = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, (rows, columns))
    generator = np.random.default_rng(0)
    for first in range(0, rows, 100_000):
        inputs[first : first + 100_000] = generator.normal(size=(100_000, columns))
    np.save(tmp_path / "y.npy", (inputs[:, 0] > 0).astype(np.int8))
    inputs.flush()
    size = inputs.nbytes
    del inputs
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert int(done.stdout.split()[-1]) < 0.4 * size
