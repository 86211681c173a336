"""The outputs that pages show are those of their commands, but for what time and machine make of them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from docs.shown import BLOCK, commands, filled

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [path for path in DOCS.glob("**/*.md") if BLOCK.search(path.read_text())]
ALIKE = 0.9
"""Share of the lines that have to be as shown: seconds decide what some of them say."""


def lines(text):
    """Return the lines of a page without its numbers."""
    return re.sub(r"\d[\d.,e-]*", "0", text).split("\n")


def test_a_page_is_filled_with_what_its_commands_print(tmp_path):
    page = """```console
$ echo a > a.txt
$ cat a.txt \\
> a.txt
old
```
<!-- paragraphs: 2-2 -->
```console
$ printf '1\\n\\n2'
```"""
    done = filled(page, tmp_path)
    assert done == page.replace("old", "a\na").replace("n2'\n", "n2'\n2\n")
    assert filled(done, tmp_path) == done


def test_a_command_that_fails_shows_its_line(tmp_path):
    done = filled("```console\n$ echo why >&2; false\n```", tmp_path)
    assert done == "```console\n$ echo why >&2; false\nwhy\n```"


def test_the_tutorial_searches_with_a_budget_in_trials():
    text = (DOCS / "tutorial.md").read_text()
    (search,) = [command for command in commands(text) if command.startswith("advisor search")]
    assert re.search(r"--budget \d+trials", search)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_what_its_commands_print(page, tmp_path):
    shown = page.read_text()
    ran = filled(shown, tmp_path)
    assert SequenceMatcher(None, lines(shown), lines(ran), autojunk=False).ratio() > ALIKE, ran
