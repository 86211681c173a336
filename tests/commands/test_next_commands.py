"""Next commands: they work from where the answer was asked for, and are no longer than need be."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.jobs.next_commands import next_commands
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec

from records import study

ANSWER = recommend(Evidence(records=study({"AdamW": [0.9, 0.8, 0.7]})))


def named_file(home: Path, rows: Path) -> str:
    manifest = StudyManifest(workload=WorkloadSpec(source=str(rows.resolve()), target="y"))
    _, use = next_commands(home, "mine-1", manifest, ANSWER)
    return shlex.split(use)[3]


@pytest.mark.parametrize(
    ("directory", "written"),
    [(".", "data/my rows.csv"), ("data", "my rows.csv"), ("data/deep", "../my rows.csv"), ("aside", None)],
)
def test_the_file_is_named_as_short_as_it_can_be_from_here(tmp_path, monkeypatch, directory, written):
    rows = tmp_path / "data" / "my rows.csv"
    for folder in ("data/deep", "aside"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    rows.write_text("x,y\n1,2\n")
    monkeypatch.chdir(tmp_path / directory)
    name = named_file(tmp_path / "home", rows)

    assert Path(name).samefile(rows)
    assert len(name) <= len(str(rows))
    assert name == (written or "../data/my rows.csv")


def test_behind_a_link_the_name_still_leads_to_the_file(tmp_path, monkeypatch):
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "near").symlink_to(tmp_path / "far" / "away")
    rows = tmp_path / "rows.csv"
    rows.write_text("x,y\n1,2\n")
    monkeypatch.chdir(tmp_path / "near")

    assert Path(named_file(tmp_path / "home", rows)).samefile(rows)
