"""Every moment of a real study that compresses after its search: command, page and JSON have an answer."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from streamlit.testing.v1 import AppTest

from advisor.decide.recommend import recommend
from advisor.jobs.advice import evidence_in
from advisor.jobs.compress import CompressionRequest, write_request
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import conclude, work
from studies.errors import StoreError
from studies.limits import Budget, Limits
from studies.storage.follow import Journal
from studies.storage.home import journal_of

from waiting import HANG_SECONDS

LIMITS = Limits(model_bytes=24_000)
"""Less than the model as trained and than its usual quantization, more than others."""


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The journal of such a study, line by line."""
    home = tmp_path_factory.mktemp("home")
    plan = {"optimizers": ("AdamW", "Nesterov"), "epochs": 9, "budget": Budget(trials=5)}
    request = Request(
        source="iris", model="mlp", study="s", tracking_uri="off", compression="after", limits=LIMITS, **plan
    )
    session = prepare(request, home)
    write_request(home, "s", CompressionRequest(budget=Budget(trials=12)))
    work(session)
    conclude(home, "s")
    return journal_of(home, "s").read_bytes().splitlines(keepends=True)


@pytest.fixture(scope="module")
def moments(lines, tmp_path_factory):
    """Every state of it: the number of lines by then, the manifest and the records."""
    home = tmp_path_factory.mktemp("replayed")
    path = home / "studies" / "s.journal"
    path.parent.mkdir(parents=True)
    journal, states = Journal(home, "s"), []
    for count, line in enumerate(lines, 1):
        with path.open("ab") as file:
            file.write(line)
        try:
            stored = journal.read()
        except StoreError:  # it has barely begun
            continue
        if stored.manifest.facts and (
            not states or (stored.manifest, stored.records) != (states[-1][1].manifest, states[-1][1].records)
        ):
            states.append((count, stored))
    return states


def answered(home, stored):
    evidence = evidence_in(home, "s", stored.manifest, stored.records, direction=stored.direction)
    return evidence, recommend(evidence)


def test_every_moment_has_an_answer_in_words_and_in_json(moments, tmp_path):
    for _, stored in moments:
        evidence, advice = answered(tmp_path, stored)
        text = f"{advice}\n{advice.to_markdown()}"

        assert json.loads(json.dumps(advice.to_dict(), allow_nan=False))["optimizer"] == advice.optimizer
        broken = evidence.limits.exceeded(advice.costs)
        assert bool(broken) <= ("Not compressed yet" in text or "so far has" in text)
        assert advice.label != "decided" or not broken
        vetoed = {finding.subject for finding in advice.findings if finding.verdict == "veto"}
        compressed = {record.optimizer for record in stored.records if record.stage == "compress"}
        assert vetoed <= compressed


def test_it_goes_through_every_stage_and_ends_with_a_model_that_fits(moments, tmp_path):
    stages = [
        (bool(stored.manifest.compressing.finalists), stored.manifest.compressing.ended)
        for _, stored in moments
    ]
    changes = [stages[0], *(after for before, after in pairwise(stages) if after != before)]
    _, advice = answered(tmp_path, moments[-1][1])

    assert changes == [(False, False), (True, False), (True, True)]
    assert advice.costs["model_bytes"] <= LIMITS.model_bytes
    assert "Not compressed yet" not in str(advice)


def moment_of_stage(moments, stage):
    """Return the last line of the study's first moment at a stage."""
    for count, stored in moments:
        made = sum(record.stage == "compress" for record in stored.records)
        trained = any(record.state == "complete" for record in stored.records)
        entry = stored.manifest.compressing
        if {
            "begun": True,
            "trained": trained,
            "compressing": bool(entry.finalists),
            "first": made >= 1,
            "ended": entry.ended,
        }[stage]:
            return count
    raise AssertionError(stage)


STAGES = ("begun", "trained", "compressing", "first", "ended")


@pytest.fixture
def cut(lines, moments, tmp_path):
    def write(stage):
        """Write the study as it stood at a stage; return its home."""
        path = tmp_path / stage / "studies" / "s.journal"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"".join(lines[: moment_of_stage(moments, stage)]))
        return tmp_path / stage

    return write


@pytest.mark.parametrize("stage", STAGES)
def test_the_command_answers_at_every_stage(stage, cut, inside):
    home = str(cut(stage))
    told, asked = inside("recommend", "s", "--home", home), inside("recommend", "s", "--home", home, "--json")

    assert (told.returncode, asked.returncode) == (0, 0), told.stderr
    assert json.loads(asked.stdout)["optimizer"] in {"AdamW", "Nesterov"}
    assert ("Not compressed yet" in told.stdout) == (stage in STAGES[:4])


def page(view, home):
    def script(view, home):
        from importlib import import_module
        from pathlib import Path

        import_module(f"dashboard.views.{view}").show(Path(home), "s")

    return AppTest.from_function(script, args=(view, str(home)), default_timeout=HANG_SECONDS).run()


@pytest.mark.parametrize("stage", STAGES)
def test_the_pages_show_no_error_at_any_stage(stage, cut):
    home = cut(stage)
    for view in ("recommendation", "compression"):
        shown = page(view, home)
        assert not shown.exception
        assert not shown.error, [error.value for error in shown.error]
        assert "No optimizer fits" not in {title.value for title in shown.title}
