"""The command line: parse, call, print. Nothing heavy is imported before a command needs it."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import Annotated, Final

import typer

from advisor.cli.arguments import ProfileArguments, SearchArguments, typed
from advisor.cli.options import (
    CompressionBudget,
    Direction,
    Goal,
    Home,
    Json,
    Kind,
    Latency,
    Memory,
    MetricName,
    ModelSize,
    Rules,
    Runs,
    Students,
    StudyName,
    Teacher,
    TrackingUri,
    TrainTime,
)
from advisor.cli.run import home_of, work_on
from advisor.cli.terminal import (
    DEFECT,
    INTERRUPTED,
    NOTHING_FEASIBLE,
    WRONG_INPUT,
    fail,
    say,
    show,
    show_json,
)
from studies.errors import BadValue, NothingFeasible, StudyError, named_line, shortened
from studies.limits import Budget, Limits
from studies.user_code import code_line, is_of_user_code

USAGE_ERROR: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[1]
"""Typer carries a click of its own and exports only this leaf of its errors; the parent covers every wrong
use."""

app = typer.Typer(
    help="Tell it your data, your model and what you can afford; it finds the optimizer and the recipe, "
    "and says why.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command()
@typed(ProfileArguments)
def profile(arguments: ProfileArguments) -> None:
    """Show data, model and memory; advise before any trial."""
    from advisor.jobs.profile import preview

    with redirect_stdout(sys.stderr):  # whatever the user's own model prints
        shown = preview(arguments.request(), everything=arguments.everything, tell=say)
    show_json(shown.to_dict()) if arguments.json else show(str(shown))


@app.command()
@typed(SearchArguments)
def search(arguments: SearchArguments) -> None:
    """Search, confirm and recommend: the whole job."""
    from advisor.jobs.register import check, lines, no_model_reason
    from advisor.jobs.register import register as log
    from advisor.jobs.session import prepare

    register = arguments.register
    if register is not None:
        check(register, arguments.tracking_uri)
    with redirect_stdout(sys.stderr):  # whatever the user's own model prints
        session = prepare(arguments.request(), home_of(arguments.home), tell=say)
    problem = no_model_reason(session.name, session.workload.spec()) if register else ""
    for note in filter(None, (*session.notes, problem)):
        say(note)
    work_on(session, json=arguments.json)
    if register is not None and not problem:
        with redirect_stdout(sys.stderr):
            say(lines(log(session.home, session.name, register)))


@app.command()
def resume(
    study: StudyName,
    budget: Annotated[str | None, typer.Option(help="A larger total budget; what is spent counts.")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Go on after a stop, a crash or with more budget."""
    from advisor.jobs.session import reopen

    with redirect_stdout(sys.stderr):  # whatever the user's own model prints
        total = None if budget is None else Budget.parse(budget)
        session = reopen(home_of(home), study, budget=total, tell=say)
    for note in session.notes:
        say(note)
    work_on(session, json=json)


@app.command()
def compress(
    study: StudyName,
    budget: CompressionBudget = None,
    model_size: ModelSize = None,
    latency: Latency = None,
    student: Students = None,
    teacher: Teacher = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Prune, quantize and distil a study's finalists; show what each way costs."""
    from advisor.jobs.compress import CompressionRequest, open_compression

    limits = Limits.parse(memory=None, model_size=model_size, latency=latency, train_time=None)
    total = None if budget is None else Budget.parse(budget)
    request = CompressionRequest(budget=total, limits=limits, students=tuple(student or ()), teacher=teacher)
    with redirect_stdout(sys.stderr):  # whatever the user's own model prints
        session = open_compression(home_of(home), study, request, tell=say)
    work_on(session, json=json, searching=False)


@app.command()
def recommend(
    study: Annotated[str, typer.Argument(help="A study's name (advisor list studies).")] = "",
    records: Runs = None,
    metric: MetricName = None,
    direction: Direction = None,
    memory: Memory = None,
    model_size: ModelSize = None,
    latency: Latency = None,
    train_time: TrainTime = None,
    goal: Goal = None,
    rule: Rules = None,
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
        answer = partial(advice_on, records, metric=metric or "quality", direction=direction)
    else:
        answer = partial(advice, home_of(home), study)
    recommendation = answer(limits=limits, goal=goal, rules=tuple(rule or ()))
    show_json(recommendation.to_dict()) if json else show(str(recommendation))


@app.command("list")
def list_(
    kind: Kind = "",
    study: Annotated[str, typer.Argument(help="The study whose trials are listed.")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """List what there is to choose from, your studies, or a study's trials."""
    from advisor.cli.columns import text
    from advisor.cli.explain import KINDS, listing

    if not kind:
        lines = (f"advisor list {each}" + (" STUDY" if each == "trials" else "") for each in KINDS)
        show_json(list(KINDS)) if json else show("\n".join(lines))
        return
    rows = listing(kind.lower(), home_of(home), study)
    if json:
        show_json(rows)
        return
    show(text(kind.lower(), rows) if rows else f"no {kind} yet; start with: advisor search digits")


@app.command()
def explain(
    name: Annotated[
        str,
        typer.Argument(help="An optimizer, schedule, model, dataset, rule, ..., or a word of an answer."),
    ],
) -> None:
    """Say what something does, when it helps and hurts."""
    from advisor.cli.explain import explanation

    show(explanation(name))


@app.command()
def sync(study: StudyName, tracking_uri: TrackingUri = None, home: Home = None) -> None:
    """Complete the MLflow mirror of a study."""
    from advisor.jobs.mirror import draw
    from studies.storage import journal
    from studies.tracking.sink import sync as mirror

    where = home_of(home)
    uri = tracking_uri or journal.manifest_of(journal.open_study(where, study)).tracking_uri
    draw(where, study)
    count = mirror(where, study, tracking_uri=None if uri == "off" else uri)
    show(f"{count} runs written; the mirror of '{study}' is complete")


@app.command()
def register(
    study: StudyName,
    name: Annotated[
        str, typer.Argument(help="The model's name in MLflow's registry; a new version if it is there.")
    ],
    tracking_uri: TrackingUri = None,
    home: Home = None,
) -> None:
    """Put a study's recommended model into MLflow's registry."""
    from advisor.jobs.register import lines
    from advisor.jobs.register import register as log

    with redirect_stdout(sys.stderr):  # whatever the user's own model prints
        versions = log(home_of(home), study, name, tracking_uri=tracking_uri)
    show(lines(versions))


@app.command()
def dashboard(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
    host: Annotated[
        str, typer.Option(help="Address to bind; other machines can reach anything but 127.0.0.1.")
    ] = "127.0.0.1",
    home: Home = None,
    allow_code: Annotated[
        bool,
        typer.Option(
            "--allow-code", help="Let the page run your own models, metrics, data and rules (file.py:name)."
        ),
    ] = False,
) -> None:
    """Open the web page on the studies of this home."""
    from advisor.cli.serve import serve

    serve(host, port, home_of(home), allow_code=allow_code)


@app.command()
def plot(
    study: StudyName,
    kind: Annotated[str, typer.Argument(help="Which figure; a wrong name lists them.")],
    out: Annotated[Path, typer.Option(help="A file that ends with .png, .svg or .html.")] = Path("plot.html"),
    home: Home = None,
) -> None:
    """Write one of the dashboard's figures to a file."""
    from advisor.cli.serve import plot as draw

    draw(study, kind, out, home_of(home))


def main() -> None:
    """Run the command line; every error that is the input's fault is one line on stderr."""
    try:
        status = app(args=sys.argv[1:] or ["--help"], standalone_mode=False)
        if status == INTERRUPTED:  # how typer reports a Ctrl-C
            fail("interrupted; what was finished is kept, see: advisor list studies", INTERRUPTED)
    except NothingFeasible as error:
        fail(str(error), NOTHING_FEASIBLE)
    except StudyError as error:
        fail(str(error), WRONG_INPUT)
    except USAGE_ERROR as error:
        fail(shortened(error.format_message()), WRONG_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        fail("interrupted", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:  # the user's own code, or a defect: one line, the traceback for whoever asks
        if os.environ.get("ADVISOR_TRACEBACK"):
            raise
        if is_of_user_code(error):
            fail(f"your own code fails: {code_line(error)}; ADVISOR_TRACEBACK=1 shows more", WRONG_INPUT)
        fail(
            f"unexpected {named_line(error)}; what was finished is kept, ADVISOR_TRACEBACK=1 shows where",
            DEFECT,
        )
