"""Workloads of objects in memory: arrays, a module's class, a function, a module to copy, a metric."""

import sys

import numpy as np
import pytest
import torch
from sklearn.datasets import make_moons
from torch import nn

import advisor
from advisor.jobs.reopening import reopen
from advisor.jobs.request import Request
from advisor.jobs.workloads import open_workload
from studies import catalogue
from studies.errors import BadWorkload
from studies.imports import load, refer
from studies.infeasible import Diverged
from studies.models.mlp import MLP
from studies.recipe import Recipe
from studies.train import Training

POINTS, LABELS = make_moons(400, noise=0.2, random_state=0)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))

    def forward(self, points):
        return self.layers(points)


def share_right(outputs, targets):
    return (outputs.argmax(axis=1) == targets).mean()


share_right.direction = "maximize"


def opened(**options):
    return open_workload(Request(source=advisor.Workload(train=(POINTS, LABELS), **options)))


def test_a_search_over_what_is_in_memory_ends_in_advice_and_goes_on(home):
    workload = advisor.Workload(train=(POINTS, LABELS), model=Net, metric=share_right, name="moons")
    study = advisor.search(workload, budget="3trials", epochs=9, home=home, tracking_uri="off")
    assert study == "moons-1"
    advice = advisor.recommend(study, home=home)
    assert advice.quality > 0.75
    assert isinstance(advice.recipe.model.build(None, 2), Net)
    advisor.resume(study, budget="4trials", home=home)


def test_parts_that_are_given_are_kept():
    workload = opened(valid=(POINTS[:50], LABELS[:50]), test=(POINTS[50:80], LABELS[50:80]))
    assert (workload.rows, workload.valid_rows, workload.dataset.test.rows) == (400, 50, 30)


@pytest.mark.parametrize("model", ["mlp", MLP(width=16), MLP, Net, Net(), nn.Linear, lambda: nn.Linear(2, 2)])
def test_a_model_is_given_in_any_form(model):
    workload = opened(model=model)
    rows = torch.from_numpy(workload.dataset.train.inputs[:3])
    assert workload.build(workload.model)(rows).shape == (3, 2)


def test_a_model_that_ships_here_keeps_its_name_however_it_is_given():
    assert opened(model=MLP).model.name() == "MLP"
    assert opened(model="studies.models.mlp:MLP").model.name() == "MLP"
    assert catalogue.choices("model")["MLP"].name() == "MLP"


def test_every_trial_trains_a_copy_of_a_module_from_the_weights_it_had():
    module = Net()
    before = module.layers[0].weight.detach().clone()
    copy = opened(model=module).build(opened(model=module).model)
    assert copy is not module
    torch.testing.assert_close(copy.layers[0].weight, before)


def test_what_is_no_model_is_said_so():
    with pytest.raises(BadWorkload, match="model is int; give a built-in model's name"):
        opened(model=3)


def test_what_is_no_source_is_said_so():
    with pytest.raises(BadWorkload, match="source is ndarray; give a dataset's name or path"):
        open_workload(Request(source=POINTS))


def test_a_study_of_what_is_gone_says_how_to_go_on(home, monkeypatch):
    local = advisor.Workload(train=(POINTS, LABELS), model=lambda: nn.Linear(2, 2))
    study = advisor.search(local, budget="1trial", epochs=1, home=home, tracking_uri="off")
    monkeypatch.setattr("studies.imports._REFERRED", {})  # as in another process
    with pytest.raises(BadWorkload):
        reopen(home, study)
    with pytest.raises(BadWorkload, match="was given from code that is not running now"):
        load("__main__:Net")


def test_an_object_has_one_name_and_two_objects_have_two():
    first, second = (lambda: 1), (lambda: 2)
    assert (refer(first), refer(second)) == (refer(first), refer(second))
    assert refer(first) != refer(second)
    assert load(refer(second)) is second


def test_a_workload_in_a_file_is_searched_from_the_command_line(tmp_path, inside):
    (tmp_path / "work.py").write_text(
        "import advisor, numpy\n"
        "x = numpy.random.default_rng(0).standard_normal((60, 3))\n"
        "workload = advisor.Workload(train=(x, (x[:, 0] > 0).astype(int)), metric='f1', name='halves')\n"
    )
    ended = inside(
        "search", "work.py:workload", "--budget", "1trial", "--epochs", "1", "--tracking-uri", "off"
    )
    assert ended.returncode == 0, ended.stderr
    assert "f1" in ended.stdout
    assert inside("profile", "work.py:workload", "--metric", "accuracy").returncode == 0


def test_the_same_arrays_give_the_same_digest():
    assert opened().dataset.digest == opened().dataset.digest
    other = advisor.Workload(train=(np.flip(POINTS, 0).copy(), LABELS))
    assert open_workload(Request(source=other)).dataset.digest != opened().dataset.digest


def test_what_the_user_knows_of_the_run_reaches_the_facts(home):
    workload = advisor.Workload(train=(POINTS, LABELS), model=Net)
    plain, stated = (
        advisor.profile(workload, **said).facts for said in ({}, {"pretrained": True, "open_ended": True})
    )
    assert (plain.pretrained, plain.horizon_known) == (False, True)
    assert (stated.pretrained, stated.horizon_known) == (True, False)
    assert any(
        finding.rule == "FineTuning"
        for finding in advisor.profile(workload, pretrained=True).recommendation.findings
    )


def test_a_file_finds_the_files_beside_it_from_any_directory(tmp_path, monkeypatch):
    (tmp_path / "beside_it.py").write_text("WIDTH = 7\n")
    (tmp_path / "own_net.py").write_text("from beside_it import WIDTH\n")
    monkeypatch.setattr("sys.path", list(sys.path))
    assert load(f"{tmp_path / 'own_net.py'}:WIDTH") == 7


def test_a_metric_that_is_no_number_is_named_as_the_cause():
    tried = []

    def lost_error(outputs, targets):
        tried.append(None)
        return float("nan") if run else 1.0

    run = None
    workload = opened(metric=lost_error)
    assert tried, "a metric is tried before the first trial"
    run = Training(Recipe(epochs=1), workload, seed=0)
    with pytest.raises(Diverged, match="the metric became nan"):
        run.advance(1)


def test_columns_of_zeros_and_ones_are_taken_for_numbers_and_said_so():
    several = np.stack([LABELS, 1 - LABELS, LABELS], axis=1)
    workload = open_workload(Request(source=advisor.Workload(train=(POINTS, several))))
    assert any("for several classes a row give" in note for note in workload.notes)


def test_no_training_rows_are_one_plain_line():
    with pytest.raises(BadWorkload, match="there are no training rows"):
        open_workload(Request(source=advisor.Workload(train=None)))
