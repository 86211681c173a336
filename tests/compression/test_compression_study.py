"""Compression study on real data: the same every time, stopped and resumed at will, failures as records."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from advisor.jobs.compress import CompressionRequest, open_compression, write_request
from advisor.jobs.reopening import reopen
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import conclude, work
from studies.errors import BadValue, BadWorkload, StudyError
from studies.limits import Budget, Limits
from studies.recipe import COMPRESSION_AXES, Recipe
from studies.storage import journal
from studies.storage.trial_lines import all_trials
from studies.trials.checkpoints import Checkpoints

SEARCH = {"optimizers": ("AdamW", "Nesterov"), "epochs": 9, "budget": Budget(trials=5), "tracking_uri": "off"}
WAYS = 14


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A study of two optimizers with three confirmation runs each."""
    home = tmp_path_factory.mktemp("home")
    work(prepare(Request(source="iris", model="mlp", study="s", **SEARCH), home))
    return home


@pytest.fixture
def study(searched, tmp_path):
    """A copy of that study that may be changed."""
    import shutil

    shutil.copytree(searched, tmp_path / "copy")
    return tmp_path / "copy"


def compress(home, trials=WAYS, **wanted):
    work(
        open_compression(home, "s", CompressionRequest(budget=Budget(trials=trials), **wanted)),
        searching=False,
    )
    return compressed(home)


def compressed(home, name="s"):
    return [
        record for record in journal.records(journal.open_study(home, name)) if record.stage == "compress"
    ]


def trials_of(records):
    return [
        (r.number, r.state, r.seed, r.source, dict(r.params), r.quality, r.model_bytes, r.macs, r.sparsity)
        for r in records
    ]


def test_every_trial_starts_from_a_confirmed_model_and_says_what_was_done_to_it(study):
    records = compress(study)
    confirmed = {r.number: r for r in journal.records(journal.open_study(study, "s")) if r.stage == "confirm"}
    assert len(records) == WAYS
    for record in records:
        source = confirmed[record.source]
        assert (record.seed, record.optimizer) == (source.seed, source.optimizer)
        assert (
            Recipe.from_params(record.params).uncompressed.optimizer
            == Recipe.from_params(source.params).optimizer
        )


def test_each_finalist_is_deployed_as_it_is_and_quantized_before_anything_is_trained(study):
    records = compress(study)
    first_trained = next(place for place, record in enumerate(records) if record.train_seconds)
    ways = {
        optimizer: {
            record.params["quantization"]
            for record in records[:first_trained]
            if record.optimizer == optimizer
        }
        for optimizer in ("AdamW", "Nesterov")
    }
    fewer, more = sorted(ways.values(), key=len)
    assert fewer == {"StaticInt8", "none"} < more


def test_only_the_named_passes_are_tried_and_more_of_them_later(study):
    first = compress(study, trials=8, passes=("magnitude", "WeightOnly"))
    second = compress(study, trials=12, passes=("DynamicInt8",))[8:]

    assert {record.params["quantization"] for record in first} == {"none", "WeightOnly"}
    assert {record.params["pruning"] for record in first} == {"none", "Magnitude"}
    assert {record.params["distillation"] for record in first} == {"none"}
    new = [record for record in second if record.stage == "compress"]
    assert "DynamicInt8" in {record.params["quantization"] for record in new}


def test_the_same_seed_tries_the_same_ways_and_measures_the_same_but_for_times(searched, tmp_path):
    import shutil

    copies = [shutil.copytree(searched, tmp_path / name) for name in ("a", "b")]
    first, second = (compress(copy, trials=24) for copy in copies)
    assert trials_of(first) == trials_of(second)


def test_a_larger_budget_goes_on_and_repeats_nothing(study):
    before = compress(study, trials=6)
    after = compress(study, trials=12)
    assert trials_of(after[:6]) == trials_of(before)
    assert len(after) == 12
    done = [(record.source, json.dumps(record.params, sort_keys=True)) for record in after]
    assert len(set(done)) == len(done)


def test_a_lost_checkpoint_is_trained_again_to_the_same_weights(study):
    workload = open_compression(study, "s", CompressionRequest()).workload
    checkpoints = Checkpoints.of(study, "s")
    record = next(r for r in journal.records(journal.open_study(study, "s")) if r.stage == "confirm")
    weights = checkpoints.load_or_train(record, workload, device="cpu").model.state_dict()
    (checkpoints.folder / f"{record.number}.pt").write_bytes(b"torn")
    again = checkpoints.load_or_train(record, workload, device="cpu").model.state_dict()
    assert all(torch.equal(weights[name], again[name]) for name in weights)
    assert checkpoints.load(record.number, workload.specimen(Recipe.from_params(record.params).model))


def test_a_broken_limit_is_told_to_the_sampler_and_a_kept_one_as_none(study):
    records = compress(study, limits=Limits(model_bytes=2000))
    trials = all_trials(journal.open_study(study, "s"))
    for record in records:
        if record.state == "complete":
            assert (trials[record.number].constraints["feasible"] > 0) == (record.model_bytes > 2000)


def test_files_of_the_front_are_kept_and_no_others(study):
    records = compress(study)
    conclude(study, "s")
    folder = study / "models" / "s"
    best = max((r for r in records if r.state == "complete"), key=lambda r: (r.quality, -r.model_bytes))
    assert (folder / best.footprint.path).stat().st_size == best.model_bytes
    assert (folder / best.footprint.path).with_suffix(".pt2").exists()
    written = {record.footprint.path for record in records if record.footprint}
    assert {file.name for file in folder.glob("*.onnx")} <= written


def test_stopping_keeps_what_was_finished_and_going_on_completes_it(study):
    heard = []
    launched = open_compression(study, "s", CompressionRequest(budget=Budget(trials=8)))
    work(
        launched,
        listen=heard.append,
        stop=lambda: sum(e.record is not None for e in heard) >= 3,
        searching=False,
    )
    assert 3 <= len(compressed(study)) <= 4
    work(open_compression(study, "s", CompressionRequest()), searching=False)
    assert len([record for record in compressed(study) if record.state != "pruned"]) == 8


def test_a_spent_budget_is_refused_in_one_line(study):
    compress(study, trials=4)
    with pytest.raises(BadValue, match="spent already"):
        write_request(study, "s", CompressionRequest(budget=Budget(trials=4)))


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"students": ("nosuch",)}, "unknown model 'nosuch'"),
        ({"teacher": "gone.py:Net"}, "gone.py"),
        ({"passes": ("Chanels",)}, "no pass 'Chanels'; did you mean 'Channels'"),
    ],
    ids=["student", "teacher", "pass"],
)
def test_what_cannot_be_used_is_refused_and_written_nowhere(study, wanted, says):
    before = journal.manifest_of(journal.open_study(study, "s"))
    with pytest.raises(StudyError, match=says):
        write_request(study, "s", CompressionRequest(**wanted))

    assert journal.manifest_of(journal.open_study(study, "s")) == before


def test_a_study_that_goes_on_takes_passes_only_if_it_compresses(study):
    with pytest.raises(BadValue, match="this study has none; see: advisor compress"):
        reopen(study, "s", passes=("Channels",))
    write_request(study, "s", CompressionRequest(passes=("magnitude",)))
    reopen(study, "s", passes=("weightonly",))

    assert journal.manifest_of(journal.open_study(study, "s")).passes == ("WeightOnly",)


def test_a_search_compresses_afterwards_when_asked(home):
    request = Request(source="iris", model="mlp", study="s", compression="after", **SEARCH)
    launched = prepare(request, home)
    page = journal.open_study(home, "s")
    write_request(home, "s", CompressionRequest(budget=Budget(trials=5)))
    assert page.user_attrs["plan"]["compression"] == "after"
    work(replace(launched))
    assert len(compressed(home)) == 5


def test_the_size_limit_of_a_search_that_compresses_rules_out_no_optimizer_beforehand(home):
    small = Limits(model_bytes=3000)
    launched = prepare(
        Request(source="iris", model="mlp", study="s", compression="after", limits=small, **SEARCH), home
    )
    assert launched.plan.candidates == ("AdamW", "Nesterov")
    assert launched.plan.enforced.model_bytes is None


def test_a_joint_search_judges_every_whole_run_by_the_file_it_would_deploy(home):
    request = Request(
        source="iris",
        model="mlp",
        study="s",
        compression="joint",
        limits=Limits(model_bytes=60_000),
        **SEARCH | {"budget": Budget(trials=9)},
    )
    work(prepare(request, home))
    records = [
        record for record in journal.records(journal.open_study(home, "s")) if record.state == "complete"
    ]
    assert all(
        record.footprint is not None and record.model_bytes == record.footprint.file_bytes
        for record in records
    )
    assert any(record.params[axis] != "none" for record in records for axis in COMPRESSION_AXES)
    confirmed = [record for record in records if record.stage == "confirm"]
    assert confirmed
    assert all(record.model_bytes <= 60_000 and record.test_quality is not None for record in confirmed)


def test_a_training_function_is_refused_with_the_reason(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop.py").write_text(
        "def fit(recipe, report, seed):\n    for epoch in range(recipe.epochs):\n"
        "        report(epoch + 1, recipe.optimizer.lr)\n"
    )
    options = {
        "source": "loop.py:fit",
        "metric": "loss",
        "epochs": 3,
        "budget": Budget(trials=3),
        "tracking_uri": "off",
    }
    with pytest.raises(BadWorkload, match="holds its model to itself"):
        prepare(Request(compression="after", **options), home)
    work(prepare(Request(study="s", **options), home))
    with pytest.raises(BadWorkload, match="holds its model to itself"):
        write_request(home, "s", CompressionRequest())
