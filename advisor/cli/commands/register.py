"""`advisor register`: a study's model in MLflow's registry."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import Ensemble, Home, Retrain, StudyName, TrackingUri
from advisor.cli.run import home_of
from advisor.cli.terminal import prints_aside, show


def register(
    study: StudyName,
    name: Annotated[
        str, typer.Argument(help="The model's name in MLflow's registry; a new version if it is there.")
    ],
    tracking_uri: TrackingUri = None,
    unconfirmed: Annotated[
        bool, typer.Option("--unconfirmed", help="Also a model that no confirmation run stands behind.")
    ] = False,
    retrain: Retrain = "",
    ensemble: Ensemble = False,
    home: Home = None,
) -> None:
    """Put a study's recommended model into MLflow's registry."""
    from advisor.jobs.register import lines
    from advisor.jobs.register import register as log

    with prints_aside():
        versions = log(
            home_of(home),
            study,
            name,
            tracking_uri=tracking_uri,
            unconfirmed=unconfirmed,
            retrain=retrain,
            ensemble=ensemble,
        )
    show(lines(versions))
