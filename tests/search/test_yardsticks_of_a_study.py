"""What is measured of a study after its first trial: yardsticks, split facts, memory; once, then evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import advisor
from advisor.jobs.advice import evidence_of
from advisor.jobs.planning import choose_entrants
from advisor.jobs.profile import preview
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import work
from advisor.jobs.workloads import open_and_profile
from studies.limits import Budget, Limits
from studies.profiling.profile import with_forecasts
from studies.storage import journal

from tables import DAYS, ROWS, table, written

OPTIONS = {"optimizers": "AdamW", "epochs": 3, "tracking_uri": "off"}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    frame = table(day=DAYS.strftime("%Y-%m-%d"), patient=np.arange(ROWS) % 12)
    path = written(folder / "visits.csv", frame)
    return folder, advisor.search(path, target="kind", budget="2trials", home=folder, **OPTIONS)


def manifest_of(folder, name):
    return journal.manifest_of(journal.open_study(folder, name))


def test_a_study_keeps_what_plain_models_reach_and_whether_its_split_is_honest(study):
    evidence = evidence_of(*study)
    assert [each.model for each in evidence.yardsticks] == ["a linear model", "gradient boosting"]
    assert all(each.quality is not None for each in evidence.yardsticks)
    assert [each.name for each in evidence.split_facts.dates] == ["day"]
    assert [each.name for each in evidence.split_facts.keys] == ["patient"]


def test_what_no_trial_waits_for_is_measured_late_in_the_race_and_changes_no_plan(tmp_path):
    request = Request(
        source="iris",
        budget=Budget(trials=5),
        epochs=2,
        optimizers=("AdamW",),
        tracking_uri="off",
        workers="1",
    )
    session = prepare(replace(request, study="late"), tmp_path)
    limited = prepare(replace(request, study="limited", limits=Limits(train_bytes=2**30)), tmp_path)
    before = manifest_of(tmp_path, "late")
    numbers = []

    def listen(event):
        if event.record is not None and manifest_of(tmp_path, "late").yardsticks is None:
            numbers.append(event.record.number)

    work(session, listen=listen)
    after = manifest_of(tmp_path, "late")

    assert (before.profiled.forecasts, before.split_facts, before.yardsticks) == ((), None, None)
    assert len(numbers) == 4  # of five, before the confirmation
    assert after.yardsticks
    assert after.split_facts
    assert after.profiled.forecasts == manifest_of(tmp_path, "limited").profiled.forecasts
    assert session.plan == replace(limited.plan, limits=Limits())


@pytest.mark.parametrize("source", ["iris", "digits", "diabetes"])
def test_without_a_limit_the_memory_forecast_chooses_no_optimizer(source):
    request = Request(source=source, budget=Budget(trials=40))
    workload, facts = open_and_profile(request, budget=request.budget)

    assert not facts.forecasts
    assert choose_entrants(request, facts) == choose_entrants(request, with_forecasts(workload, facts))


def test_the_answer_warns_with_commands_that_ask_anew(study):
    checks = {check.name: check for check in advisor.recommend(study[1], home=study[0]).checklist}
    assert checks["order in time"].command.endswith("--time day")
    assert checks["shared keys"].command.endswith("--group patient")


def test_a_search_that_goes_on_trains_no_plain_model_again(study):
    folder, name = study
    before = manifest_of(folder, name).yardsticks
    advisor.resume(name, budget="3trials", home=folder)
    assert manifest_of(folder, name).yardsticks == before


def test_a_study_of_an_earlier_version_gets_them_when_it_goes_on(study):
    folder, name = study
    opened = journal.open_study(folder, name)
    journal.change_manifest(opened, yardsticks=None, split_facts=None)
    assert evidence_of(folder, name).yardsticks == ()

    advisor.resume(name, budget="4trials", home=folder)
    assert len(manifest_of(folder, name).yardsticks) == 2


def test_a_profile_warns_too(tmp_path):
    frame = table(day=DAYS.strftime("%Y-%m-%d"))
    source = written(tmp_path / "t.csv", frame)
    profile = preview(Request.of(source, target="kind"))

    assert "Is the split honest?" in str(profile)
    assert "--time day" in " ".join(str(profile).split())
    names = {check["name"] for check in profile.to_dict()["split_checks"] if not check["passed"]}
    assert names == {"order in time"}
    quiet = replace(profile, split_checks=preview(Request.of(source, target="kind", time="day")).split_checks)
    assert "Is the split honest?" not in str(quiet)


def test_a_search_across_time_says_so_in_the_commands_that_it_prints(tmp_path):
    frame = table(day=DAYS.strftime("%Y-%m-%d"))
    source = written(tmp_path / "t.csv", frame)
    name = advisor.search(source, target="kind", time="day", budget="1trials", home=tmp_path, **OPTIONS)

    assert "--time day" in evidence_of(tmp_path, name).command
    assert evidence_of(tmp_path, name).split_facts.way == "time"
