"""`advisor ablate` on a real study: it trains what lies between, and changes nothing that is there."""

from __future__ import annotations

import itertools
import json

import optuna
import pytest
from typer.testing import CliRunner

from advisor.cli.app import app
from advisor.jobs.ablate import ablate
from advisor.jobs.ablation import ablated
from studies.errors import BadValue, BadWorkload, UnknownChoice
from studies.storage.follow import read_study
from studies.storage.home import journal_of
from studies.storage.stop_wish import is_wished, wish_to_stop

from listeners import At

FEW = ("--optimizers", "AdamW,SGD", "--epochs", "3", "--tracking-uri", "off", "--workers", "0")


def command(home, *words):
    return CliRunner().invoke(app, [*words, "--home", str(home)], catch_exceptions=False).stdout


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    command(home, "search", "iris", "--study", "s", "--budget", "12trials", *FEW)
    return home


@pytest.fixture(scope="module")
def study(searched):
    """A study before and after: its answer, its records, and what the command printed."""
    before = command(searched, "recommend", "s", "--json"), read_study(searched, "s")
    said = command(searched, "ablate", "s", "--seeds", "2", "--workers", "0", "--json")
    return searched, before, json.loads(said)


def test_every_change_is_measured_with_the_seeds_of_the_confirmation(study):
    home, _, said = study
    confirmed = {run.seed for run in ablated(home, "s").confirmations}
    runs = read_study(home, "s").ablations

    assert said["measured"]
    assert said["seeds"] == 2
    assert all(step["effect"] is not None for step in said["steps"][1:])
    assert runs
    assert {run.seed for run in runs} <= confirmed
    assert {run.stage for run in runs} == {"ablate"}
    assert all(run.test_quality is None for run in runs)


def test_the_last_step_is_the_confirmed_recipe_whose_runs_are_not_made_again(study):
    home, _, said = study
    confirmed = {run.number for run in ablated(home, "s").confirmations}

    assert set(said["steps"][-1]["trials"]) <= confirmed
    assert not {number for step in said["steps"][:-1] for number in step["trials"]} & confirmed


def test_nothing_else_counts_the_runs(study):
    home, (answer, stored), _ = study
    after = read_study(home, "s")

    assert command(home, "recommend", "s", "--json") == answer
    assert after.records == stored.records
    assert after.manifest.spent_seconds == stored.manifest.spent_seconds
    assert after.manifest.recommendation == stored.manifest.recommendation
    storage = optuna.storages.JournalStorage(
        optuna.storages.journal.JournalFileBackend(str(journal_of(home, "s")))
    )
    in_optuna = {each.study_name: each.n_trials for each in optuna.get_all_study_summaries(storage)}
    assert in_optuna["s"] == sum(record.searched for record in after.records)
    assert in_optuna["s-ablation"] == len(after.ablations)


def test_a_second_call_trains_nothing_and_more_seeds_only_what_is_missing(study):
    home, _, said = study
    runs = read_study(home, "s").ablations

    assert ablate(home, "s", seeds=2, workers=0) == 0
    assert read_study(home, "s").ablations == runs
    assert ablate(home, "s", seeds=3, workers=0) == 0
    assert len(read_study(home, "s").ablations) - len(runs) <= len(said["steps"])


def test_the_list_of_trials_shows_the_runs_by_their_stage(study):
    home, _, _ = study
    rows = json.loads(command(home, "list", "trials", "s", "--json"))

    assert [int(row["name"]) for row in rows] == sorted(int(row["name"]) for row in rows)
    assert "ablate" in {row["stage"] for row in rows}


def test_who_stops_it_goes_on_later_where_it_was(searched):
    before = len(read_study(searched, "s").ablations)
    ended = []
    left = ablate(
        searched,
        "s",
        start="SGD" if ablated(searched, "s").advised.optimizer != "SGD" else "AdamW",
        seeds=3,
        workers=0,
        listen=lambda event: ended.append(event.record) if event.record else None,
        stop=lambda: len(ended) > 0,
    )

    assert left > 0
    assert len([run for run in ended if run.state == "complete"]) == 1
    assert len(read_study(searched, "s").ablations) == before + len(ended)


def test_a_wish_to_stop_is_heard_too_and_taken_away(searched, monkeypatch):
    monkeypatch.setattr("studies.storage.stop_wish.LOOK_SECONDS", 0.0)
    other = "SGD" if ablated(searched, "s").advised.optimizer != "SGD" else "AdamW"
    listen = At(1, lambda: wish_to_stop(searched, "s"))

    assert ablate(searched, "s", start=other, seeds=4, workers=0, listen=listen) > 0
    assert listen.trials == 1
    assert not is_wished(searched, "s")


def test_without_training_it_says_what_is_estimated_or_not_known(searched):
    said = command(searched, "ablate", "s", "--estimate", "--from", "SGD")

    assert "defaults of SGD" in said
    assert "estimated" in said or "measured" in said or "known" in said


def test_what_cannot_be_done_is_refused_in_a_line_that_says_what_is_allowed(searched):
    with pytest.raises(BadValue, match=r"21 seeds must be 1 to 20"):
        ablate(searched, "s", seeds=21)
    with pytest.raises(BadValue, match=r"Muon did not enter the search of 's'\. Allowed: AdamW, SGD"):
        ablate(searched, "s", start="Muon")
    with pytest.raises(UnknownChoice):
        ablate(searched, "s", start="Adamw2")


def test_runs_of_another_tool_have_nothing_in_between(tmp_path):
    (tmp_path / "runs.csv").write_text("optimizer,lr,epochs,accuracy\nSGD,0.1,5,0.91\nAdamW,0.001,5,0.8\n")
    command(tmp_path, "import", "csv", str(tmp_path / "runs.csv"), "--name", "theirs")

    with pytest.raises(BadWorkload, match="runs of another tool"):
        ablated(tmp_path, "theirs")


def test_an_ablation_trains_a_model_of_your_own_as_the_search_did(tmp_path, inside):
    (tmp_path / "own_net.py").write_text(
        "from torch import nn\n\n\ndef net(inputs, outputs):\n    return nn.Linear(inputs, outputs)\n"
    )
    model = ("--model", f"{tmp_path}/own_net.py:net")
    assert inside("search", "iris", "--study", "own", "--budget", "4trials", *model, *FEW).returncode == 0
    said = inside("ablate", "own", "--seeds", "1", "--workers", "0")

    assert said.returncode == 0, said.stderr


def test_qualities_differ_by_what_the_change_is_said_to_have_brought(study):
    """The advised recipe may have more confirmation runs than the path has seeds."""
    for before, step in itertools.pairwise(study[2]["steps"]):
        assert step["quality"] - before["quality"] == pytest.approx(step["effect"])
