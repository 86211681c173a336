"""The command line: its commands, and how their errors end. Nothing heavy is imported before its time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, Final

import typer

from advisor.cli.commands.ablate import ablate
from advisor.cli.commands.compress import compress
from advisor.cli.commands.dashboard import dashboard
from advisor.cli.commands.doctor import doctor
from advisor.cli.commands.explain import explain
from advisor.cli.commands.export import export
from advisor.cli.commands.import_ import import_
from advisor.cli.commands.list_ import list_
from advisor.cli.commands.logs import logs
from advisor.cli.commands.mcp import mcp
from advisor.cli.commands.note import note
from advisor.cli.commands.plot import plot
from advisor.cli.commands.predict import predict
from advisor.cli.commands.profile import profile
from advisor.cli.commands.recommend import recommend
from advisor.cli.commands.register import register
from advisor.cli.commands.report import report
from advisor.cli.commands.resume import resume
from advisor.cli.commands.schema import schema
from advisor.cli.commands.search import search
from advisor.cli.commands.stop import stop
from advisor.cli.commands.sync import sync
from advisor.cli.help import ABOUT, SETTINGS, GroupedHelp, GroupedOptions, overview
from advisor.cli.reading import guarded
from advisor.cli.stops import ended_by_signals
from advisor.cli.terminal import (
    DEFECT,
    INTERRUPTED,
    NOTHING_FEASIBLE,
    WRONG_INPUT,
    discard,
    fail,
    plain_warnings,
    show,
)
from studies.command import command_alone
from studies.errors import NothingFeasible, StudyError, named_line, shortened
from studies.user_code import code_line, is_of_user_code

USAGE_ERROR: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[1]
"""Typer carries a click of its own and exports only this leaf of its errors; the parent covers every wrong
use."""
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    profile, search, stop, resume, recommend, predict, export, report, register, compress, ablate,
    import_, list_, logs, note, explain, plot, dashboard, sync, mcp, schema, doctor,
)  # fmt: skip
"""Each has its place in `advisor.cli.help`."""

app = typer.Typer(
    help=ABOUT,
    cls=GroupedHelp,
    context_settings=dict(SETTINGS),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:  # noqa: FBT001
    if wanted:
        from importlib.metadata import version

        show(f"optimizer-advisor {version('optimizer-advisor')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    *,
    version: Annotated[  # noqa: ARG001 - its callback shows it
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Print the overview where no command is named."""
    if context.invoked_subcommand is None:
        show(overview())


for command in COMMANDS:
    name = command.__name__.rstrip("_")
    app.command(name, cls=GroupedOptions, context_settings=dict(SETTINGS))(guarded(command, name))


def main() -> None:
    """Run the command line; every error that is the input's fault is one line on stderr."""
    with ended_by_signals() as stops:
        try:
            with plain_warnings(), command_alone():
                status = app(args=sys.argv[1:], standalone_mode=False)
        except BaseException as error:  # noqa: BLE001 - whatever a KeyboardInterrupt became on its way
            if stops.interrupting and not isinstance(error, SystemExit):
                fail("interrupted", stops.status)
            _end(error)
        else:
            if status == INTERRUPTED:  # how typer reports a KeyboardInterrupt
                fail("interrupted", stops.status or INTERRUPTED)


def _end(error: BaseException) -> None:
    """End with the line and the status of what a command raised."""
    match error:
        case NothingFeasible():
            fail(str(error), NOTHING_FEASIBLE)
        case StudyError():
            fail(str(error), WRONG_INPUT)
        case KeyboardInterrupt() | typer.Abort():
            fail("interrupted", INTERRUPTED)
        # typer makes the second of the first
        case BrokenPipeError() | SystemExit(__context__=BrokenPipeError()):
            discard(sys.stdout)
        case Exception():  # the user's own code, or a defect
            _end_unexpected(error)
        case _:
            raise error


def _end_unexpected(error: Exception) -> None:
    """End with one line; the traceback is for whoever asks."""
    if isinstance(error, USAGE_ERROR):
        fail(shortened(error.format_message()), WRONG_INPUT)
    if os.environ.get("ADVISOR_TRACEBACK"):
        raise error
    if is_of_user_code(error):
        fail(f"your own code fails: {code_line(error)}; ADVISOR_TRACEBACK=1 shows more", WRONG_INPUT)
    fail(f"unexpected {named_line(error)}; ADVISOR_TRACEBACK=1 shows where", DEFECT)
