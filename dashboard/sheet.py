"""Sheet of figures: every figure of a study on one page of HTML that needs no network.

python -m dashboard.sheet STUDY OUT --home HOME

The MLflow mirror keeps it beside a study.
"""

from __future__ import annotations

import argparse
import html
from pathlib import Path

from dashboard.charts import plots
from dashboard.snapshot import Study
from studies.errors import one_line
from studies.storage.home import default_home


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="dashboard.sheet")
    parser.add_argument("study")
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path, default=default_home())
    arguments = parser.parse_args()
    write(arguments.home, arguments.study, arguments.out)


def write(home: Path, study: str, out: Path) -> None:
    """Write the page; the same study makes the same bytes.

    A figure that cannot be drawn of this study is left out, with a line that says why.

    Raises:
        StudyError: no such study.
    """
    snapshot, parts = Study.read(home, study), []
    for kind, draw in plots().items():
        try:
            figure = draw(snapshot)
        except Exception as error:  # noqa: BLE001 - one figure that fails is no reason to go without the others
            parts.append(f"<p>{kind}: {html.escape(one_line(error, longest=200))}</p>")
            continue
        library = not any("<div" in part for part in parts)  # plotly's own 5 MB once, not once a figure
        parts.append(figure.to_html(full_html=False, include_plotlyjs=library, div_id=kind))
    title = html.escape(study)
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    part.write_text(
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f'<body style="font-family: sans-serif"><h1>{title}</h1>{"".join(parts)}</body></html>',
        encoding="utf-8",
    )
    part.replace(out)


if __name__ == "__main__":
    main()
