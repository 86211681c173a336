"""Public names as a page: signatures, docstrings and fields of what `import advisor` gives."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields, is_dataclass
from types import ModuleType
from typing import Any

import advisor
from advisor.cli.schemas.fields_said import descriptions
from docs.tables import table

LABELS = ("Args", "Returns", "Yields", "Raises", "Example")


def names() -> str:
    """Return every public name of `advisor`: functions, then values, then modules."""
    values = {name: getattr(advisor, name) for name in advisor.__all__}
    functions = [
        _function(f"advisor.{name}", value, mark="###")
        for name, value in values.items()
        if inspect.isfunction(value)
    ]
    classes = [_class(f"advisor.{name}", value) for name, value in values.items() if inspect.isclass(value)]
    others = [_class(f"{each.__module__}.{each.__name__}", each) for each in _returned()]
    modules = [_module(name, value) for name, value in values.items() if isinstance(value, ModuleType)]
    sections = {
        "Functions": functions,
        "Values and classes": classes,
        "What these take and return": others,
        "Modules": modules,
    }
    parts = [part for heading, texts in sections.items() for part in (f"## {heading}\n", *texts)]
    return "\n".join(["", *parts])


def _returned() -> tuple[type, ...]:
    """Return classes that are no public names: the options of a search, and what loading returns."""
    from advisor.jobs.request import Request
    from studies.bundle.bundle import Bundle
    from studies.bundle.predictions import Predictions

    return Request, Bundle, Predictions


def _function(name: str, function: Callable[..., Any], *, mark: str = "####") -> str:
    """Return the section of a function, or of a method; its heading begins with a mark."""
    signature = f"```text\n{name}{_signature(function)}\n```\n"
    return f"{mark} {name}\n\n{signature}\n{_said(function)}\n"


def _signature(function: Callable[..., Any]) -> str:
    """Return the signature as it is called, an argument a line where one line is too long."""
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", str(inspect.signature(function)))
    text = re.sub(r"^\((?:self|cls)(?:, )?", "(", text)
    if len(text) <= 80:
        return text
    inside, _, after = text[1:].rpartition(")")
    parts = re.split(r", (?![^\[(]*[\])])", inside)
    return "(\n" + "".join(f"    {part},\n" for part in parts) + f"){after}"


def _class(name: str, kind: type) -> str:
    parts = [f"### {name}\n", _said(kind), ""]
    if is_dataclass(kind):
        said = {name: re.sub(r"\bnull\b", "None", text) for name, text in descriptions(kind).items()}
        rows = [
            (f"`{field.name}`", f"`{_type(field.type)}`", _default(field), said.get(field.name, ""))
            for field in fields(kind)
            if not field.name.startswith("_")
        ]
        parts.append(f"{table(('field', 'type', 'default', 'meaning'), rows)}\n")
    parts += [_function(method, value) for method, value in _methods(kind)]
    return "\n".join(parts)


def _methods(kind: type) -> Iterator[tuple[str, Any]]:
    """Yield the public methods that a class declares itself, not those of its bases."""
    for name, value in vars(kind).items():
        function = getattr(value, "__func__", value)
        if not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            yield name, function


def _module(name: str, module: ModuleType) -> str:
    parts = [f"### advisor.{name}\n", _said(module), ""]
    for each in getattr(module, "__all__", ()):
        value = getattr(module, each, None)
        if inspect.isfunction(value):
            parts.append(_function(each, value))
    return "\n".join(parts)


def _type(kind: object) -> str:
    return kind if isinstance(kind, str) else getattr(kind, "__name__", str(kind))


def _default(field: Any) -> str:
    if field.default is MISSING:
        return "" if field.default_factory is MISSING else "`...`"
    return f"`{field.default!r}`" if len(repr(field.default)) <= 40 else "`...`"


def _said(thing: object) -> str:
    """Return a docstring as Markdown: its sections as lists, its examples as code."""
    text = inspect.getdoc(thing) or ""
    parts = re.split(rf"^({'|'.join(LABELS)}):\n", text, flags=re.MULTILINE)
    lines = [parts[0].strip(), ""]
    for label, body in zip(parts[1::2], parts[2::2], strict=True):
        lines += [f"**{label}**", "", _section(label, body), ""]
    return "\n".join(lines).strip() + "\n"


def _section(label: str, body: str) -> str:
    match label:
        case "Example":
            return f"```pycon\n{_dedented(body)}\n```"
        case "Returns" | "Yields":
            return " ".join(body.split())
        case _:
            return _entries(body)


def _dedented(body: str) -> str:
    return inspect.cleandoc(f"\n{body}").strip()


def _entries(body: str) -> str:
    """Return the entries of a section as a list; a line that is further in belongs to the one before."""
    entries: list[str] = []
    for line in _dedented(body).split("\n"):
        if line.startswith(" ") and entries:
            entries[-1] += f" {line.strip()}"
        elif line.strip():
            entries.append(re.sub(r"^([\w*., ]+): ", r"`\1`: ", line.strip()))
    return "\n".join(f"- {entry}" for entry in entries)
