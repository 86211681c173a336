"""Every optimizer on every built-in model: it trains, or is refused with a reason before training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from advisor.jobs.planning import plan_for
from advisor.jobs.request import Request
from studies import catalogue
from studies.data.dataset import Part
from studies.errors import BadValue, BadWorkload
from studies.infeasible import Diverged
from studies.limits import Budget
from studies.optim.routing import route
from studies.profiling.profile import profile
from studies.recipe import Recipe
from studies.train import Training
from studies.workload_opening import open_source

from made_workloads import FITTING, workload


@pytest.mark.parametrize(("inputs", "model"), FITTING)
def test_every_optimizer_trains_the_model_or_says_why_not(inputs, model):
    work = workload(inputs, model)
    facts = profile(work, batch_size=16, epochs=1)
    for name, choice in catalogue.choices("optimizer").items():
        if reason := choice.misfit(facts):
            assert reason
            assert "\n" not in reason
            continue
        batch = work.rows if choice.full_batch else 16
        run = Training(Recipe(optimizer=choice(), model=work.model, epochs=1, batch_size=batch), work, seed=0)
        try:
            run.advance(1)
        except Diverged:
            pytest.fail(f"{name} diverges at its defaults on {work.model.name()}")
        assert run.curve, name


def test_whoever_asks_for_an_optimizer_that_cannot_train_this_is_told_why():
    work = open_source("iris", model="linear")
    facts = profile(work, batch_size=32, epochs=1)
    refused = {
        name: reason
        for name, choice in catalogue.choices("optimizer").items()
        if (reason := choice.misfit(facts))
    }

    assert "Muon" in refused
    for name in refused:
        with pytest.raises(BadValue, match=name):
            plan_for(Request(source="iris", optimizers=(name,), budget=Budget(trials=9)), work, facts)
    assert not set(refused) & set(
        plan_for(Request(source="iris", budget=Budget(trials=500)), work, facts)[0].candidates
    )


def test_balanced_class_weights_count_each_class_alike():
    work = open_source("iris", class_weights="balanced")
    skewed = replace(
        work.dataset,
        train=Part(inputs=work.dataset.train.inputs[:40], targets=np.array([0] * 30 + [1] * 8 + [2] * 2)),
    )
    weights = replace(work, dataset=skewed).balance()

    assert np.allclose(weights * [30, 8, 2], 40 / 3)
    run = Training(Recipe(model=work.model, epochs=1), replace(work, dataset=skewed), seed=0)
    outputs = torch.zeros(3, 3)
    assert run.loss(outputs, torch.arange(3)).item() == pytest.approx(np.log(3))
    with pytest.raises(BadWorkload, match="regression"):
        open_source("diabetes", class_weights="balanced")


def test_a_record_says_which_optimizer_stepped_on_what():
    work = open_source("iris", model="mlp")
    run = Training(
        Recipe(model=work.model, epochs=1, optimizer=catalogue.find("optimizer", "Muon")()), work, seed=0
    )

    assert route(run.model).counts() == {
        "matrix": 4 * 128 + 128 * 128,
        "head": 128 * 3,
        "vector": 128 + 128 + 3,
    }
    assert run.recipe.optimizer.serves("matrix") == "Muon"
    assert run.recipe.optimizer.serves("head") == "AdamW"
