"""Figures from the shell: every kind on every kind of study, pictures where there is a browser."""

import shutil
import stat

import pytest

from advisor import browser
from dashboard import plot
from dashboard.charts import plots
from studies.errors import BadValue

from pages import STUDIES, fill

BROWSER = next((path for name in browser.BROWSERS if (path := shutil.which(name))), None)
KINDS = (
    "curves", "seed-curves", "slices", "parallel", "contour", "importances", "memory", "memory-measured",
    "published", "published-lrs", "rules",
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"))


def test_the_kinds_are_those_of_the_pages():
    assert set(KINDS) <= set(plots())


@pytest.mark.parametrize("name", STUDIES)
def test_every_kind_is_drawn_of_every_study(name, home):
    from dashboard.snapshot import Study

    study = Study.read(home, name)
    for kind in KINDS:
        figure = plots()[kind](study)
        assert figure.layout.title.text, kind
        assert figure.to_json()


def test_html_needs_no_browser(home, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    out = tmp_path / "curves.html"
    plot.write(home, "full", "curves", out)
    assert "Plotly.newPlot" in out.read_text(encoding="utf-8")


@pytest.mark.skipif(BROWSER is None, reason="no browser is here")
@pytest.mark.parametrize(("suffix", "begins"), [(".png", b"\x89PNG\r\n"), (".svg", b"<svg")])
def test_pictures_are_drawn_by_a_browser(suffix, begins, home, tmp_path):
    out = tmp_path / f"slices{suffix}"
    plot.write(home, "sweep", "slices", out)
    assert out.read_bytes().startswith(begins)


@pytest.mark.skipif(BROWSER is None, reason="no browser is here")
def test_what_a_graphics_card_would_draw_and_text_that_looks_like_a_script_are_drawn_too():
    import plotly.graph_objects as go

    figure = go.Figure(go.Scattergl(x=[1, 2], y=[3, 4], name="</script><b>")).update_layout(showlegend=True)
    assert b"scatterlayer" in plot.image(figure, "svg")


def test_without_a_browser_one_line_says_what_to_do(home, tmp_path, monkeypatch):
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setattr(browser, "BROWSERS", ("no-such-browser",))
    with pytest.raises(
        BadValue,
        match=r"no Chromium or Chrome is here to draw it; install chromium, or write to a file .*\.html",
    ):
        plot.write(home, "full", "curves", tmp_path / "a.png")

    monkeypatch.setenv("BROWSER_PATH", "/no/such/browser")
    with pytest.raises(BadValue, match=r"'/no/such/browser' \(BROWSER_PATH\) is no program"):
        plot.write(home, "full", "curves", tmp_path / "a.png")


def test_a_browser_that_shows_nothing_is_named(home, tmp_path, monkeypatch):
    broken = tmp_path / "browser"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("BROWSER_PATH", str(broken))
    with pytest.raises(BadValue, match="browser: shows nothing"):
        plot.write(home, "full", "curves", tmp_path / "a.png")


def test_a_wrong_kind_or_file_is_named(home, tmp_path):
    with pytest.raises(BadValue, match="no plot is called 'curvs'; did you mean 'curves'"):
        plot.write(home, "full", "curvs", tmp_path / "a.png")
    with pytest.raises(BadValue, match=r"must end with \.png, \.svg, \.html"):
        plot.write(home, "full", "curves", tmp_path / "a.pdf")
    with pytest.raises(BadValue, match="cannot be written"):
        plot.write(home, "full", "curves", tmp_path / "none" / "a.html")
