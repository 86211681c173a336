"""Write one figure of a study to a file: what `advisor plot` runs.

python -m dashboard.plot STUDY KIND OUT --home HOME
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashboard.charts import plots
from dashboard.study import Study
from studies.errors import BadValue, StudyError, did_you_mean
from studies.store import default_home

SUFFIXES = (".png", ".svg", ".html")


def main() -> None:
    """Write the figure; anything wrong with the request is one line on stderr and exit status 2."""
    parser = argparse.ArgumentParser(prog="advisor plot")
    parser.add_argument("study")
    parser.add_argument("kind")
    parser.add_argument("out", type=Path)
    parser.add_argument("--home", type=Path, default=default_home())
    given = parser.parse_args()
    try:
        write(given.home, given.study, given.kind, given.out)
    except StudyError as error:
        sys.stderr.write(f"advisor: {error}\n")
        sys.exit(2)
    sys.stdout.write(f"{given.out}\n")


def write(home: Path, study: str, kind: str, out: Path) -> None:
    """Write a figure of a study.

    Raises:
        BadValue: no such kind of figure, or of file.
        StudyError: no such study.
    """
    known = plots()
    if kind not in known:
        raise BadValue(f"no plot is called '{kind}'{did_you_mean(kind, known)} Allowed: {', '.join(known)}")
    if out.suffix not in SUFFIXES:
        raise BadValue(f"'{out}' must end with {', '.join(SUFFIXES)}")
    figure = known[kind](Study.read(home, study))
    if out.suffix == ".html":
        figure.write_html(out, include_plotlyjs=True)
        return
    figure.write_image(out, scale=2)


if __name__ == "__main__":
    main()
