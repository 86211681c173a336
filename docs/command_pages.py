"""Commands and their JSON as pages: usage, arguments and options as the command line itself declares them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from advisor.cli.app import app
from advisor.cli.help import GROUPS
from advisor.cli.schemas.outputs import OUTPUTS, SAME
from docs.tables import table


def commands() -> str:
    """Return every command with its arguments and options, in the order of `advisor --help`."""
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    parts = []
    for heading, names in GROUPS.items():
        parts.append(f"## {heading}\n")
        parts += [_command(name, known[name]) for name in names if name in known]
    return "\n".join(["", *parts])


def outputs() -> str:
    """Return the table of the schemas: the command and the file that says what it prints."""
    rows = []
    for command in OUTPUTS:
        file = f"{SAME.get(command, command).replace(' ', '-')}.json"
        rows.append((f"`advisor {command} --json`", f"[{file}](schemas/{file})"))
    return table(("command", "JSON Schema of what it prints"), rows)


def _command(name: str, command: Any) -> str:
    """Return the section of a command: what it does, its usage, its arguments and options."""
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    usage = " ".join(["advisor", name, "[OPTIONS]", *(_shown(argument) for argument in arguments)])
    lines = [f"### advisor {name}\n", f"{_plain(command.help)}\n", f"```text\n{usage}\n```\n"]
    if arguments:
        rows = [(f"`{argument.name}`", _plain(argument.help)) for argument in arguments]
        lines.append(f"{table(('argument', 'what it is'), rows)}\n")
    return "\n".join([*lines, *_options(command)])


def _shown(argument: Any) -> str:
    name = argument.name.upper()
    return name if argument.required else f"[{name}]"


def _options(command: Any) -> Iterator[str]:
    """Yield a table for each panel of options that the command has."""
    panels: dict[str, list[tuple[str, str, str]]] = {}
    for param in command.params:
        if param.param_type_name == "option" and param.name != "help":
            panel = getattr(param, "rich_help_panel", None) or "option"
            panels.setdefault(panel, []).append((_names(param), _plain(param.help), _default(param)))
    for panel, rows in panels.items():
        yield f"{table((panel, 'what it does', 'default'), rows)}\n"


def _names(param: Any) -> str:
    names = ", ".join(f"`{name}`" for name in param.opts)
    others = ", ".join(f"`{name}`" for name in param.secondary_opts)
    return f"{names} / {others}" if others else names


def _default(param: Any) -> str:
    if param.is_flag or param.default is None or callable(param.default) or param.default in ("", (), []):
        return ""
    text = str(param.default)
    return "" if text.startswith("Sentinel") else f"`{text}`"


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
