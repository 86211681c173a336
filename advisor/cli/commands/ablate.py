"""`advisor ablate`: which change brought what, from an optimizer's defaults to the advised recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from advisor.cli.options import Home, Json, StudyName, Workers
from advisor.cli.run import home_of
from advisor.cli.terminal import fail, prints_aside, say, show, show_json
from advisor.report.numbers import number

if TYPE_CHECKING:
    from studies.search.event import Event


def ablate(
    study: StudyName,
    seeds: Annotated[int, typer.Option(help="Seeds that each recipe is trained with, 1 to 20.")] = 3,
    start: Annotated[
        str,
        typer.Option(
            "--from", help="Optimizer whose defaults it starts from; the advised one's if not given."
        ),
    ] = "",
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Train nothing; estimate from the trials.")
    ] = False,
    workers: Workers = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Show what each change from the defaults to the advised recipe brought, by a few paired runs."""
    from advisor.analysis.ablation_text import ablation_text, ablation_values
    from advisor.cli.stops import STOPS, stopped_in_order
    from advisor.jobs.ablate import ablate as train
    from advisor.jobs.ablation import ablated, ablation
    from advisor.jobs.command_lines import at_home
    from advisor.jobs.engines import parse_workers
    from studies.code_consent import code_refused
    from studies.quantities import several

    where, missing = home_of(home), 0
    if not estimate:
        count = parse_workers(workers)
        with stopped_in_order() as stop, prints_aside():
            missing = train(
                where, study, start=start, seeds=seeds, workers=count, tell=say, listen=_told, stop=stop
            )
    with code_refused(f"advisor ablate {study}{at_home(where)}", allowed=not estimate):
        path = ablation(ablated(where, study), start)
    show_json(ablation_values(path)) if json else show(ablation_text(path))
    if STOPS.status:
        again = f"advisor ablate {study}{at_home(where)}"
        fail(f"interrupted; {several(missing, 'run')} to go, go on with: {again}", STOPS.status)


def _told(event: Event) -> None:
    """Say in a line what a run reached."""
    if event.note:
        say(event.note)
    if event.record is not None:
        reached = event.record.error or number(event.record.measured_quality)
        say(f"#{event.record.number} seed {event.record.seed}  {event.record.state}  {reached}")
