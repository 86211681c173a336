"""Workers of a search: any number gives the same study, whatever is slow and whatever dies."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor.jobs import first_measurement
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from studies.engines.engine import Ending, Task
from studies.engines.local import Local
from studies.engines.payload import write_payload
from studies.errors import BadWorkload
from studies.plans.plan import Plan
from studies.search.clock import Clock
from studies.search.search import Search
from studies.storage import journal
from studies.trials.allowance import Allowance, Paces
from studies.trials.death import outcome_of
from studies.trials.host import TrialHost

from records import record
from training_functions import step_once

QUIET = {"tracking_uri": "off", "earlier": False}

DELAYED = """
import math, os, random, signal, time, torch
from pathlib import Path

def fit(recipe, report, seed):
    time.sleep(random.SystemRandom().random() / 20)
    weights = torch.nn.Linear(1, 1)
    optimizer = recipe.optimizer.build(weights, recipe.epochs)
    for epoch in range(recipe.epochs):
        kill_once(recipe, epoch)
        optimizer.zero_grad()
        weights(torch.ones(1, 1)).sum().backward()
        optimizer.step()
        distance = abs(math.log10(recipe.optimizer.lr) + 2 + seed / 100)
        if report(epoch + 1, 1 / (1 + distance) * (1 - 0.5 ** (epoch + 1))):
            return

def kill_once(recipe, epoch):
    for victim in (0, 1):
        if epoch == 1 + victim and recipe.optimizer.name() in VICTIMS[victim]:
            mark = Path({marks!r}) / f"killed-{{victim}}"
            try:
                mark.touch(exist_ok=False)
            except FileExistsError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)

VICTIMS = (("SGD", "Momentum", "Nesterov"), ("AdamW", "Adam", "NAdamW"))
"""


def values(study, home):
    """Return all that must not depend on the workers: not what took how long, nor when."""
    return [
        (
            record.number,
            record.state,
            record.stage,
            record.seed,
            record.params,
            record.quality,
            record.test_quality,
            record.error,
            record.split_seed,
            [(point.epoch, point.valid_loss, point.valid_metric) for point in record.curve],
        )
        for record in journal.records(journal.open_study(Path(home), str(study)))
    ]


def test_any_number_of_workers_gives_the_same_trials_with_delays_and_two_killed_workers(tmp_path):
    studies = {}
    for workers in (0, 1, 2, 5):
        place = tmp_path / str(workers)
        place.mkdir()
        (place / "loop.py").write_text(DELAYED.format(marks=str(place)))
        if workers == 0:  # where nothing can be killed without the test
            (place / "killed-0").touch()
            (place / "killed-1").touch()
        study = advisor.search(
            f"{place / 'loop.py'}:fit",
            metric="accuracy",
            optimizers=("SGD", "AdamW", "Lion"),
            budget="15trials",
            epochs=9,
            workers=workers,
            home=place,
            fair="strict",
            **QUIET,
        )
        assert (place / "killed-0").exists()
        assert (place / "killed-1").exists()
        studies[workers] = values(study, place)
    assert studies[1] == studies[0]
    assert studies[2] == studies[0]
    assert studies[5] == studies[0]
    assert all(state != "failed" for _, state, *_ in studies[0])


def test_trainings_that_go_on_in_another_worker_end_the_same(tmp_path):
    studies = [
        values(
            advisor.search(
                "iris", budget="12trials", epochs=9, workers=workers, home=tmp_path / str(workers), **QUIET
            ),
            tmp_path / str(workers),
        )
        for workers in (1, 3)
    ]
    assert studies[0] == studies[1]
    assert not list(tmp_path.glob("*/checkpoints/*/*.paused"))


def test_a_number_of_workers_that_cannot_be_is_refused_in_one_line(advisor):
    for text in ("-1", "two"):
        run = advisor("search", "iris", "--workers", text)
        assert run.returncode == 2
        assert "neither auto nor a number" in run.stderr
        assert "Traceback" not in run.stderr


FAULTS = {
    "raises": ("raise ValueError('bad luck')", "failed", "ValueError: bad luck"),
    "exits": ("os._exit(7)", "failed", "the process ended with status 7 in epoch 2"),
    "leaves": ("sys.exit(7)", "failed", "sys.exit(7)"),
    "segfaults": ("ctypes.string_at(0)", "failed", "signal 11 (SIGSEGV) in epoch 2"),
    "is killed": ("os.kill(os.getpid(), 9)", "failed", "signal 9 (SIGKILL)"),
    "raises all": ("raise BaseException('gone')", "failed", "BaseException: gone"),
    "interrupts": ("raise KeyboardInterrupt", "failed", "KeyboardInterrupt"),
    "hangs": ("time.sleep(1000)", "failed", "ended in epoch 2, as it took more than"),
    "lacks memory": ("bytearray(10**18)", "infeasible", "out of memory: MemoryError"),
    "diverges": ("report(2, float('nan'))", "infeasible", "diverged in epoch 2"),
    "is endless": ("report(2, float('inf'))", "infeasible", "diverged in epoch 2"),
    "reports text": ("report(2, 'much')", "failed", "much"),
}

FAULTY = """
import ctypes, os, sys, time
from records import record
from training_functions import step_once

def fit(recipe, report, seed):
    print("training with", recipe.optimizer.name())
    step_once(recipe)
    report(1, recipe.optimizer.lr)
    if recipe.optimizer.name() == "SGD":
        {fault}
    report(2, recipe.optimizer.lr)
    for epoch in range(2, recipe.epochs):
        if report(epoch + 1, recipe.optimizer.lr):
            return
"""


@pytest.mark.parametrize("name", FAULTS)
def test_whatever_a_trial_does_the_study_goes_on_and_says_so(tmp_path, name):
    fault, state, error = FAULTS[name]
    (tmp_path / "loop.py").write_text(FAULTY.format(fault=fault))
    limits = {"trial_time": "3s"} if name == "hangs" else {}
    study = advisor.search(
        f"{tmp_path / 'loop.py'}:fit",
        metric="accuracy",
        optimizers=("SGD", "AdamW"),
        budget="4trials",
        epochs=9,
        workers=2,
        home=tmp_path,
        **limits,
        **QUIET,
    )
    records = journal.records(journal.open_study(tmp_path, str(study)))
    bad = [record for record in records if record.optimizer == "SGD"]
    good = [record for record in records if record.optimizer == "AdamW" and record.state == "complete"]
    assert good
    assert bad[0].state == state
    assert error in bad[0].error
    assert bad[0].output[0] == "training with SGD"
    assert advisor.recommend(study, home=tmp_path).optimizer == "AdamW"


def test_a_trial_over_its_share_of_memory_is_infeasible_with_its_peak(tmp_path):
    (tmp_path / "loop.py").write_text(FAULTY.format(fault='kept = b"x" * 2**30; time.sleep(1000)'))
    session = prepare(
        Request.of(
            f"{tmp_path / 'loop.py'}:fit",
            optimizers=("SGD", "AdamW"),
            budget="2trials",
            epochs=9,
            fair="strict",
            **QUIET,
        ),
        tmp_path,
    )
    write_payload(tmp_path / "host", TrialHost(workload=session.workload, plan=session.plan))
    study = journal.open_study(tmp_path, session.name)
    engine = Local(tmp_path / "host", 2)
    allowance = Allowance(epochs=9, most_bytes=700 * 2**20)
    clock = Clock(budget=session.plan.budget)
    Search(study, session.workload, session.plan, clock=clock, engine=engine, allowance=allowance).run()
    engine.close()
    [bad, *_] = [record for record in journal.records(study) if record.optimizer == "SGD"]
    assert bad.state == "infeasible"
    assert "out of memory in epoch 2: its process held" in bad.error
    assert bad.peak_bytes > 700 * 2**20


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("os._exit(7)", "loop.py:fit ended its process with status 7 when it was tried"),
        ("ctypes.string_at(0)", "ended its process with signal 11 (SIGSEGV)"),
        ("time.sleep(1000)", "took more than 1"),
        ("sys.exit(3)", "the function called sys.exit(3)"),
        ("raise ValueError('no data')", "loop.py, line"),
    ],
)
def test_a_function_that_ends_its_process_in_its_first_epoch_is_refused_in_one_line(tmp_path, fault, problem):
    code = FAULTY.format(fault="pass").replace("    report(1,", f"    {fault}\n    report(1,", 1)
    (tmp_path / "loop.py").write_text(code)
    time = "1s" if "sleep" in fault else "300s"
    with pytest.raises(BadWorkload, match=re.escape(problem)):
        advisor.search(f"{tmp_path / 'loop.py'}:fit", trial_time=time, workers=1, home=tmp_path, **QUIET)


def test_what_cannot_go_to_a_worker_trains_here_and_the_user_hears_why(tmp_path, caplog):
    lock = threading.Lock()

    def fit(recipe, report, seed):
        with lock:
            step_once(recipe)
            return recipe.optimizer.lr

    study = advisor.search(
        fit, metric="accuracy", optimizers=("SGD",), budget="2trials", workers=2, home=tmp_path, **QUIET
    )
    records = journal.records(journal.open_study(tmp_path, str(study)))
    assert [record.state for record in records if record.searched] == ["complete", "complete"]
    assert "trials train in the search's own process" in caplog.text
    assert "lock" in caplog.text


SLOW_FIRST = FAULTY.format(fault="pass").replace("    report(1,", "    time.sleep(1.5)\n    report(1,", 1)


def test_a_budget_shorter_than_the_first_measurement_does_not_end_the_command(tmp_path):
    (tmp_path / "loop.py").write_text(SLOW_FIRST)
    study = advisor.search(
        f"{tmp_path / 'loop.py'}:fit", optimizers=("SGD",), budget="1s", workers=1, home=tmp_path, **QUIET
    )
    assert journal.records(journal.open_study(tmp_path, str(study)))


def test_a_trial_that_outlasts_the_budget_is_cut_short_and_not_too_slow():
    late = Ending(handle=0, worker=0, cause="deadline", progress=1)
    of_budget = Task(work=None, stop_after_seconds=3.0, deadline_seconds=8.0)
    of_trials = (
        Task(work=None, deadline_seconds=8.0),
        Task(work=None, stop_after_seconds=60, deadline_seconds=8),
    )

    cut = outcome_of(late, of_budget)
    assert cut.state == "pruned"
    assert cut.error == "ended in epoch 2, as it did not stop when the budget was used up: the search ended"
    for task in of_trials:
        outcome = outcome_of(late, task)
        assert (outcome.state, outcome.error) == ("failed", "ended in epoch 2, as it took more than 8 s")


RUNS = st.builds(
    lambda number, name, seconds, size, epochs: replace(
        record(number, name, params={"optimizer": name, "batch_size": size}, epochs=epochs),
        wall_seconds=seconds,
    ),
    st.integers(0, 99),
    st.sampled_from(("AdamW", "SGD")),
    st.floats(0.01, 1e4),
    st.integers(1, 512),
    st.integers(1, 9),
)


@given(st.lists(RUNS, max_size=9))
def test_the_pace_of_an_optimizer_is_that_of_its_slowest_run_in_any_order(runs):
    paces = Paces.of_all(runs)
    assert paces.by_optimizer == Paces.of_all(runs[::-1]).by_optimizer
    for name in ("AdamW", "SGD"):
        of_name = [run for run in runs if run.optimizer == name]
        pace = paces.of(name)
        assert (pace is None) == (not of_name)
        if pace is not None:
            assert pace.epoch_seconds == max(run.took_seconds / run.epochs for run in of_name)
            assert pace.smallest_batch == min(run.params["batch_size"] for run in of_name)


ODD_NET = """
import os, time, torch

class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.linear = torch.nn.Linear(inputs, outputs)

    def forward(self, rows):
        if torch.is_grad_enabled() and self.training and rows.shape[0] > 3:
            {fault}
        return self.linear(rows)
"""


@pytest.mark.parametrize(
    ("fault", "problem"),
    [("os._exit(7)", "ended its process with status 7"), ("time.sleep(1000)", "took more than")],
)
def test_a_model_that_ends_its_process_when_it_is_profiled_is_refused_in_one_line(
    tmp_path, fault, problem, monkeypatch
):
    monkeypatch.setattr(first_measurement, "LEAST_SECONDS", 4.0)
    (tmp_path / "net.py").write_text(ODD_NET.format(fault=fault))
    with pytest.raises(BadWorkload, match=problem):
        advisor.search(
            "iris",
            model=f"{tmp_path / 'net.py'}:Net",
            budget="4s" if "sleep" in fault else "300s",
            workers=1,
            home=tmp_path,
            **QUIET,
        )


@pytest.mark.slow
def test_trials_in_lockstep_are_the_same_for_any_number_of_workers(tmp_path):
    studies = [
        values(
            advisor.search(
                "iris",
                model="mlp",
                budget="20trials",
                epochs=9,
                lockstep="on",
                workers=workers,
                home=tmp_path / str(workers),
                **QUIET,
            ),
            tmp_path / str(workers),
        )
        for workers in (0, 2)
    ]
    assert studies[0] == studies[1]
    assert Plan.of(journal.manifest_of(journal.open_study(tmp_path / "0", "iris-1"))).lockstep > 1
