"""Searches over a user's training function: confirmed, resumed, refused in one line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import torch
from optuna.distributions import CategoricalDistribution

import advisor as api
from advisor.decide.function_checks import function_checks
from advisor.decide.recommend import recommend
from advisor.jobs.advice import evidence_of
from advisor.jobs.reopening import reopen
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.statements.statement import Case
from studies.errors import BadValue, BadWorkload
from studies.limits import Budget, Limits
from studies.storage import journal
from studies.training_function.function import Function
from studies.training_function.settings import settings

from training_functions import descend


def test_a_search_moves_only_what_the_function_reads(home):
    launched = prepare(Request(source=descend, epochs=3, budget=Budget(trials=2), tracking_uri="off"), home)
    assert launched.plan.schedules == ("Constant",)
    assert len(set(launched.plan.batch_size)) == 1
    assert launched.plan.space(launched.workload).search_model is False
    assert launched.plan.unread == ("batch_size", "schedule")


def test_an_answer_tells_nothing_that_the_function_never_read(home):
    study = api.search(descend, epochs=3, budget="2trials", home=home, tracking_uri="off")
    answer = api.recommend(study, home=home)
    assert not {"batch_size", "schedule"} & set(answer.params)
    assert "batch size" not in str(answer)


def test_a_budget_that_is_spent_already_is_refused(home):
    study = api.search(descend, epochs=3, budget="3trials", home=home, tracking_uri="off")
    with pytest.raises(BadValue, match="a budget of 2trials is spent already"):
        api.resume(study, budget="2trials", home=home)


def test_a_function_from_code_is_searched_confirmed_and_resumed(home):
    study = api.search(descend, epochs=9, budget="6trials", home=home, tracking_uri="off")
    advice = api.recommend(study, home=home)
    assert advice.metric == "loss"
    assert advice.quality < 0.01  # 0.05 at the start
    assert len(advice.seeds) > 1
    before = len(journal.records(journal.open_study(home, study)))
    with pytest.raises(BadValue, match="workers 'many' is neither"):
        api.resume(study, budget="9trials", workers="many", home=home)
    api.resume(study, budget="9trials", workers=0, home=home)
    assert len(journal.records(journal.open_study(home, study))) > before


def test_searches_that_begin_at_once_each_get_a_name(home):
    with ThreadPoolExecutor(3) as threads:
        began = [threads.submit(prepare, Request(source=descend, metric="accuracy"), home) for _ in range(3)]

    assert {future.result().name for future in began} == {"descend-1", "descend-2", "descend-3"}


def test_a_function_made_in_another_names_its_study_alone(home):
    def fit(recipe, report, seed):
        return descend(recipe, report, seed)

    assert prepare(Request(source=fit, metric="accuracy"), home).name == "fit-1"


def test_the_same_seed_gives_the_same_trials(home):
    for name in ("one", "two"):
        api.search(
            descend, epochs=3, budget="6trials", home=home, study=name, earlier=False, tracking_uri="off"
        )
    first, second = (journal.records(journal.open_study(home, name)) for name in ("one", "two"))
    assert [(r.params, r.quality, r.state) for r in first] == [(r.params, r.quality, r.state) for r in second]


FILE = """
from optuna.distributions import FloatDistribution

def fit(recipe, report, seed):
    value = 5.0 + recipe.optimizer.lr
    for epoch in range(recipe.epochs):
        value *= recipe.settings["shrink"]
        if report(epoch + 1, value):
            return

fit.space = {"shrink": FloatDistribution(0.1, 0.9)}

def broken(recipe, report, seed):
    raise RuntimeError("no such layer")

def fixed(recipe, report, seed):
    for epoch in range(1, 8):
        report(epoch, recipe.optimizer.lr)

def deaf(recipe, report, seed):
    return 0.5

def leaving(recipe, report, seed):
    raise SystemExit(3)

def number_only(recipe, report, seed):
    return 1 - recipe.optimizer.lr / recipe.epochs

number = 3
"""


@pytest.fixture
def file(tmp_path):
    (tmp_path / "own.py").write_text(FILE)
    return tmp_path / "own.py"


def test_a_function_in_a_file_is_searched_and_resumed_from_the_command_line(file, advisor):
    plain = ("--epochs", "3", "--budget", "16trials", "--tracking-uri", "off", "--json")
    ended = advisor("search", "own.py:fit", "--optimizers", "AdamW", *plain)
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    assert answer["study"] == "fit-1"
    key = next(key for key in answer["recommendation"]["params"] if key.endswith(".shrink"))
    assert 0.1 <= answer["recommendation"]["params"][key] < 0.5  # the default is 0.5, and less is better
    again = advisor("resume", "fit-1", "--budget", "20trials", "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["trials"]["complete"] > answer["trials"]["complete"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ("own.py:broken",),
            "own.py:broken failed in its first epoch: own.py, line 14: RuntimeError: no such layer",
        ),
        (
            ("own.py:fixed",),
            "own.py:fixed does not read recipe.epochs; say how many epochs it reports: --epochs 10",
        ),
        (
            ("own.py:deaf", "--epochs", "1"),
            "own.py:deaf never reads recipe.optimizer, so there is nothing to compare",
        ),
        (
            ("own.py:leaving",),
            "failed in its first epoch: own.py, line 24: RuntimeError: the function called sys.exit(3)",
        ),
        (("own.py:number",), "own.py:number is int; give a dataset's name or path"),
        (("own.py:nothing",), "own.py has no 'nothing'"),
        (
            ("own.py:fit", "--metric", "taste"),
            "whether 'taste' is made large or small is not known here; say --direction",
        ),
        (("own.py:fit", "--direction", "up"), "direction 'up' is neither maximize nor minimize"),
        (("own.py:fit", "--memory", "1MB"), "memory and latency of a training function are not measured"),
        (("own.py:fit", "--regularizers", "Mixup"), "--regularizers Mixup is for our own training loop"),
        (
            ("own.py:fit", "--batch-size", "1..full"),
            "how many rows a full batch has is the training function's business",
        ),
    ],
)
def test_what_cannot_be_searched_is_one_plain_line(file, inside, words, says):
    ended = inside("search", *words, "--tracking-uri", "off", "--budget", "1trial")
    assert ended.returncode == 2
    *before, refusal = ended.stderr.splitlines()

    assert says in refusal
    assert before in ([], [f"reading {words[0]} ..."])


def test_a_function_cannot_be_profiled_and_says_so(file, inside):
    ended = inside("profile", "own.py:fit")
    assert ended.returncode == 2
    assert "nothing to profile; search it" in ended.stderr


def test_a_study_whose_settings_have_changed_is_not_gone_on_with(file, home, monkeypatch):
    launched = prepare(
        Request(source=f"{file}:fit", epochs=1, budget=Budget(trials=1), tracking_uri="off"), home
    )
    file.write_text(FILE.replace("0.9", "0.7"))
    monkeypatch.setattr("studies.imports._REFERRED", {})  # as in another process
    with pytest.raises(BadWorkload, match="is not the one the study began with"):
        reopen(home, launched.name)


def test_limits_that_nobody_measures_are_refused(home):
    with pytest.raises(BadValue, match="are not measured"):
        prepare(Request(source=descend, epochs=1, limits=Limits(latency_seconds=1.0)), home)


def test_a_function_finds_the_direction_of_the_usual_metrics():
    assert (
        Function.open(descend, source="x:descend", metric=None, direction=None).metric.direction == "minimize"
    )
    assert (
        Function.open(descend, source="x:descend", metric="accuracy", direction=None).metric.direction
        == "maximize"
    )
    assert (
        Function.open(descend, source="x:descend", metric="valid_loss", direction=None).metric.direction
        == "minimize"
    )


def test_a_function_that_returns_only_a_number_is_searched(file, home):
    study = api.search(
        f"{file}:number_only", metric="accuracy", epochs=9, budget="6trials", home=home, tracking_uri="off"
    )
    assert api.recommend(study, home=home).quality > 0.9


def test_what_code_writes_more_plainly_than_a_shell_is_taken(home):
    request = Request.of("iris", optimizers="AdamW,SGD", batch_size=16, model=torch.nn.Linear)
    assert (request.optimizers, request.batch_size) == (("AdamW", "SGD"), "16")
    assert prepare(request, home).workload.model.name() == "Custom"
    with pytest.raises(BadValue, match=r"limits is str; give an advisor.Limits"):
        Request(source="iris", limits="1MiB")
    with pytest.raises(BadValue, match="Categorical of texts and numbers"):
        settings({"pair": CategoricalDistribution([None, "a"])})
    with pytest.raises(BadValue, match="space is list; give a dict"):
        settings([1])


def test_code_that_changed_since_the_study_began_is_pointed_at(file, home):
    launched = prepare(
        Request(source=f"{file}:fit", epochs=1, budget=Budget(trials=1), tracking_uri="off"), home
    )
    assert reopen(home, launched.name).notes == ()
    file.write_text(FILE + "# another line")
    (note,) = reopen(home, launched.name).notes
    assert note.endswith(
        "own.py:fit has changed since the study began: new trials stand beside those of the old code"
    )


LOOPS = """
import torch
from optuna.distributions import FloatDistribution

def loop(recipe, report, seed, optimizer, model, schedule=None):
    for epoch in range(recipe.epochs):
        for _ in range(4):
            optimizer.zero_grad()
            loss = (model(torch.ones(2, 3)) - 1).square().mean() + torch.rand(()) / 100
            loss.backward()
            optimizer.step()
            schedule and schedule.step()
        if report(epoch + 1, loss.item()):
            break

def hard_coded(recipe, report, seed):
    model = torch.nn.Linear(3, 1)
    loop(recipe, report, seed, torch.optim.SGD(model.parameters(), lr=recipe.optimizer.lr), model)

def own_settings(recipe, report, seed):
    model = torch.nn.Linear(3, 1)
    loop(recipe, report, seed, torch.optim.SGD(model.parameters(), lr=recipe.settings["rate"]), model)

own_settings.space = {"rate": FloatDistribution(0.01, 0.5, log=True)}

def plain(recipe, report, seed):
    model = torch.nn.Linear(3, 1)
    loop(recipe, report, seed, recipe.optimizer.build(model, 4 * recipe.epochs), model)

def batches(recipe, report, seed):
    recipe.batch_size
    plain(recipe, report, seed)

def rates_alone(recipe, report, seed):
    recipe.schedule.at(0.5)
    plain(recipe, report, seed)

def measures_the_average(recipe, report, seed):
    model = torch.nn.Linear(3, 1)
    optimizer = recipe.optimizer.build(model, 4 * recipe.epochs)
    def measured(epoch, value):
        with recipe.optimizer.evaluating(model):
            value = (model(torch.ones(2, 3)) - 1).square().mean().item()
        return report(epoch, value)
    loop(recipe, measured, seed, optimizer, model)

def seeds_itself(recipe, report, seed):
    torch.manual_seed(0)
    plain(recipe, report, seed)
"""
QUICK = {"metric": "loss", "epochs": 3, "tracking_uri": "off"}


@pytest.fixture
def loops(tmp_path):
    (tmp_path / "loops.py").write_text(LOOPS)
    return tmp_path / "loops.py"


def records_of(home, study):
    return journal.records(journal.open_study(home, study))


def test_a_function_that_builds_its_own_optimizer_compares_none(loops, home):
    session = prepare(Request(source=f"{loops}:hard_coded", budget=Budget(trials=5), **QUICK), home)
    assert session.plan.candidates == ("AdamW",)
    assert {"optimizer", "optimizer.AdamW.beta1"} <= set(session.plan.unread)
    assert "optimizer.AdamW.lr" not in session.plan.unread
    assert any("optimizers are not compared" in note for note in session.notes)
    study = api.search(f"{loops}:hard_coded", budget="5trials", home=home, study="s", **QUICK)
    evidence = evidence_of(home, study)
    (check,) = [check for check in function_checks(evidence) if check.name == "optimizer"]
    assert {key for run in evidence.records for key in run.params if key.startswith("optimizer")} == {
        "optimizer", "optimizer.AdamW.lr"
    }  # fmt: skip
    assert {key for run in evidence.records for key in run.units} <= {"optimizer.lr"}
    assert "what was searched is lr" in str(check)
    assert check.holds(Case(evidence=evidence, answer=recommend(evidence), ask=recommend))


def test_a_function_with_settings_alone_is_searched_over_these(loops, home):
    study = api.search(f"{loops}:own_settings", budget="9trials", home=home, **QUICK)
    (check,) = [check for check in function_checks(evidence_of(home, study)) if check.name == "optimizer"]

    assert check.searched == ("rate",)


def test_a_function_that_runs_the_recipes_optimizer_fails_no_check(loops, home):
    study = api.search(f"{loops}:plain", budget="5trials", optimizers="AdamW,SGD", home=home, **QUICK)

    assert function_checks(evidence_of(home, study)) == ()


def test_a_function_that_seeds_itself_is_found_out_by_its_confirmations(loops, home):
    study = api.search(f"{loops}:seeds_itself", budget="5trials", optimizers="AdamW", home=home, **QUICK)
    evidence = evidence_of(home, study)
    (check,) = function_checks(evidence)

    assert evidence.seedless
    assert len(check.seeds) > 1
    assert "are equal in every epoch" in check.message
    assert check.holds(Case(evidence=evidence, answer=recommend(evidence), ask=recommend))
    others = [run for run in evidence.records if run.number == check.trials[0]]
    unlike = replace(others[0], curve=tuple(replace(p, valid_metric=9.0) for p in others[0].curve))
    records = tuple(unlike if run.number == unlike.number else run for run in evidence.records)
    assert not replace(evidence, records=records).seedless


@pytest.mark.parametrize("optimizer", ["ScheduleFreeAdamW", "ScheduleFreeSGD"])
def test_averaged_weights_are_measured_or_refused_by_name(loops, home, optimizer):
    pytest.importorskip("schedulefree")
    with pytest.raises(BadValue, match=f"{optimizer} averages its weights, and the function measures others"):
        prepare(Request(source=f"{loops}:plain", optimizers=(optimizer,), **QUICK), home)
    study = api.search(
        f"{loops}:measures_the_average", optimizers=f"{optimizer},SGD", budget="4trials", home=home, **QUICK
    )
    assert {run.state for run in records_of(home, study)} <= {"complete", "pruned"}


@pytest.mark.parametrize(
    ("function", "options", "says"),
    [
        ("plain", {"optimizers": ("Sophia",)}, "Sophia hooks into every step of our own training loop"),
        ("plain", {"optimizers": ("ASGD",)}, "ASGD hooks into every step of our own training loop"),
        ("batches", {"optimizers": ("LBFGS",)}, "LBFGS needs all rows in every step"),
        (
            "plain",
            {"schedules": ("Plateau",)},
            "never reads recipe.schedule, so --schedules Plateau would do",
        ),
        ("rates_alone", {"schedules": ("Plateau",)}, "Plateau reacts to validation, of which it hears only"),
        ("plain", {"wrappers": ("EMA",)}, "--wrappers EMA is for our own training loop"),
        ("hard_coded", {"optimizers": ("AdamW", "SGD")}, "so AdamW and SGD cannot be compared"),
    ],
)
def test_what_needs_our_own_loop_is_refused_by_name(loops, home, function, options, says):
    with pytest.raises(BadValue, match=says):
        prepare(Request(source=f"{loops}:{function}", **options, **QUICK), home)
