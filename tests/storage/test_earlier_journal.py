"""A study that version 0.1 made opens: it is read, answered from, followed by a page and gone on with."""

import gzip
import json
from pathlib import Path

import pytest

import advisor as api
from dashboard.snapshot import Study
from studies.storage import journal
from studies.storage.follow import Journal
from studies.storage.home import journal_path
from studies.storage.manifest import StudyManifest

NAME = "iris-0.1"
WRITTEN = gzip.decompress((Path(__file__).parent / f"{NAME}.journal.gz").read_bytes())


@pytest.fixture
def earlier(home):
    journal_path(home, NAME).parent.mkdir(parents=True, exist_ok=True)
    journal_path(home, NAME).write_bytes(WRITTEN)
    return home


def test_its_manifest_is_written_again_as_it_was():
    plans = [json.loads(line).get("user_attr", {}).get(journal.PLAN) for line in WRITTEN.splitlines()]
    written = [plan for plan in plans if plan]
    assert len(written) > 5
    for plan in written:
        assert json.dumps(StudyManifest.from_dict(plan).to_dict()) == json.dumps(plan)


def test_it_gives_the_advice_that_it_gave(earlier):
    saved = json.loads(Study.read(earlier, NAME).manifest.recommendation.json)
    answer = api.recommend(NAME, home=earlier)
    assert (answer.optimizer, answer.quality, list(answer.trials)) == (
        saved["optimizer"],
        saved["quality"],
        saved["trials"],
    )
    assert answer.params == saved["params"]


def test_a_page_follows_it(earlier):
    study = journal.open_study(earlier, NAME)
    stored = Journal(earlier, NAME).read()
    assert (stored.manifest, stored.records) == (journal.manifest_of(study), journal.records(study))
    assert stored.manifest.rules == ("Sparsity=off",)


def test_it_is_gone_on_with(earlier):
    before = journal.records(journal.open_study(earlier, NAME))
    api.resume(NAME, budget=f"{len(before) + 2}trials", home=earlier)
    after = journal.records(journal.open_study(earlier, NAME))
    assert after[: len(before)] == before
    assert len(after) > len(before)
