"""Layout of a recommendation: a recipe axis by axis, its costs, lines and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any, Final

from advisor.report.compression_names import in_words, passes
from advisor.report.numbers import number, written
from studies import catalogue
from studies.costs import COSTS
from studies.errors import StudyError
from studies.recipe import COMPRESSION_AXES
from studies.space import Range, unsearched_ranges

WIDTH: Final = 100
"""Columns of a text where no terminal tells."""
FIGURE: Final = re.compile(r"(?<=\+-) (?=\d)|(?<=\d) (?=\+- |(?:%|[KMGT]?i?B|ns|us|ms|s|min|h|x)(?![\w]))")
"""The blank between a number and its unit or its spread, where no line ends."""
AXES: Final = ("optimizer", "schedule", "batch_size", "epochs", "regularizers", "model", *COMPRESSION_AXES)
ABSENT: Final = ("", "none")
OWN_SETTINGS: Final = "settings:"
"""What the names of a training function's own hyperparameters begin with; the rest of the name says nothing
to a reader."""


def settings(params: Mapping[str, Any], steps: int | None = None) -> list[tuple[str, str]]:
    """Return the recipe axis by axis, in words; an axis on which nothing was chosen is left out.

    With the optimizer steps of the whole run, settings that torch names otherwise are given in its terms too.
    """
    known = [axis for axis in AXES if axis in params]
    others = sorted({key for key in params if "." not in key}.difference(AXES))
    rows = [
        (axis.replace("_", " "), _choice(axis, params)) for axis in (*known, *others) if _chosen(axis, params)
    ]
    in_torch = _in_torch(params, steps) if steps else ""
    return [(axis, value + (in_torch if axis == "optimizer" else "")) for axis, value in rows]


def _in_torch(params: Mapping[str, Any], steps: int) -> str:
    name = str(params["optimizer"])
    prefix = f"optimizer.{name}."
    fields = {key.removeprefix(prefix): value for key, value in params.items() if key.startswith(prefix)}
    try:
        in_torch = catalogue.find("optimizer", name).from_fields(fields).in_torch(steps)  # type: ignore[attr-defined]
    except StudyError:  # a record from elsewhere may name an optimizer that is not installed here
        return ""
    return "".join(f"; in torch {key} {number(value)}" for key, value in in_torch.items())


def _chosen(axis: str, params: Mapping[str, Any]) -> bool:
    """Tell whether something was chosen; a training function without settings has a model in name only."""
    value = str(params[axis])
    return value not in ABSENT and (not value.startswith(OWN_SETTINGS) or bool(_fields(axis, value, params)))


def _choice(axis: str, params: Mapping[str, Any]) -> str:
    names = str(params[axis]).split("+")
    shown = {name: "settings" if name.startswith(OWN_SETTINGS) else name for name in names}
    return "; ".join(
        f"{shown[name]}: {', '.join(fields)}" if (fields := _fields(axis, name, params)) else shown[name]
        for name in names
    )


def _fields(axis: str, name: str, params: Mapping[str, Any]) -> list[str]:
    prefix, unsearched = f"{axis}.{name}.", _unsearched(axis, name)
    fields = {key.removeprefix(prefix): value for key, value in params.items() if key.startswith(prefix)}
    return [
        f"{key.replace('_', ' ')} {_value(value)}"
        for key, value in fields.items()
        if key not in unsearched or value != unsearched[key].default
    ]


def _unsearched(axis: str, name: str) -> Mapping[str, Range]:
    """Return the fields of a choice that no search tries: at their defaults they say nothing."""
    if axis not in catalogue.LIGHT_AXES:
        return {}
    try:
        return unsearched_ranges(catalogue.find(axis, name))
    except StudyError:  # a choice that is not installed here
        return {}


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def main_settings(params: Mapping[str, Any]) -> list[str]:
    """Return the main settings: the optimizer's, schedule, batch size, regularizers and compression."""
    main = _fields("optimizer", str(params["optimizer"]), params)
    if schedule := params.get("schedule"):
        main.append(f"{schedule} schedule")
    if batch := params.get("batch_size"):
        main.append(f"batch size {batch}")
    main += [name for name in str(params.get("regularizers", "")).split("+") if name]
    return [*main, in_words(params)] if passes(params) else main


def cost_lines(costs: Mapping[str, float | int | None]) -> list[str]:
    """Return a line for each cost of a recipe that is known."""
    known = {key: value for key, value in costs.items() if value is not None}
    part = {cost.field: ", part of that peak" if cost.part_of in known else "" for cost in COSTS}
    return [
        f"{cost.label}{part[cost.field]}: {written(cost, known[cost.field])}"
        for cost in COSTS
        if cost.field in known
    ]


def table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a section of a Markdown page that is one table."""
    return f"## {title}\n\n{grid(columns, rows)}"


def grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, tuple("---" for _ in columns), *rows))


def refold(text: str, width: int = WIDTH) -> str:
    """Break the lines of a text that are wider than that; what follows stands two columns further in."""
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines]
    return "\n".join(
        line if len(line) <= width else fold(line.strip(), " " * indent, indent + 2, width=width)
        for line, indent in zip(lines, indents, strict=True)
    )


def fold(line: str, first: str = "", indent: int | None = None, *, width: int = WIDTH) -> str:
    """Break a line at a width, never in a word or before a unit; what follows is indented under the first."""
    under = " " * (len(first) if indent is None else indent)
    lines = wrap(
        FIGURE.sub("\N{NO-BREAK SPACE}", line),
        width,
        initial_indent=first,
        subsequent_indent=under,
        break_on_hyphens=False,
        break_long_words=False,
    )
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")
