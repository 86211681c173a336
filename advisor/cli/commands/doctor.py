"""`advisor doctor`: the environment, what is missing and what is broken."""

from __future__ import annotations

from advisor.cli.options import Home, Json
from advisor.cli.run import home_of
from advisor.cli.terminal import DEFECT, fail, show, show_json


def doctor(home: Home = None, json: Json = False) -> None:
    """Look at the environment: versions, devices, speed, what is missing."""
    from advisor.environment.diagnosis import diagnose

    diagnosis = diagnose(home_of(home))
    show_json(diagnosis.to_dict()) if json else show(str(diagnosis))
    if diagnosis.broken:
        fail(f"broken: {', '.join(fact.name for fact in diagnosis.broken)}", DEFECT)
