"""The documents as a site: built strictly, complete, and without a word to other machines."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from waiting import HANG_SECONDS

ROOT = Path(__file__).parents[2]
SOURCES = ("docs", "benchmarks/RESULTS.md", "examples", "mkdocs.yml")
"""What a site is built from."""
PAGES = {path.relative_to(ROOT / "docs").as_posix() for path in ROOT.glob("docs/**/*.md")} - {"files.md"}
NAVIGATION = re.findall(r"([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), flags=re.MULTILINE)
LOADED = r"<(?:script|img|iframe|link)[^>]* (?:src|href)=\"?(https?:[^\" >]+)"
NEEDS_ZENSICAL = pytest.mark.skipif(
    find_spec("zensical") is None, reason="the site is built by zensical: pip install '.[docs]'"
)


def copied(folder):
    """Copy what a site is built from into a folder."""
    for name in SOURCES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, path)
    return folder


def built(folder):
    """Build the site in a folder, and return how that ended."""
    command = [sys.executable, "-m", "zensical", "build", "--strict"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=HANG_SECONDS, check=False
    )


def test_every_page_stands_in_the_navigation_once():
    assert sorted(NAVIGATION) == sorted([*PAGES, "files.md"])


@NEEDS_ZENSICAL
def test_the_site_is_built_without_a_warning_and_asks_nobody_for_anything(tmp_path):
    done = built(copied(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No issues found" in done.stderr

    pages = {path: path.read_text() for path in tmp_path.glob("build/site/**/*.html")}
    assert len(pages) == len(PAGES) + 1  # one says that there is no such page
    for path, page in pages.items():
        assert not re.findall(LOADED, page), path.name
    shown = (tmp_path / "build/site/guides/examples.html").read_text()
    assert len(shown) > sum(path.stat().st_size for path in ROOT.glob("examples/*.py"))


@NEEDS_ZENSICAL
@pytest.mark.parametrize("link", ["guides/none.md", "guides/predict.md#none"])
def test_a_link_that_leads_nowhere_ends_the_build(link, tmp_path):
    with (copied(tmp_path) / "docs" / "faq.md").open("a") as page:
        page.write(f"\n[nowhere]({link})\n")

    assert built(tmp_path).returncode != 0
