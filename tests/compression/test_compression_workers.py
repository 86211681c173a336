"""Workers of a compression: any number gives the same study; what ends one costs the trial that it had."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path

import pytest

import advisor
from studies.limits import Limits
from studies.storage import journal
from studies.trials import allowance

from listeners import At

pytest.importorskip("onnxruntime")

NET = """
from pathlib import Path
import torch

LEFT = Path({left!r})

class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(inputs, 32), torch.nn.ReLU(), torch.nn.Linear(32, outputs)
        )

    def forward(self, rows):
        if torch.compiler.is_exporting() and LEFT.exists():
            times, _, fault = LEFT.read_text().partition(" ")
            if int(times) > 0:
                LEFT.write_text(f"{{int(times) - 1}} {{fault}}")
                print("exported for the last time", flush=True)
                exec("import ctypes, os, sys, time; " + fault)
        return self.layers(rows)
"""
SEARCH = {"epochs": 9, "budget": "5trials", "tracking_uri": "off", "earlier": False, "workers": 0}
TWO = ("AdamW", "Nesterov")


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The file that says how often an export goes wrong, and how."""
    return tmp_path_factory.mktemp("faults") / "left"


@pytest.fixture(scope="module")
def searched(tmp_path_factory, left):
    """A study of a model whose export goes wrong as often as that file says."""
    place = tmp_path_factory.mktemp("searched")
    (place / "net.py").write_text(NET.format(left=str(left)))
    advisor.search(
        "iris", model=f"{place / 'net.py'}:Net", study="s", optimizers=TWO, home=place / "home", **SEARCH
    )
    return place / "home"


@pytest.fixture
def study(searched, left, tmp_path):
    """A copy of it that may be changed, with nothing going wrong yet."""
    left.unlink(missing_ok=True)
    return shutil.copytree(searched, tmp_path / "copy")


def compressed(home):
    records = journal.records(journal.open_study(Path(home), "s"))
    return [record for record in records if record.stage == "compress"]


def values(home):
    """Return all that must not depend on the workers: not what took how long."""
    return [
        (
            record.number,
            record.state,
            record.seed,
            record.source,
            record.params,
            record.quality,
            record.test_quality,
            record.model_bytes,
            record.macs,
            record.sparsity,
            record.error,
            record.footprint and (record.footprint.agreement, record.footprint.path),
        )
        for record in compressed(home)
    ]


def same_with(counts, searched, place, **options):
    """Compress copies of a study with several numbers of workers, and return what must be the same."""
    answers = {}
    for workers in counts:
        home = shutil.copytree(searched, place / str(workers))
        advisor.compress("s", home=home, workers=workers, **options)
        assert all(record.latency_seconds for record in compressed(home) if record.state == "complete")
        answers[workers] = values(home)
    return answers


def test_no_worker_and_two_give_the_same_models_though_one_is_killed(study, left, tmp_path):
    answers = same_with((0,), study, tmp_path, budget="14trials")
    left.write_text("1 os.kill(os.getpid(), 9)")
    answers |= same_with((2,), study, tmp_path, budget="14trials")

    assert left.read_text().startswith("0 ")
    assert len(answers[0]) == 14
    assert answers[2] == answers[0]
    assert {state for _, state, *_ in answers[0]} == {"complete"}


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_study_with_a_sampler_and_repeats(study, tmp_path):
    limits = Limits(model_bytes=4_000)
    answers = same_with((0, 1, 3), study, tmp_path, budget="70trials", limits=limits)

    assert len(answers[0]) == 70
    assert answers[1] == answers[0]
    assert answers[3] == answers[0]


FAULTS = {
    "exits": ("2 os._exit(7)", "failed", "the process ended with status 7 while it was exported"),
    "segfaults": ("2 ctypes.string_at(0)", "failed", "signal 11 (SIGSEGV) while it was exported"),
    "hangs": ("1 time.sleep(1000)", "failed", "ended while it was exported, as it took more than 20 s"),
    "hoards": (
        "1 hoard = bytearray(b'x') * 3_000_000_000; time.sleep(9)",
        "infeasible",
        "out of memory while it was exported: its process held",
    ),
    "leaves": ("1 sys.exit(3)", "failed", "sys.exit(3)"),
}


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=[] if name == "exits" else pytest.mark.slow) for name in FAULTS]
)
def test_an_export_that_ends_its_process_leaves_a_record_and_the_study_goes_on(
    fault, study, left, monkeypatch
):
    text, state, words = FAULTS[fault]
    left.write_text(text)
    if fault == "hangs":
        monkeypatch.setattr(allowance, "LEAST_COMPRESSION_SECONDS", 20.0)
        monkeypatch.setattr(allowance, "SLACK", 1.0)
    if fault == "hoards":
        monkeypatch.setattr("advisor.jobs.workers.most_bytes", lambda limits, room, count: 2**31)
    advisor.compress("s", budget="6trials", home=study, workers=1)
    first, *others = compressed(study)

    assert (first.state, len(others)) == (state, 5)
    assert words in first.error
    assert {record.state for record in others} == {"complete"}
    tried = [(record.source, str(sorted(record.params.items()))) for record in compressed(study)]
    assert len(set(tried)) == len(tried)
    assert not list((study / "models" / "s").glob("part-*"))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_stop_ends_what_runs_keeps_what_is_finished_and_the_rest_is_tried_later(workers, study):
    listen = At(2, lambda: signal.raise_signal(signal.SIGINT))
    advisor.compress("s", budget="6trials", home=study, workers=workers, listen=listen)
    before = values(study)
    advisor.compress("s", home=study, workers=workers)
    after = values(study)

    assert 2 <= len(before) <= 4
    assert after[: len(before)] == before
    assert sum(state == "complete" for _, state, *_ in after) >= 5
    assert journal.manifest_of(journal.open_study(study, "s")).compressing.ended
