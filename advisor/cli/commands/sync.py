"""`advisor sync`: the MLflow mirror of a study made complete."""

from __future__ import annotations

from advisor.cli.options import AllowCode, Home, StudyName, TrackingUri
from advisor.cli.run import home_of
from advisor.cli.terminal import show
from studies.quantities import several


def sync(
    study: StudyName,
    tracking_uri: TrackingUri = None,
    allow_code: AllowCode = False,  # noqa: ARG001 - see advisor.cli.reading
    home: Home = None,
) -> None:
    """Complete the MLflow mirror of a study."""
    from advisor.jobs.mirror import draw
    from studies.storage.follow import read_study
    from studies.tracking.sink import sync as mirror

    where = home_of(home)
    uri = tracking_uri or read_study(where, study).manifest.tracking_uri
    draw(where, study)
    count = mirror(where, study, tracking_uri=None if uri == "off" else uri)
    show(f"{several(count, 'run')} written; the mirror of '{study}' is complete")
