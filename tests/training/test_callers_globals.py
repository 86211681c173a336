"""Caller's globals: neither relied on nor changed, by a search, a profile or a resumed study."""

from __future__ import annotations

import asyncio
import random
import threading
from contextlib import contextmanager, nullcontext

import numpy as np
import pytest
import torch
from torch import nn

import advisor
from studies.callers_globals import set_aside, users_dtype
from studies.errors import BadWorkload
from studies.models.fitting import fitted
from studies.storage import journal

from odd_modules import CLASSES, COLUMNS, LABELS, ROWS


@contextmanager
def default_dtype(dtype):
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


@contextmanager
def default_device(kind):
    torch.set_default_device(kind)
    try:
        yield
    finally:
        torch.set_default_device(None)


@contextmanager
def generators_elsewhere():
    torch.manual_seed(123)
    np.random.seed(4)  # noqa: NPY002
    random.seed(5)
    yield


@contextmanager
def many_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(before + 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def deterministic():
    torch.use_deterministic_algorithms(mode=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(mode=False)


SETTINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "no gradients": torch.no_grad,
    "inference": torch.inference_mode,
    "no tensors": lambda: default_device("meta"),
    "device block": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", dtype=torch.bfloat16),
    "generators": generators_elsewhere,
    "threads": many_threads,
    "deterministic": deterministic,
    "anomalies": torch.autograd.detect_anomaly,
}

FEW = ("float64", "no gradients", "inference", "no tensors", "generators")


def state():
    return {
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "gradients": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": torch.is_autocast_enabled("cpu"),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "anomalies": torch.is_anomaly_enabled(),
        "threads": torch.get_num_threads(),
        "torch": torch.get_rng_state().tolist(),
        "numpy": repr(np.random.get_state()),  # noqa: NPY002
        "python": random.getstate(),
    }


def search(home, name, **options):
    workload = advisor.Workload(train=(ROWS, LABELS), model=options.pop("model", "mlp"))
    study = advisor.search(
        workload, budget="3trials", epochs=1, optimizers="AdamW,SGD", home=home, study=name,
        tracking_uri="off", **options,
    )  # fmt: skip
    return curves(home, study)


def curves(home, study):
    records = journal.records(journal.open_study(home, study))
    assert all(record.error is None for record in records)
    return [
        (record.params, [(point.train_loss, point.valid_loss, point.valid_metric) for point in record.curve])
        for record in records
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return what a search comes to where nothing was set."""
    return search(tmp_path_factory.mktemp("home"), "undisturbed")


@pytest.mark.filterwarnings("ignore:Anomaly Detection has been enabled")
@pytest.mark.parametrize(
    "setting", [pytest.param(name, marks=() if name in FEW else pytest.mark.slow) for name in SETTINGS]
)
def test_a_search_comes_to_the_same_and_leaves_everything_as_it_was(setting, undisturbed, tmp_path):
    with SETTINGS[setting]():
        before = state()
        answer = search(tmp_path, "set")
        assert state() == before

    assert answer == undisturbed


@pytest.mark.parametrize("setting", ["float64", "inference"])
def test_a_profile_and_a_resumed_study_leave_everything_as_it_was(setting, tmp_path):
    search(tmp_path, "study")
    with SETTINGS[setting]():
        before = state()
        facts = advisor.profile("iris").facts
        advisor.resume("study", budget="4trials", home=tmp_path)
        assert state() == before

    assert facts.parameters == advisor.profile("iris").facts.parameters
    assert len(curves(tmp_path, "study")) > 3


def test_a_failing_call_leaves_everything_as_it_was(tmp_path):
    with default_dtype(torch.float64), torch.no_grad():
        before = state()
        with pytest.raises(BadWorkload):
            search(tmp_path, "failing", model=lambda: nn.Linear(COLUMNS + 1, CLASSES))
        assert state() == before


def test_a_search_runs_in_a_thread_and_within_an_event_loop(undisturbed, tmp_path):
    answers = {}
    thread = threading.Thread(target=lambda: answers.update(thread=search(tmp_path, "thread")))
    thread.start()
    thread.join()

    async def inside():
        answers["loop"] = search(tmp_path, "loop")

    asyncio.run(inside())
    assert answers == {"thread": undisturbed, "loop": undisturbed}


def test_the_default_type_is_the_callers_again_once_the_last_of_several_threads_is_through():
    first_is_in, second_is_through = threading.Event(), threading.Event()
    inside = []

    def first():
        with set_aside():
            first_is_in.set()
            second_is_through.wait(10)
            inside.append(torch.get_default_dtype())

    with default_dtype(torch.float64):
        thread = threading.Thread(target=first)
        thread.start()
        first_is_in.wait(10)
        with set_aside():
            inside.append(torch.get_default_dtype())
        second_is_through.set()
        thread.join()
        assert torch.get_default_dtype() == torch.float64

    assert inside == [torch.float32, torch.float32]


def test_a_users_model_is_made_under_the_users_default_type_and_leaves_it(tmp_path):
    made = []

    def net():
        torch.set_default_dtype(torch.float64)
        made.append(torch.get_default_dtype())
        return nn.Linear(COLUMNS, CLASSES)

    types = []

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Linear(COLUMNS, CLASSES)
            types.append(self.net.weight.dtype)

        def forward(self, inputs):
            return self.net(inputs)

    search(tmp_path, "setting", model=net)
    assert torch.get_default_dtype() == torch.float32
    with default_dtype(torch.float64):
        search(tmp_path, "double", model=Net)
    assert set(types) == {torch.float64}


def test_a_training_function_runs_under_the_users_default_type_and_we_do_not(tmp_path):
    types = []

    def fit(recipe, report, seed):
        model = nn.Linear(2, 1)
        optimizer = recipe.optimizer.build(model, total_steps=recipe.epochs)
        inputs = torch.linspace(-1, 1, 8).reshape(4, 2)
        types.append(inputs.dtype)
        for epoch in range(1, recipe.epochs + 1):
            loss = model(inputs).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if report(epoch, loss.item()):
                return

    with default_dtype(torch.float64), torch.no_grad():
        advisor.search(
            fit, metric="loss", direction="minimize", budget="2trials", epochs=2, optimizers="AdamW,SGD",
            home=tmp_path, study="fit", tracking_uri="off",
        )  # fmt: skip
        assert torch.get_default_dtype() == torch.float64

    assert set(types) == {torch.float64}


def test_what_a_file_sets_is_the_users_from_then_on_and_not_ours():
    with set_aside():
        with users_dtype(noted=True):
            torch.set_default_dtype(torch.float64)
        assert torch.get_default_dtype() == torch.float32
        with users_dtype():
            assert torch.get_default_dtype() == torch.float64
            torch.set_default_dtype(torch.float16)
        with users_dtype():
            assert torch.get_default_dtype() == torch.float64
    assert torch.get_default_dtype() == torch.float64
    torch.set_default_dtype(torch.float32)


@pytest.mark.parametrize("before", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("fails", [False, True], ids=["answers", "fails"])
def test_a_pass_of_a_double_module_leaves_the_default_type_as_it_was(before, fails):
    module = fitted(nn.Linear(COLUMNS, CLASSES).double(), "double", lambda: None)
    rows = torch.from_numpy(ROWS[:, : COLUMNS - fails])
    with default_dtype(before):
        with pytest.raises(RuntimeError) if fails else nullcontext():
            module(rows)
        assert torch.get_default_dtype() == before
