"""Configuration file of a command: its options as TOML, checked when read, written from what was asked."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from studies.errors import BadValue, StoreError, did_you_mean, one_line, shown

ENDING: Final = ".toml"
UNWRITTEN: Final = ("config", "save_config")
"""Options about the file itself, which stand in none."""
LISTS: Final = ("optimizers", "schedules", "regularizers", "wrappers")
"""Options that are names between commas; in a file a list will do as well."""
SAID: Final[Mapping[type, str]] = {
    str: "a text",
    int: "a whole number",
    bool: "true or false",
    Path: "a path",
}
DELETE: Final = "\x7f"
"""The one character that TOML wants escaped and JSON does not."""


def read_config(path: Path, kind: type, *, beside: tuple[type, ...] = ()) -> dict[str, Any]:
    """Return the options that a file sets, by field of a command's arguments.

    Args:
        path: a TOML file; a key is an option's name, with `-` or `_`.
        kind: the arguments of the command, a dataclass.
        beside: the arguments of other commands that share the file; an option of theirs alone is passed over.

    Raises:
        StudyError: the file cannot be read, or a key or a value of it cannot be used; file and key are named.
    """
    entries = {key.replace("-", "_"): (key, value) for key, value in _parsed(path).items()}
    known = options(kind)
    others = {name for other in beside for name in options(other)}
    if unknown := next((name for name in entries if name not in {*known, *others}), None):
        hint = did_you_mean(unknown, [*known, *others])
        raise BadValue(
            f"{path}: there is no option {shown(entries[unknown][0])}{hint} See advisor search --help"
        )
    return {
        name: _typed(path, key, value, known[name]) for name, (key, value) in entries.items() if name in known
    }


def write_config(path: Path, arguments: Any) -> None:
    """Write what a command was asked, its defaults included, as a file that `read_config` reads.

    Raises:
        StudyError: a file of another ending, or one that cannot be written.
    """
    if path.suffix.lower() != ENDING:
        raise BadValue(
            f"--save-config {shown(str(path))} must end with {ENDING}, so that nothing else is lost"
        )
    try:
        path.write_text("".join(_lines(arguments)), encoding="utf-8")
    except (OSError, UnicodeEncodeError) as error:
        raise StoreError(f"--save-config {shown(str(path))} cannot be written: {one_line(error)}") from error


def options(kind: type) -> dict[str, tuple[type, ...]]:
    """Return the options of a command that a file may set, each with the types that it takes."""
    hints = get_type_hints(kind)
    return {f.name: _types(hints[f.name]) for f in fields(kind) if f.name not in UNWRITTEN}


def _types(hint: Any) -> tuple[type, ...]:
    parts = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    return tuple(part for part in parts if part is not type(None))


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StoreError(
            f"no file {shown(str(path))}; write one with: advisor search DATA --save-config FILE"
        ) from None
    except OSError as error:
        raise StoreError(f"{shown(str(path))} cannot be read: {one_line(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise BadValue(f"{path} is not TOML: {one_line(error, longest=200)}") from error


def _typed(path: Path, key: str, value: Any, allowed: tuple[type, ...]) -> Any:
    """Return a value of a file as the option takes it."""
    name = key.replace("-", "_")
    if name in LISTS and _are_texts(value):
        return ",".join(value)
    for kind in allowed:
        if get_origin(kind) is list and (isinstance(value, str) or _are_texts(value)):
            return [value] if isinstance(value, str) else value
        if kind is Path and isinstance(value, str):
            return Path(value)
        if type(value) is kind:
            return value
        if kind is str and type(value) is int:  # batch_size = 64
            return shown(value)
    meant = " or ".join("a list of texts" if get_origin(kind) is list else SAID[kind] for kind in allowed)
    raise BadValue(f"{path}: {key} = {shown(value)} cannot be used; give {meant}")


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _lines(arguments: Any) -> Iterator[str]:
    for name in options(type(arguments)):
        value = getattr(arguments, name)
        if value is not None:
            yield f"{name} = {_written(value)}\n"


def _written(value: Any) -> str:
    """Return a value as TOML writes it: as JSON does, but for one character."""
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(value, ensure_ascii=False).replace(DELETE, "\\u007f")
