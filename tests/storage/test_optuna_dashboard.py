"""optuna-dashboard, started as our docs say: it lists a study as one of its own, while it is searched too."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import advisor
from studies.storage import journal
from studies.storage.home import journal_path
from studies.storage.trial_lines import next_number, tell

from records import record
from waiting import ANSWER_SECONDS, free_port, wait_until

pytest.importorskip("optuna_dashboard")
COMMAND = Path(sys.executable).with_name("optuna-dashboard")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    asked = {"optimizers": ["AdamW", "Nesterov"], "epochs": 9, "tracking_uri": "off"}
    advisor.search("iris", study="s", budget="12trials", home=home, **asked)
    return home


@pytest.fixture(scope="module")
def address(home):
    """Start optuna-dashboard on the journal, and return where it answers."""
    port = str(free_port())
    storage = ("--storage-class", "JournalFileStorage", str(journal_path(home, "s")))
    server = subprocess.Popen(
        [COMMAND, *storage, "--host", "127.0.0.1", "--port", port, "--server", "wsgiref", "--quiet"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: answer(f"http://127.0.0.1:{port}/api/meta"), "optuna-dashboard answers")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def answer(url):
    with urllib.request.urlopen(url, timeout=ANSWER_SECONDS) as response:  # noqa: S310 - of this machine
        return json.load(response)


def trials(address, study=0):
    return answer(f"{address}/api/studies/{study}")["trials"]


def attributes(trial):
    return {each["key"]: each["value"] for each in trial["user_attrs"]}


def test_it_lists_the_search_and_the_confirmation(address):
    summaries = answer(f"{address}/api/studies")["study_summaries"]
    assert [each["study_name"] for each in summaries] == ["s", "s-confirmation"]


def test_it_shows_the_values_the_curve_and_the_costs_of_every_trial(address, home):
    records = journal.records(journal.open_study(home, "s"))
    shown = sorted(trials(address), key=lambda trial: int(attributes(trial)["trial"]))
    assert len(shown) == sum(left.searched for left in records)
    for trial, left in zip(shown, records, strict=False):
        params = {each["name"]: each["param_external_value"] for each in trial["params"]}
        assert params["optimizer"] == left.optimizer
        assert float(params["lr"]) == left.params[f"optimizer.{left.optimizer}.lr"]
        assert int(params["batch_size"]) == left.params["batch_size"]
        assert [point["value"] for point in trial["intermediate_values"]] == [
            point.valid_metric for point in left.curve
        ]
        assert attributes(trial)["stage"] == left.stage
        assert attributes(trial)["trial"] == str(left.number)
        assert int(attributes(trial)["peak_bytes"]) == left.peak_bytes


def test_it_tells_which_params_matter_and_draws_its_plots(address):
    (importances,) = answer(f"{address}/api/studies/0/param_importances")["param_importances"]
    assert {"lr", "batch_size", "optimizer"} <= {each["name"] for each in importances}
    for plot in ("contour", "slice", "parallel_coordinate", "rank", "edf", "timeline"):
        assert answer(f"{address}/api/studies/0/plot/{plot}")["data"], plot


def test_it_names_the_recommended_trial(address, home):
    summary = answer(f"{address}/api/studies")["study_summaries"][0]
    place = int(attributes(summary)[journal.RECOMMENDED])
    assert advisor.recommend("s", home=home).optimizer in str(trials(address)[place]["params"])


def test_a_trial_that_ends_meanwhile_appears_there_and_its_notes_harm_nothing(address, home):
    study = journal.open_study(home, "s")
    before = trials(address)
    note = json.dumps({"version": 1, "body": "looks good"}).encode()
    request = urllib.request.Request(  # noqa: S310 - of this machine
        f"{address}/api/studies/0/note", note, {"Content-Type": "application/json"}, method="PUT"
    )
    urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310

    tell(study, record(next_number(study), "AdamW", 0.5))
    wait_until(lambda: len(trials(address)) == len(before) + 1, "it shows the new trial")
    assert len(journal.records(journal.open_study(home, "s"))) == next_number(study)
