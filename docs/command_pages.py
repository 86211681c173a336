"""Commands and their JSON as pages: usage, arguments and options as the command line itself declares them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from advisor.cli.app import app
from advisor.cli.help import FIRST, FIRST_HEADING, GROUPS, MANY, PANELS
from advisor.cli.schemas.outputs import OUTPUTS, SAME, schema
from docs.tables import table


def commands() -> str:
    """Return every command with its arguments and options, in the order of `advisor --help`."""
    known = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    parts = []
    for heading, names in {FIRST_HEADING: FIRST, **GROUPS, "Others": tuple(known)}.items():
        sections = [_command(name, known.pop(name)) for name in names if name in known]
        parts += [f"## {heading}\n", *sections] if sections else []
    return "\n".join(["", *parts])


def outputs() -> str:
    """Return the table of the schemas, and below it the fields of what each command prints."""
    rows = []
    for command in OUTPUTS:
        file = f"{SAME.get(command, command).replace(' ', '-')}.json"
        rows.append((f"`advisor {command} --json`", f"[{file}](schemas/{file})"))
    parts = [table(("command", "JSON Schema of what it prints"), rows), ""]
    parts += [_fields(command) for command in OUTPUTS if command not in SAME]
    return "\n".join(parts)


def _fields(command: str) -> str:
    """Return the section of what a command prints: its fields, of a list those of an entry."""
    said = schema(command)
    entry = _resolved(said.get("items", said), said)
    heading = f"## advisor {command} --json\n\n" + ("A list of entries.\n\n" if "items" in said else "")
    rows = [
        (f"`{name}`", _kind(field), field.get("description", ""))
        for name, field in entry.get("properties", {}).items()
    ]
    return heading + (f"{table(('field', 'type', 'meaning'), rows)}\n" if rows else f"{_kind(entry)}.\n")


def _resolved(part: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    name = part.get("$ref", "").rpartition("/")[2]
    return whole["$defs"][name] if name else part


def _kind(part: Mapping[str, Any]) -> str:
    """Return the type of a value in a few words; a name that begins with a capital is one of the schema's."""
    match part:
        case {"$ref": reference}:
            return str(reference).rpartition("/")[2]
        case {"enum": values}:
            return " | ".join(json.dumps(value) for value in values)
        case {"anyOf": parts}:
            return " | ".join(_kind(each) for each in parts)
        case {"prefixItems": parts}:
            return f"[{', '.join(_kind(each) for each in parts)}]"
        case {"type": "array", "items": dict() as items}:
            return f"list of {_kind(items)}"
        case _:
            kinds = part.get("type", "any")
            return kinds if isinstance(kinds, str) else " | ".join(kinds)


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
    """Yield the tables of a command's options: one, or under the headings of its help where they are many."""
    rows = {
        param.name: (_names(param), _plain(param.help), _default(param))
        for param in command.params
        if param.param_type_name == "option" and param.name != "help"
    }
    for heading, names in (PANELS if len(rows) > MANY else {}).items():
        if part := [rows.pop(name) for name in names if name in rows]:
            yield f"{table((heading, 'what it does', 'default'), part)}\n"
    if rows:
        yield f"{table(('option', 'what it does', 'default'), rows.values())}\n"


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
