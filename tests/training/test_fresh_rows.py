"""Fresh rows: data that changes is read anew in every epoch, and no row held out ever trains."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import (
    DataLoader,
    Dataset,
    TensorDataset,
    WeightedRandomSampler,
)

from studies.data.dataset import redrawn
from studies.datasets.files.torch_items import seeds_of
from studies.errors import BadWorkload
from studies.imports import load as import_by_name
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.rows.nested import leaves_of
from studies.train import Training
from studies.workload_opening import reopen_workload, workload_from_code

from changing_rows import ROWS, Augmented, Endless, epochs, load


def curve(loaded, *rungs, seed=0):
    run = Training(Recipe(optimizer=AdamW(), model=loaded.model, epochs=3, batch_size=32), loaded, seed=seed)
    for rung in rungs:
        run.advance(rung)
    return [(point.train_loss, point.valid_loss) for point in run.curve]


def names(inputs, loaded):
    """Return which rows images are, by their first pixel: encoded ones are scaled by a line."""
    train = loaded.dataset.train.inputs[:, 0, 0, 0]
    return [int(np.abs(train - value).argmin()) for value in inputs[:, 0, 0, 0].tolist()]


@pytest.mark.parametrize("noise", ["torch", "numpy"])
@pytest.mark.parametrize("workers", [0, 2])
def test_every_epoch_reads_the_training_rows_anew_and_no_other(noise, workers):
    loaded = load(train=DataLoader(Augmented(noise), 16, shuffle=True, num_workers=workers))
    first, second = epochs(loaded)
    train = loaded.dataset.train

    for inputs, targets in (first, second):
        rows = names(inputs, loaded)
        assert sorted(rows) == list(range(train.rows))
        assert np.allclose(inputs[:, 0, 0, 0], train.inputs[rows, 0, 0, 0], atol=1e-5)
        assert targets.tolist() == train.targets[rows].tolist()
    assert names(first[0], loaded) != names(second[0], loaded)
    assert not np.isin(first[0][:, 0, 1:].numpy(), second[0][:, 0, 1:].numpy()).any()
    assert loaded.notes[0].startswith("The training rows change at each reading")


@pytest.mark.parametrize(
    "described",
    [
        lambda: {"train": Augmented()},
        lambda: {"train": DataLoader(Augmented("numpy"), 8, num_workers=1)},
        lambda: {"train": Endless(random=True), "steps_per_epoch": 7},
        lambda: {"train": Endless(), "steps_per_epoch": 7},
        lambda: {"train": DataLoader(Augmented("none"), sampler=WeightedRandomSampler([0.5] * ROWS, ROWS))},
    ],
    ids=["dataset", "workers", "random stream", "stream", "sampler"],
)
def test_a_seed_gives_one_run_bit_for_bit_however_it_is_cut_and_whoever_opens_it_again(described):
    whole, cut = load(**described()), load(**described())

    assert whole.dataset.digest == cut.dataset.digest
    assert curve(whole, 3) == curve(cut, 1, 3) == curve(cut, 2, 3)
    assert curve(whole, 3) != curve(whole, 3, seed=1)


def test_a_run_goes_on_from_its_state():
    for described in ({"train": Augmented()}, {"train": Endless(random=True), "steps_per_epoch": 7}):
        loaded = load(**described)
        recipe = Recipe(optimizer=AdamW(), model=loaded.model, epochs=3, batch_size=32)
        first, second = (Training(recipe, loaded, seed=0) for _ in range(2))
        first.advance(1)
        second.load_state_dict(first.state_dict())
        first.advance(3)
        second.advance(3)

        losses = [[point.train_loss for point in run.curve] for run in (first, second)]
        assert losses[0] == losses[1]


def test_the_callers_random_numbers_stay_as_they_were():
    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    epochs(load(train=DataLoader(Augmented(), 16, num_workers=1)))

    assert torch.equal(torch.get_rng_state(), before[0])
    assert (np.random.get_state()[1] == before[1]).all()  # noqa: NPY002


WORK = """
import numpy as np, torch
from torch.utils.data import DataLoader, Dataset, IterableDataset
from studies.workload import Workload
class Noisy(Dataset):
    def __len__(self): return 60
    def __getitem__(self, item): return torch.randn(3) + item % 2, item % 2
class Endless(IterableDataset):
    def __iter__(self):
        while True:
            row = torch.randn(3)
            yield row, int(row.sum() > 0)
workload = Workload(train=DataLoader(Noisy(), 8, shuffle=True))
stream = Workload(train=Endless(), steps_per_epoch=4)
"""


@pytest.mark.parametrize("name", ["workload", "stream"])
def test_a_study_of_changing_rows_opens_again_from_its_file_and_trains_as_before(name, tmp_path):
    file = tmp_path / "work.py"
    file.write_text(WORK, encoding="utf-8")
    source = f"{file}:{name}"
    first = workload_from_code(import_by_name(source), source=source)
    before = curve(first, 3)
    os.utime(file, ns=(1, 1))  # so that the file is run again, as in another process
    torch.manual_seed(99)
    again = reopen_workload(first.spec())

    assert again.dataset.train.inputs is not first.dataset.train.inputs
    assert curve(again, 3) == before


def test_rows_that_no_seed_reaches_are_told_and_open_again():
    loaded = load(train=Augmented("own"))

    assert any("no seed reaches" in note for note in loaded.notes)
    assert loaded.dataset.digest == load(train=Augmented("own")).dataset.digest


def test_rows_to_validate_on_that_are_given_are_read_once_and_nothing_is_said_of_them():
    plain = Augmented("none", first=500)
    loaded = load(train=Augmented(), valid=plain, test=Augmented("none", first=900))

    assert loaded.dataset.train.rows == ROWS
    assert not any("valid" in note for note in loaded.notes)
    assert any("validate" in note for note in load(train=Augmented()).notes)
    assert any("validate or test change" in note for note in load(train=Augmented(), valid=Augmented()).notes)


def test_another_split_reads_its_own_training_rows():
    loaded = load(train=Augmented())
    other = redrawn(loaded.dataset, 5)
    items = [set(dataset.fresh.items) for dataset in (loaded.dataset, other)]

    assert items[0] != items[1]
    assert len(items[1]) == other.train.rows


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (lambda: {"train": Endless()}, "steps_per_epoch=500"),
        (lambda: {"train": Augmented(), "steps_per_epoch": 5}, "steps_per_epoch is for streams"),
        (lambda: {"train": (np.ones((20, 2)), np.arange(20) % 2), "steps_per_epoch": 5}, "is for streams"),
        (lambda: {"train": Endless(0)}, "empty"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(described, said, monkeypatch):
    monkeypatch.setattr("studies.datasets.files.torch_streams.MOST_ROWS", 2000)
    with pytest.raises(BadWorkload, match=said) as refused:
        load(**described())
    assert "\n" not in str(refused.value)


class Records(Dataset):
    """Rows of any form, in whose numbers the item stands, and noise."""

    def __init__(self, form):
        self.form = form

    def __len__(self):
        return ROWS

    def __getitem__(self, item):
        noise = torch.randn(3)
        match self.form:
            case "dict":
                return {"one": torch.tensor([float(item)]), "two": noise, "label": item % 2}
            case "free":
                return torch.stack([torch.full((3,), float(item)), noise]), noise * item
            case "alone":
                return torch.cat([torch.tensor([float(item)]), noise])
            case "gaps":
                noise[0] = torch.nan if item % 3 == 0 else noise[0]
                return torch.cat([torch.tensor([float(item)]), noise]), item % 2
            case "amounts":
                return torch.cat([torch.tensor([float(item)]), noise]), item * 0.5


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 2)

    def forward(self, one, two):
        return self.layer(torch.cat([one / 100, two], 1))


class Same(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.layer = nn.Linear(inputs, inputs)

    def forward(self, rows):
        return self.layer(rows)


@pytest.mark.parametrize(
    ("form", "described"),
    [
        ("dict", {"model": Two}),
        ("free", {"model": lambda: nn.Sequential(nn.Flatten(), nn.Linear(6, 3)), "loss": nn.MSELoss()}),
        ("alone", {"model": lambda: Same(4), "loss": nn.MSELoss()}),
        ("gaps", {}),
        ("amounts", {}),
    ],
    ids=["dict", "free", "alone", "gaps", "amounts"],
)
def test_rows_and_targets_of_any_form_come_fresh_as_the_first_ones_were_encoded(form, described):
    loaded = load(train=Records(form), **described)
    assert loaded.dataset.fresh
    assert loaded.dataset.fresh.live.changing
    fresh = loaded.dataset.fresh
    # read with the seeds of the first reading they are the rows in memory
    items = list(range(ROWS))
    seeds = dict(zip(items, seeds_of(0, ROWS), strict=True))
    [block] = fresh.live.batches([[(item, seeds[item]) for item in fresh.items]])
    inputs, targets = fresh.coded(*block)
    train = loaded.dataset.train

    for first, again in ((train.inputs, inputs), (train.targets, targets)):
        for leaf, same in zip(leaves_of(first), leaves_of(again), strict=True):
            assert leaf.dtype == same.dtype
            assert np.array_equal(leaf, same)
    run = Training(Recipe(optimizer=AdamW(), model=loaded.model, epochs=2, batch_size=32), loaded, seed=0)
    run.advance(2)
    assert run.epoch == 2


def test_rows_that_stay_as_they_are_are_kept_in_memory_as_arrays_are():
    rows, labels = torch.randn(80, 3), torch.arange(80) % 2
    loaded = load(train=DataLoader(TensorDataset(rows, labels), 7, shuffle=True))

    assert loaded.dataset.fresh is None
    assert loaded.dataset.digest == load(train=(rows.numpy(), labels.numpy())).dataset.digest
    assert loaded.notes == ("The torch data was read once and is kept in memory.",)
