"""Plot: one figure of a study in a file, as `advisor plot` writes it.

python -m dashboard.plot STUDY KIND OUT --home HOME

HTML needs nothing more. PNG and SVG are drawn by a browser that is there already: Chromium or Chrome, run
once without a window.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from advisor.browser import find_browser, run_browser
from dashboard.charts import plots
from dashboard.charts.looks import bare_if_empty
from dashboard.snapshot import Study
from studies.errors import BadValue, StudyError, did_you_mean
from studies.storage.home import default_home

if TYPE_CHECKING:
    import plotly.graph_objects as go

SUFFIXES: Final = (".png", ".svg", ".html")
FILE_FLAGS: Final = ("--allow-file-access-from-files", "--virtual-time-budget=60000")
"""For a page that is a file: it may load the script beside it, and is given a minute of its own time."""
THEMES: Final = {"light": ("plotly_white", "#FFFFFF"), "dark": ("plotly_dark", "#0E1117")}
"""Plotly's template and the colour behind a figure, which is that of the page."""
WIDTH: Final = 1000
HEIGHT: Final = 500
SCALE: Final = 2
"""Pixels of a PNG to one of the page, for print."""
PAGE: Final = """<!DOCTYPE html><meta charset="utf-8"><script src="{script}"></script><body><script>
const figure = {figure};
Plotly.toImage(figure, {{format: "{kind}", width: {width}, height: {height}, scale: {scale}}}).then(
  (image) => {{ document.body.textContent = image; }},
  (error) => {{ document.body.textContent = "cannot be drawn: " + error; }});
</script></body>"""


def main() -> None:
    """Write the figure; anything wrong with the request is one line on stderr and exit status 2."""
    parser = argparse.ArgumentParser(prog="advisor plot")
    parser.add_argument("study")
    parser.add_argument("kind")
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path, default=default_home())
    parser.add_argument("--theme", choices=tuple(THEMES), default="light")
    arguments = parser.parse_args()
    try:
        write(arguments.home, arguments.study, arguments.kind, arguments.out, arguments.theme)
    except StudyError as error:
        sys.stderr.write(f"advisor: {error}\n")
        sys.exit(2)
    sys.stdout.write(f"{arguments.out}\n")


def write(home: Path, study: str, kind: str, out: Path, theme: str = "light") -> None:
    """Write a figure of a study, on the light or the dark background of a page.

    Raises:
        BadValue: no such kind of figure, or of file, or none that can be written here.
        StudyError: no such study.
    """
    known = plots()
    if kind not in known:
        raise BadValue(f"no plot is called '{kind}'{did_you_mean(kind, known)} Allowed: {', '.join(known)}")
    if out.suffix not in SUFFIXES:
        raise BadValue(f"'{out}' must end with {', '.join(SUFFIXES)}")
    figure = on_theme(bare_if_empty(known[kind](Study.read(home, study))), theme)
    try:
        if out.suffix == ".html":
            figure.write_html(out, include_plotlyjs=True)
        else:
            out.write_bytes(image(figure, out.suffix.removeprefix(".")))
    except OSError as error:
        raise BadValue(f"'{out}' cannot be written ({error.strerror}); give another file") from None


def on_theme(figure: go.Figure, theme: str) -> go.Figure:
    """Lay a figure on an opaque background, so that it reads the same wherever it is put."""
    template, paper = THEMES[theme]
    return figure.update_layout(template=template, paper_bgcolor=paper, plot_bgcolor=paper)


def image(figure: go.Figure, kind: str) -> bytes:
    """Return a figure as the bytes of a PNG or SVG file.

    Raises:
        BadValue: no browser is there, or it fails.
    """
    browser = find_browser()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        as_file(files("plotly")) as plotly,
    ):
        page = Path(folder) / "figure.html"
        script = (plotly / "package_data" / "plotly.min.js").as_uri()
        size = {"width": figure.layout.width or WIDTH, "height": figure.layout.height or HEIGHT}
        markup = PAGE.format(
            script=script, figure=_json(figure), kind=kind, scale=SCALE if kind == "png" else 1, **size
        )
        page.write_text(markup, encoding="utf-8")
        return _image_bytes(run_browser(browser, page, *FILE_FLAGS, "--dump-dom"), browser)


def _json(figure: go.Figure) -> str:
    """Return a figure as JSON for a page; what a graphics card would draw is drawn without one."""
    text = str(figure.to_json()).replace('"type":"scattergl"', '"type":"scatter"')
    return text.replace("</", "<\\/")  # a text in it must not end the script


def _image_bytes(text: str, browser: str) -> bytes:
    """Return the image that a page shows as a data address."""
    if match := re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)", text):
        return base64.b64decode(match[1])
    if match := re.search(r"data:image/svg\+xml,([^<\s]+)", text):
        return unquote(match[1]).encode()
    failure = re.search(r"cannot be drawn: [^<]*", text)
    raise BadValue(
        f"{browser}: {failure[0] if failure else 'shows nothing'}; write to a file that ends with .html"
    )


if __name__ == "__main__":
    main()
