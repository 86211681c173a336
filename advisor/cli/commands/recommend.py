"""`advisor recommend`: the answer again, or under other limits."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli import completion
from advisor.cli.options import (
    AllowCode,
    Direction,
    Full,
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
from advisor.cli.terminal import show_answer, show_json
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
    full: Full = False,
    allow_code: AllowCode = False,  # noqa: ARG001 - see advisor.cli.reading
    home: Home = None,
    json: Json = False,
) -> None:
    """Answer again, at once, or under other limits; or from a CSV of runs that somebody else made."""
    from advisor.goals import check_goal
    from advisor.jobs.advice import advice, advice_on
    from advisor.jobs.next_commands import after_runs, asked_again, next_commands
    from studies.storage.follow import read_study

    check_goal(goal)
    limits = Limits.parse(memory=memory, model_size=model_size, latency=latency, train_time=train_time)
    if bool(study) == bool(records):
        raise BadValue(
            "name a study, or give --records runs.csv --metric COLUMN, and not both; "
            "see: advisor list studies"
        )
    rules = tuple(rule or ())
    options = asked_again(limits, goal, rules)
    if records is not None:
        from advisor.cli.run_options import runs_request
        from advisor.jobs.runs.sources.csv_file import CsvFile

        request = runs_request(metric=metric, direction=direction)
        answer = advice_on(CsvFile(where=records), request, limits=limits, goal=goal, rules=rules)
        commands = after_runs(records, metric, direction, options)
    else:
        where = home_of(home)
        answer = advice(where, study, limits=limits, goal=goal, rules=rules)
        commands = next_commands(where, study, read_study(where, study).manifest, answer, options=options)
    show_json(answer.to_dict()) if json else show_answer(answer, commands, full=full)
