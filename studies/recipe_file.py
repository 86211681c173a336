"""Recipe file: a recipe as TOML, a table for each choice, where it is from in comments; and read back.

batch_size = 32
epochs = 27

[optimizer.AdamW]
lr = 0.001
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from studies.errors import BadValue, shown

NUMBERS = ("batch_size", "epochs")
OPTIONS = ("precision", "compiled", "measurements")


def to_toml(params: Mapping[str, Any], comments: Iterable[str] = ()) -> str:
    """Return a recipe's flat form as TOML.

    Args:
        params: as `Recipe.to_params` gives them.
        comments: lines that say where it is from.
    """
    lines = [*(f"# {line}" for line in comments)]
    lines += [f"{name} = {params[name]}" for name in NUMBERS if name in params]
    lines += [f"{name} = {_value(params[name])}" for name in OPTIONS if name in params]
    axes = [name for name in params if "." not in name and name not in (*NUMBERS, *OPTIONS)]
    for axis in axes:
        for choice in (name for name in str(params[axis]).split("+") if name not in {"", "none"}):
            prefix = f"{axis}.{choice}."
            fields = {
                name.removeprefix(prefix): value for name, value in params.items() if name.startswith(prefix)
            }
            lines += [
                "",
                f"[{axis}.{_key(choice)}]",
                *(f"{name} = {_value(value)}" for name, value in fields.items()),
            ]
    return "\n".join(lines).strip() + "\n"


def from_toml(path: Path | str) -> dict[str, Any]:
    """Return the flat form of a recipe in a TOML file.

    Raises:
        BadValue: no such file, or one that is no recipe.
    """
    try:
        document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise BadValue(f"recipe {shown(str(path))} cannot be read: {problem}; check the path") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadValue(
            f"recipe {shown(str(path))} is no TOML: {error}; see recipe.toml of an export"
        ) from None
    params: dict[str, Any] = {}
    for axis, value in document.items():
        if not isinstance(value, dict):
            params[axis] = value
            continue
        params[axis] = "+".join(value)
        for choice, fields in value.items():
            if not isinstance(fields, dict):
                raise BadValue(f"recipe {shown(str(path))}: write [{axis}.Choice] above its fields")
            params |= {f"{axis}.{choice}.{name}": field for name, field in fields.items()}
    return params


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _text(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else repr(value)


def _text(value: str) -> str:
    """Return a text as TOML has it, which is JSON's form but for letters beyond ASCII and DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
