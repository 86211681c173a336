"""Papers of an export: the report of the study, and its model card as README.md."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from advisor.jobs.exporting.model_files import BUNDLE
from advisor.jobs.reports import reported
from advisor.study_report.model_card import model_card
from advisor.study_report.page import page

REPORT: Final = "report.html"
CARD: Final = "README.md"
TRAIN: Final = """\
pip install -r requirements.txt
python train.py              # trains the recipe and saves the weights to weights.pt"""
PREDICT_TABLE: Final = """\
pip install optimizer-advisor
advisor predict bundle new.csv --out predictions.csv"""
PREDICT_ARRAYS: Final = """\
pip install optimizer-advisor
advisor predict bundle new.npz --out predictions.csv        # an array X of rows; or a folder of images"""


def write_papers(folder: Path, home: Path, study: str, *, snippet: str) -> None:
    """Write report.html and README.md beside what a folder holds already.

    Args:
        folder: of the export.
        home: where the study lives.
        study: its name.
        snippet: optimizer and schedule as code, or nothing.
    """
    read = replace(reported(home, study), code=snippet)
    (folder / REPORT).write_text(page(read), encoding="utf-8")
    usage = _usage(folder, table=read.evidence.facts.kind == "table")
    (folder / CARD).write_text(model_card(read, usage=usage), encoding="utf-8")


def _usage(folder: Path, *, table: bool) -> str:
    """Return how the files of a folder are used, as lines of a shell."""
    predict = PREDICT_TABLE if table else PREDICT_ARRAYS
    lines = [TRAIN] if (folder / "train.py").is_file() else []
    return "\n\n".join([*lines, *([predict] if (folder / BUNDLE).is_dir() else [])])
