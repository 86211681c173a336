"""Fresh rows: data that changes is read anew in every epoch, and no row held out ever trains."""

from __future__ import annotations

import os

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
)

from studies.data.dataset import redrawn
from studies.data.feed import Feed
from studies.datasets.files.torch_items import seeds_of
from studies.errors import BadWorkload
from studies.imports import load as import_by_name
from studies.optimizers.adamw import AdamW
from studies.recipe import Recipe
from studies.rows.nested import leaves_of
from studies.train import Training
from studies.workload import Workload
from studies.workload_opening import reopen_workload, workload_from_code

ROWS = 120


class Augmented(Dataset):
    """Images whose first pixel names the row, the others noisy at each reading."""

    def __init__(self, noise="torch", rows=ROWS, first=0):
        self.pixels = np.random.default_rng(first).normal(size=(rows, 1, 4, 4)).astype("float32")
        self.labels = (self.pixels.sum((1, 2, 3)) > 0).astype(int)
        self.pixels[:, 0, 0, 0] = np.arange(first, first + rows)
        self.noise = noise
        self.generator = np.random.default_rng()

    def __len__(self):
        return len(self.pixels)

    def __getitem__(self, item):
        if item >= len(self):
            raise IndexError(item)
        image, label = self.pixels[item].copy(), int(self.labels[item])
        if self.noise == "torch":
            image[0, 1:] += torch.randn(3, 4).numpy()
        elif self.noise == "numpy":
            image[0, 1:] += np.random.normal(size=(3, 4)).astype("float32")  # noqa: NPY002 - as people write it
        elif self.noise == "own":
            image[0, 1:] += self.generator.normal(size=(3, 4)).astype("float32")
        return torch.from_numpy(image), label


class Endless(IterableDataset):
    """Rows of numbers whose first says how far the stream is, in one order or random."""

    def __init__(self, rows=None, random=False, columns=4):
        self.rows, self.random, self.columns = rows, random, columns

    def __iter__(self):
        generator, number = np.random.default_rng(0), 0
        while self.rows is None or number < self.rows:
            drawn = torch.randn(self.columns).numpy() if self.random else generator.normal(size=self.columns)
            yield torch.tensor(drawn, dtype=torch.float32), int(drawn[-1] > 0)
            number += 1


def load(**described):
    return workload_from_code(Workload(**described), source="")


def epochs(loaded, count=2, seed=0, batch_size=16):
    """Return inputs and targets of so many epochs, as the model gets them."""
    feed, order = Feed(loaded.dataset, seed, torch.device("cpu")), torch.Generator().manual_seed(seed)
    size = min(batch_size, loaded.rows)
    steps = loaded.steps_per_epoch(size)
    whole = []
    for _ in range(count):
        drawn = [draw() for _, draw in feed.epoch(order, size, steps)]
        whole.append(tuple(torch.cat(parts) for parts in zip(*drawn, strict=True)))
    return whole


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


class Backwards(Sampler):
    """A sampler of somebody's own, which repeats each item."""

    def __init__(self, rows):
        self.rows = rows

    def __iter__(self):
        return iter([item for item in range(self.rows - 1, -1, -1) for _ in range(2)])

    def __len__(self):
        return 2 * self.rows


SAMPLERS = {
    "weighted": lambda data, draw: {
        "sampler": WeightedRandomSampler(draw.random(len(data)) + 0.1, len(data))
    },
    "own generator": lambda data, draw: {
        "sampler": WeightedRandomSampler(draw.random(len(data)) + 0.1, 50, generator=torch.Generator())
    },
    "replacement": lambda data, draw: {"sampler": RandomSampler(data, replacement=True)},
    "subset": lambda data, draw: {"sampler": SubsetRandomSampler(draw.permutation(len(data))[:70].tolist())},
    "own": lambda data, draw: {"sampler": Backwards(len(data))},
    "batches": lambda data, draw: {"batch_sampler": OwnBatches(Backwards(len(data)), 10, drop_last=False)},
}


class OwnBatches(BatchSampler):
    """A batch sampler of somebody's own."""


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(SAMPLERS)), st.integers(0, 100))
def test_whatever_a_sampler_repeats_no_row_is_in_two_parts_or_trains_from_another(kind, seed):
    draw = np.random.default_rng(seed)
    data = TensorDataset(
        torch.from_numpy(draw.normal(size=(ROWS, 4)).astype("float32")),
        torch.from_numpy(draw.integers(0, 2, ROWS)),
    )
    loaded = load(train=DataLoader(data, **SAMPLERS[kind](data, draw)))
    train, *others = (
        {row.tobytes() for row in part.inputs}
        for part in (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)
    )

    assert len(train) == loaded.dataset.train.rows
    assert not train & others[0]
    assert not (train | others[0]) & others[1]
    for inputs, _ in epochs(loaded):
        assert {row.tobytes() for row in inputs.numpy()} <= train


def test_a_sampler_weighs_the_rows_that_train_as_it_weighs_all():
    labels = torch.arange(400) % 10 // 9
    weights = torch.where(labels == 1, 9.0, 1.0)
    loader = DataLoader(
        TensorDataset(torch.randn(400, 3), labels), 8, sampler=WeightedRandomSampler(weights, 400)
    )
    loaded = load(train=loader)
    targets = torch.cat([targets for _, targets in epochs(loaded, 10)]).double()

    assert abs(float(targets.mean()) - 0.5) < 0.06
    assert loaded.steps_per_epoch(16) == 15
    assert "sampler" in loaded.notes[-1]


def without_some(items):
    """Leave out the items that are broken, as people's collate functions do."""
    return default_collate([item for item in items if item[0][0, 0, 0] % 5])


def twice(items):
    return default_collate([*items, *items])


def test_a_collate_function_may_leave_items_out_and_may_not_double_them():
    loaded = load(train=DataLoader(Augmented(), 16, collate_fn=without_some))
    parts = (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)

    assert sum(part.rows for part in parts) == ROWS * 4 // 5
    assert len(epochs(loaded)[0][0]) == loaded.rows
    with pytest.raises(BadWorkload, match="collate_fn makes 2 rows of one item"):
        load(train=DataLoader(Augmented(), 16, collate_fn=twice))


@pytest.mark.parametrize("random", [True, False], ids=["random", "fixed"])
def test_a_stream_never_trains_on_the_rows_that_it_validates_on(random):
    loaded = load(train=Endless(random=random), steps_per_epoch=400)
    held_out = {row.tobytes() for part in (loaded.dataset.valid, loaded.dataset.test) for row in part.inputs}
    for seed in (0, 1):
        [(inputs, _)] = epochs(loaded, 1, seed)
        assert len(inputs) == 6400
        assert not held_out & {row.tobytes() for row in inputs.numpy()}


def test_a_stream_that_ends_begins_anew_and_goes_on_from_epoch_to_epoch():
    loaded = load(train=Endless(300), steps_per_epoch=5)
    first, second, third = (inputs for inputs, _ in epochs(loaded, 3))

    assert not torch.isin(first, second).any()
    assert torch.isin(third[-1], torch.cat([first, second])).all()
    assert loaded.steps_per_epoch(16) == loaded.steps_per_epoch(64) == 5


def test_a_stream_that_repeats_rows_is_read_once_each():
    class Repeating(IterableDataset):
        def __iter__(self):
            yield from ((torch.tensor([float(row), row**2.0]), row % 2) for row in [*range(60), *range(60)])

    loaded = load(train=Repeating())
    assert sum(part.rows for part in (loaded.dataset.train, loaded.dataset.valid, loaded.dataset.test)) == 60
    assert any(note.startswith("Left out 60 rows of the stream") for note in loaded.notes)


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


def test_a_stream_with_a_label_that_its_first_rows_do_not_have_is_told():
    class Growing(IterableDataset):
        def __iter__(self):
            for row in range(8000):
                yield torch.tensor([float(row % 7), row % 3.0]), row // 6000 + row % 2

    with pytest.raises(BadWorkload, match="label 2, which none of the first rows has"):
        epochs(load(train=Growing(), steps_per_epoch=600), 1)


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
            assert np.allclose(leaf, same, atol=1e-5)
    run = Training(Recipe(optimizer=AdamW(), model=loaded.model, epochs=2, batch_size=32), loaded, seed=0)
    run.advance(2)
    assert run.epoch == 2


def test_rows_that_stay_as_they_are_are_kept_in_memory_as_arrays_are():
    rows, labels = torch.randn(80, 3), torch.arange(80) % 2
    loaded = load(train=DataLoader(TensorDataset(rows, labels), 7, shuffle=True))

    assert loaded.dataset.fresh is None
    assert loaded.dataset.digest == load(train=(rows.numpy(), labels.numpy())).dataset.digest
    assert loaded.notes == ("The torch data was read once and is kept in memory.",)
