"""`advisor predict`: new rows with a column more, by a study's model."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from advisor.cli.options import Ensemble, Home, Retrain
from advisor.cli.run import home_of
from advisor.cli.terminal import prints_aside, say


def predict(
    study: Annotated[str, typer.Argument(help="A study's name, or the folder of a saved bundle.")],
    rows: Annotated[str, typer.Argument(help="A file with the columns trained on; - for CSV on stdin.")],
    out: Annotated[
        str | None, typer.Option(help="A .csv, .tsv, .parquet or .jsonl file; else CSV on stdout.")
    ] = None,
    proba: Annotated[
        bool, typer.Option("--proba", help="A column for the probability of each class, too.")
    ] = False,
    retrain: Retrain = "",
    ensemble: Ensemble = False,
    home: Home = None,
) -> None:
    """Predict new rows with a study's recommended model."""
    from advisor.jobs.bundles import opened
    from advisor.jobs.predicting.predict import predict_rows
    from advisor.jobs.predicting.row_file import check_out

    check_out(out, rows)
    stdout = sys.stdout
    with prints_aside():
        bundle = opened(study, home_of(home), retrain=retrain, ensemble=ensemble)
        notes = predict_rows(bundle, rows, out=out or stdout, proba=proba)
    for note in notes:
        say(note)
