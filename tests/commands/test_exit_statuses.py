"""Each exit status is what the documents say, in a real process; Ctrl-C is tested with searches."""

import subprocess
import sys

import pytest

from advisor.cli import terminal


def run(words, folder):
    return subprocess.run(
        [sys.executable, "-m", "advisor", *words], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--version",), "DONE"),
        (("list", "optimizers"), "DONE"),
        (("list", "no-such"), "WRONG_INPUT"),
        (("explain",), "WRONG_INPUT"),
        (("search", "iris", "--no-such"), "WRONG_INPUT"),
        (("no-such",), "WRONG_INPUT"),
        (("recommend", "no-such"), "WRONG_INPUT"),
        (("search", "iris", "--memory", "1B", "--budget", "1trials"), "NOTHING_FEASIBLE"),
    ],
)
def test_a_process_ends_with_its_status_and_at_most_one_line(tmp_path, words, status):
    done = run(words, tmp_path)

    assert done.returncode == getattr(terminal, status)
    if done.returncode:
        assert done.stdout == ""
        assert done.stderr.splitlines()[-1].startswith("advisor: ")


def test_every_status_has_its_meaning():
    widths = {"NARROWEST", "WIDEST"}
    numbers = {
        value
        for name, value in vars(terminal).items()
        if name.isupper() and type(value) is int and name not in widths
    }
    assert set(terminal.STATUSES) == numbers
