"""The commit that a study's code or data stood at."""

import subprocess
import sys

import pytest

from studies.storage.manifest_entries import Commit
from studies.tracking.commit import commit_of


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A folder with one commit, of work.py; the working directory is another."""
    folder, elsewhere = tmp_path / "mine", tmp_path / "elsewhere"
    (folder / "nets").mkdir(parents=True)
    elsewhere.mkdir()
    (folder / "nets" / "work.py").write_text("class Net: ...\n")
    git = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    return folder


def head(folder):
    return subprocess.run(
        ["git", "-C", folder, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_model_s_file_says_which_repository(repository):
    commit = commit_of([f"{repository}/nets/work.py:Net", "digits"])

    assert commit == Commit(commit=head(repository), changed=False)


def test_so_does_a_module_that_was_imported(repository, monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "nets"))
    import work

    assert commit_of(["work:Net"]).commit == head(repository)
    sys.modules.pop("work")
    assert work


def test_without_a_file_in_one_the_working_directory_s_counts(repository, monkeypatch):
    monkeypatch.chdir(repository)

    assert commit_of(["digits", ""]).commit == head(repository)


def test_a_change_that_is_not_committed_is_told(repository):
    (repository / "nets" / "work.py").write_text("class Net: pass\n")

    assert commit_of([f"{repository}/nets/work.py:Net"]).changed


def test_outside_of_any_repository_there_is_none(repository):
    assert commit_of(["digits", ""]) is None


def test_without_git_there_is_none(repository, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")

    assert commit_of([f"{repository}/nets/work.py:Net"]) is None
