"""`advisor recommend`: the answer again, or under other limits."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from advisor.cli import completion
from advisor.cli.options import (
    AllowCode,
    Direction,
    Goal,
    Home,
    Json,
    Latency,
    Memory,
    MetricName,
    ModelSize,
    Rules,
    Runs,
    TrainTime,
)
from advisor.cli.run import home_of
from advisor.cli.terminal import show, show_json
from studies.errors import BadValue
from studies.limits import Limits


def recommend(
    study: Annotated[
        str,
        typer.Argument(help="A study's name (advisor list studies).", autocompletion=completion.study_name),
    ] = "",
    records: Runs = None,
    metric: MetricName = None,
    direction: Direction = None,
    memory: Memory = None,
    model_size: ModelSize = None,
    latency: Latency = None,
    train_time: TrainTime = None,
    goal: Goal = None,
    rule: Rules = None,
    allow_code: AllowCode = False,  # noqa: ARG001 - see advisor.cli.reading
    home: Home = None,
    json: Json = False,
) -> None:
    """Answer again, at once, or under other limits; or from a CSV of runs that somebody else made."""
    from advisor.goals import check_goal
    from advisor.jobs.advice import advice, advice_on

    check_goal(goal)
    limits = Limits.parse(memory=memory, model_size=model_size, latency=latency, train_time=train_time)
    if bool(study) == bool(records):
        raise BadValue(
            "name a study, or give --records runs.csv --metric COLUMN, and not both; "
            "see: advisor list studies"
        )
    if records is not None:
        from advisor.cli.run_options import runs_request
        from advisor.jobs.runs.sources.csv_file import CsvFile

        request = runs_request(metric=metric, direction=direction)
        answer = partial(advice_on, CsvFile(where=records), request)
    else:
        answer = partial(advice, home_of(home), study)
    recommendation = answer(limits=limits, goal=goal, rules=tuple(rule or ()))
    show_json(recommendation.to_dict()) if json else show(str(recommendation))
