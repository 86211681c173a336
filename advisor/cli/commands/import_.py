"""`advisor import`: runs that another tool recorded, as a study."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli.options import Home, Json
from advisor.cli.run import home_of
from advisor.cli.run_options import Constants, LeftOut, Mapped, RunsDirection, RunsMetric, runs_request
from advisor.cli.terminal import say, show, show_json


def import_(
    kind: Annotated[str, typer.Argument(help="optuna, mlflow, wandb or csv.")],
    where: Annotated[
        str,
        typer.Argument(help="An Optuna storage, MLflow's address, database or folder, or a CSV file."),
    ],
    study: Annotated[str | None, typer.Option(help="Of an Optuna storage, the study.")] = None,
    experiment: Annotated[str | None, typer.Option(help="Of MLflow, the experiment.")] = None,
    map_: Mapped = None,
    set_: Constants = None,
    leave_out: LeftOut = None,
    metric: RunsMetric = None,
    direction: RunsDirection = None,
    name: Annotated[
        str | None, typer.Option(help="Of the new study; by default the source's and a number.")
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make a study of runs that another tool recorded; show what each of their columns was taken for."""
    from advisor.cli.import_table import as_json, table
    from advisor.jobs.command_lines import at_home
    from advisor.jobs.importing import import_runs
    from advisor.jobs.runs.known_sources import source_in

    request = runs_request(
        metric=metric, direction=direction, mapped=map_, constants=set_, left_out=leave_out
    )
    source = source_in(kind, where, {"--study": study, "--experiment": experiment})
    imported = import_runs(home_of(home), source, request, name=name)
    if json:
        show_json(as_json(imported))
        return
    show(table(imported))
    named = f"{imported.study}{at_home(home_of(home))}"
    say(f"advice: advisor recommend {named}; runs: advisor list trials {named}")
