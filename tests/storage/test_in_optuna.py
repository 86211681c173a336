"""A study in Optuna's own hands: its trials, its best ones and its plots are those of an ordinary study."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import optuna
import pytest
from optuna import visualization
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

import advisor
from studies.record import count_states
from studies.storage import journal
from studies.storage.follow import Journal
from studies.storage.home import journal_path
from studies.storage.locks import write_lock
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import TrialLine, next_number, tell

from records import record

pytestmark = pytest.mark.filterwarnings("ignore:Some regimes for parameter")  # of few trials
PLOTS = (
    visualization.plot_optimization_history,
    visualization.plot_param_importances,
    visualization.plot_slice,
    visualization.plot_parallel_coordinate,
    visualization.plot_intermediate_values,
    visualization.plot_edf,
    visualization.plot_timeline,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home with a study that was searched, confirmed and compressed."""
    home = tmp_path_factory.mktemp("home")
    asked = {"model": "mlp", "optimizers": ["AdamW", "Nesterov"], "epochs": 9, "tracking_uri": "off"}
    advisor.search("iris", study="s", budget="24trials", home=home, **asked)
    advisor.compress("s", budget="8trials", home=home)
    return home


def storage_of(home):
    """Open a journal as anybody does who has Optuna and not us."""
    return JournalStorage(JournalFileBackend(str(journal_path(home, "s"))))


def opened(home, name="s"):
    return optuna.load_study(study_name=name, storage=storage_of(home))


def records(home):
    return journal.records(journal.open_study(home, "s"))


def test_the_search_the_confirmation_and_the_compression_are_three_studies_of_one_file(home):
    assert optuna.get_all_study_names(storage_of(home)) == ["s", "s-confirmation", "s-compression"]
    stages = {
        name: {trial.user_attrs["stage"] for trial in opened(home, name).trials}
        for name in ("s", "s-confirmation", "s-compression")
    }
    assert stages == {
        "s": {"start", "race"},
        "s-confirmation": {"confirm"},
        "s-compression": {"compress"},
    }


def test_every_trial_holds_the_real_values_of_its_recipe_and_what_it_cost(home):
    by_number = {left.number: left for left in records(home)}
    for name in ("s", "s-confirmation"):
        for trial in opened(home, name).trials:
            left = by_number.pop(trial.user_attrs["trial"])
            assert trial.params["optimizer"] == left.optimizer
            assert trial.params["lr"] == left.params[f"optimizer.{left.optimizer}.lr"]
            assert trial.params["batch_size"] == left.params["batch_size"]
            assert trial.user_attrs["seed"] == left.seed
            assert trial.user_attrs.get("peak_bytes") == left.peak_bytes
            assert trial.user_attrs["seconds"] == pytest.approx(left.took_seconds, abs=1e-3)
            assert trial.user_attrs.get("source") == left.source
            assert trial.intermediate_values == {point.epoch: point.valid_metric for point in left.curve}
    for trial in opened(home, "s-compression").trials:
        left = by_number.pop(trial.user_attrs["trial"])
        assert trial.params["quantization"] == left.params["quantization"]
        assert left.state != "complete" or trial.values == [left.quality, left.model_bytes]
    assert not by_number


def test_the_best_trial_is_the_best_that_was_trained_on_the_same_rows(home):
    searched = [left for left in records(home) if left.searched and left.state == "complete"]
    best = max(left.quality for left in searched)
    study = opened(home)

    assert study.best_value == best
    assert any(
        study.best_params["lr"] == left.params[f"optimizer.{left.optimizer}.lr"]
        for left in searched
        if left.quality == best
    )


def test_the_trial_with_the_recommended_recipe_is_named_among_the_studys_attributes(home):
    study, answer = opened(home), advisor.recommend("s", home=home)
    params = study.trials[study.user_attrs[journal.RECOMMENDED]].params

    assert params["optimizer"] == answer.optimizer
    assert params["lr"] == answer.params[f"optimizer.{answer.optimizer}.lr"]
    assert params["batch_size"] == answer.params["batch_size"]


@pytest.mark.parametrize("plot", PLOTS, ids=lambda plot: plot.__name__)
@pytest.mark.parametrize("name", ["s", "s-confirmation"])
def test_optunas_plots_are_drawn(home, plot, name):
    figure = plot(opened(home, name))
    assert figure.data
    assert json.loads(figure.to_json())["data"]


def test_its_plots_show_what_was_tried_in_the_units_that_people_use(home):
    study = opened(home)
    figure = visualization.plot_slice(study, params=["lr", "batch_size"])
    complete = study.get_trials(states=(TrialState.COMPLETE,))

    assert sorted(figure.data[0].x) == sorted(trial.params["batch_size"] for trial in complete)
    assert sorted(figure.data[1].x) == sorted(trial.params["lr"] for trial in complete)
    assert figure.layout.xaxis2.type == "log"
    assert visualization.plot_contour(study, params=["lr", "batch_size"]).data
    assert {"lr", "batch_size", "optimizer"} <= set(optuna.importance.get_param_importances(study))


def test_the_block_of_our_docs_runs_as_it_stands(home, tmp_path, monkeypatch, capsys):
    document = (Path(__file__).parents[2] / "docs" / "guides" / "commands.md").read_text()
    (block,) = re.findall(r"```python\n(import optuna\n.*?)```", document, flags=re.DOTALL)
    (tmp_path / ".advisor").symlink_to(home)
    monkeypatch.chdir(tmp_path)

    exec(block.replace("digits-1", "s"), {})  # noqa: S102 - the document is ours
    assert str(opened(home).best_params) in capsys.readouterr().out
    assert (tmp_path / "slice.html").stat().st_size


def test_a_compression_is_a_front_of_quality_against_bytes(home):
    study = opened(home, "s-compression")
    front = {tuple(trial.values) for trial in study.best_trials}
    pairs = {
        (left.quality, float(left.model_bytes))
        for left in records(home)
        if left.stage == "compress" and left.state == "complete"
    }

    assert study.metric_names == ["accuracy", "model_bytes"]
    assert front == {
        pair for pair in pairs if not any(o != pair and o[0] >= pair[0] and o[1] <= pair[1] for o in pairs)
    }
    assert visualization.plot_pareto_front(study).data


def test_pruned_and_failed_trials_are_told_as_they_ended(home, tmp_path):
    study = journal.create_study(
        tmp_path, "s", direction="maximize", manifest=StudyManifest(metric="accuracy")
    )
    states = ("complete", "pruned", "failed", "infeasible")
    for number, state in enumerate(states):
        quality = {"complete": 0.5, "infeasible": None}.get(state, 0.9)
        left = record(number, "AdamW", quality, state=state)
        tell(study, left, TrialLine(violation=1.0 if state == "infeasible" else 0.0))

    trials = opened(tmp_path).trials
    assert [trial.state for trial in trials] == [
        TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.PRUNED,
    ]  # fmt: skip
    assert opened(tmp_path).best_trial.number == 0
    assert count_states(records(tmp_path)) == dict.fromkeys(states, 1) | {"running": 0}


def test_a_trial_over_a_limit_is_never_the_best(tmp_path):
    study = journal.create_study(
        tmp_path, "s", direction="maximize", manifest=StudyManifest(metric="accuracy")
    )
    tell(study, record(0, "AdamW", 0.5))
    tell(study, record(1, "SGD", 0.9), TrialLine(violation=0.2))

    assert opened(tmp_path).best_trial.number == 0


def test_a_trial_is_one_line_and_one_write_to_the_disk(tmp_path, monkeypatch):
    study = journal.create_study(tmp_path, "s", direction="maximize", manifest=StudyManifest(metric="r2"))
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    before = len(journal_path(tmp_path, "s").read_bytes().splitlines())
    for number in range(5):
        assert next_number(study) == number
        tell(study, record(number, "AdamW", 0.5), TrialLine(params={}, spent_seconds=2.0 * number))

    assert len(synced) == 5
    assert len(journal_path(tmp_path, "s").read_bytes().splitlines()) == before + 5
    assert journal.manifest_of(study).spent_seconds == 8.0
    assert Journal(tmp_path, "s").read().manifest.spent_seconds == 8.0


def test_others_read_it_while_it_is_being_written(tmp_path):
    study = journal.create_study(tmp_path, "s", direction="maximize", manifest=StudyManifest(metric="r2"))
    tell(study, record(0, "AdamW", 0.5))
    with write_lock(journal_path(tmp_path, "s")):
        assert opened(tmp_path).best_value == 0.5


def test_a_study_beside_it_that_somebody_deletes_takes_only_its_own_trials_along(home, tmp_path):
    study = journal.create_study(tmp_path, "s", direction="maximize", manifest=StudyManifest(metric="r2"))
    tell(study, record(0, "AdamW", 0.5))
    tell(study, record(1, "AdamW", 0.6, stage="confirm", source=0))
    tell(study, record(2, "SGD", 0.4))
    follower = Journal(tmp_path, "s")
    assert [left.number for left in follower.read().records] == [0, 1, 2]

    optuna.delete_study(study_name="s-confirmation", storage=storage_of(tmp_path))
    assert [left.number for left in follower.read().records] == [0, 2]
    assert [left.number for left in records(tmp_path)] == [0, 2]
    again = journal.open_study(tmp_path, "s")
    tell(again, record(next_number(again), "AdamW", 0.7, stage="confirm", source=0))
    assert Journal(tmp_path, "s").read().records == records(tmp_path)
    assert len({left.number for left in records(tmp_path)}) == 3
