"""A recommendation as people read it: one sentence with the answer, then why, at what cost, what else, what would change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from textwrap import wrap
from typing import Any, Final

from advisor import compression_page
from advisor.compressed import passes
from advisor.compression_words import in_words
from advisor.evidence import Check, Recommendation
from advisor.wording import chance, margin, number, ratio, several, trials, written
from studies import catalogue
from studies.costs import COSTS
from studies.errors import StudyError
from studies.recipe import COMPRESSION_AXES

WIDTH: Final = 100
AXES: Final = ("optimizer", "schedule", "batch_size", "epochs", "regularizers", "model", *COMPRESSION_AXES)
ABSENT: Final = ("", "none")
OWN_SETTINGS: Final = "settings:"
"""What the names of a training function's own hyperparameters begin with; the rest of the name says nothing to a reader."""
COMPRESSION: Final = "Compression"


def text(recommendation: Recommendation) -> str:
    """Return the answer as plain text, at most 100 columns wide."""
    parts = [_fold(headline(recommendation)), _fold(_quality(recommendation))]
    for title, lines in _sections(recommendation):
        table = compression_page.columns(recommendation, WIDTH) if title == COMPRESSION else []
        parts.append("\n".join([title, *(_fold(line, "- ") for line in lines), *table]))
    parts.append(
        "\n".join(
            [
                "Recipe",
                *(
                    _fold(f"{axis:<13} {value}", "  ", 16)
                    for axis, value in settings(recommendation.params, recommendation.steps)
                ),
            ]
        )
    )
    return "\n\n".join(part for part in parts if part)


def markdown(recommendation: Recommendation) -> str:
    """Return the answer as a Markdown page."""
    title = f"# {recommendation.optimizer}" + (f" for {recommendation.study}" if recommendation.study else "")
    parts = [title, f"**{headline(recommendation)}**", _quality(recommendation)]
    for heading, lines in _sections(recommendation):
        table = compression_page.rows(recommendation) if heading == COMPRESSION else ()
        shown = ["", _grid(compression_page.TITLES, table)] if table else []
        parts.append("\n".join([f"## {heading}", "", *(f"- {line}" for line in lines), *shown]))
    parts.append(_table("Recipe", ("axis", "setting"), settings(recommendation.params, recommendation.steps)))
    if len(recommendation.contenders) > 1:
        shares = ("best", "within the margin", "expected loss")
        columns = ("optimizer", recommendation.metric, "90 % interval", *shares, "whole runs", "trials")
        parts.append(_table("All that fit", columns, _rows(recommendation)))
    return "\n\n".join(part for part in parts if part) + "\n"


def headline(recommendation: Recommendation) -> str:
    """Return the answer in one sentence: the optimizer, its main settings, how sure."""
    verb = "Start with" if recommendation.label == "prior only" else "Use"
    main = _main_settings(recommendation.params)
    described = f" ({', '.join(main)})" if main else ""
    if len(recommendation.contenders) == 1:
        prior = "prior only: " if recommendation.label == "prior only" else ""
        return f"{verb} {recommendation.optimizer}{described} - {prior}the only optimizer in question, compared with no other."
    sure = f"{chance(recommendation.p_tie)} that nothing here is better by more than {_margin(recommendation)}"
    return f"{verb} {recommendation.optimizer}{described} - {recommendation.label}: {sure}."


def _margin(recommendation: Recommendation) -> str:
    return recommendation.tie or margin(
        recommendation.metric, recommendation.direction, recommendation.quality, recommendation.margin
    )


def settings(params: Mapping[str, Any], steps: int | None = None) -> list[tuple[str, str]]:
    """Return the recipe axis by axis, in words; an axis on which nothing was chosen is left out.

    With the optimizer steps of the whole run, what torch calls otherwise is said in torch's words too.
    """
    known = [axis for axis in AXES if axis in params]
    others = sorted({key for key in params if "." not in key}.difference(AXES))
    rows = [(axis.replace("_", " "), _choice(axis, params)) for axis in (*known, *others) if _chosen(axis, params)]
    spoken = _in_torch(params, steps) if steps else ""
    return [(axis, value + (spoken if axis == "optimizer" else "")) for axis, value in rows]


def _in_torch(params: Mapping[str, Any], steps: int) -> str:
    name = str(params["optimizer"])
    prefix = f"optimizer.{name}."
    fields = {key.removeprefix(prefix): value for key, value in params.items() if key.startswith(prefix)}
    try:
        said = catalogue.find("optimizer", name).from_fields(fields).in_torch(steps)  # type: ignore[attr-defined]
    except StudyError:  # a record from elsewhere may name an optimizer that is not installed here
        return ""
    return "".join(f"; in torch {key} {number(value)}" for key, value in said.items())


def _chosen(axis: str, params: Mapping[str, Any]) -> bool:
    """Tell whether something was chosen; a training function without settings of its own has a model in name only."""
    value = str(params[axis])
    return value not in ABSENT and (not value.startswith(OWN_SETTINGS) or bool(_fields(axis, value, params)))


def _choice(axis: str, params: Mapping[str, Any]) -> str:
    names = str(params[axis]).split("+")
    shown = {name: "settings" if name.startswith(OWN_SETTINGS) else name for name in names}
    return "; ".join(
        f"{shown[name]}: {', '.join(own)}" if (own := _fields(axis, name, params)) else shown[name] for name in names
    )


def _fields(axis: str, name: str, params: Mapping[str, Any]) -> list[str]:
    prefix = f"{axis}.{name}."
    return [
        f"{key.removeprefix(prefix).replace('_', ' ')} {_value(value)}" for key, value in params.items() if key.startswith(prefix)
    ]


def _value(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _main_settings(params: Mapping[str, Any]) -> list[str]:
    main = _fields("optimizer", str(params["optimizer"]), params)
    if schedule := params.get("schedule"):
        main.append(f"{schedule} schedule")
    if batch := params.get("batch_size"):
        main.append(f"batch size {batch}")
    main += [name for name in str(params.get("regularizers", "")).split("+") if name]
    return [*main, in_words(params)] if passes(params) else main


def _quality(recommendation: Recommendation) -> str:
    if recommendation.quality is None:
        return "No whole run of it stands behind this: it rests on published results and on the facts of the data and the model."
    way = "" if recommendation.direction.maximizes else ", lower is better"
    low_high = ""
    if recommendation.interval is not None:
        low, high = recommendation.interval
        low_high = f", 90 % interval {number(low)} to {number(high)}"
    seeds = ("mean of " if len(recommendation.seeds) > 1 else "") + several(len(recommendation.seeds), "seed")
    about = f"({seeds}, {trials(recommendation.trials)}{low_high}{way})"
    sentence = f"Validation {recommendation.metric} {number(recommendation.quality)} {about}"
    if recommendation.test_quality is not None:
        spread = f" +- {recommendation.test_spread:.2g}" if recommendation.test_spread is not None else ""
        sentence += f"; test {recommendation.metric} {number(recommendation.test_quality)}{spread}"
    return f"{sentence}."


def _sections(recommendation: Recommendation) -> list[tuple[str, list[str]]]:
    sections = [
        ("Why", list(recommendation.reasons)),
        ("Costs", _costs(recommendation)),
        (COMPRESSION, compression_page.lines(recommendation)),
        ("Runner-up and alternatives", list(recommendation.alternatives)),
        ("What would change this", list(recommendation.would_change)),
        ("Is the study sound?", _checklist(recommendation)),
    ]
    return [(title, lines) for title, lines in sections if lines]


def _costs(recommendation: Recommendation) -> list[str]:
    known = {key: value for key, value in recommendation.costs.items() if value is not None}
    part = {cost.field: ", part of that peak" if cost.part_of in known else "" for cost in COSTS}
    return [f"{cost.label}{part[cost.field]}: {written(cost, known[cost.field])}" for cost in COSTS if cost.field in known]


def _checklist(recommendation: Recommendation) -> list[str]:
    failed = [check for check in recommendation.checklist if not check.passed]
    if recommendation.checklist and not failed:
        return [f"All {len(recommendation.checklist)} checks passed."]
    return [f"{check.name}: {check.message}. To do: {check.fix}{_command(check)}." for check in failed]


def _command(check: Check) -> str:
    return f" ({check.command})" if check.command else ""


def _rows(recommendation: Recommendation) -> list[tuple[str, ...]]:
    return [
        (
            one.optimizer,
            "-" if one.quality is None else number(one.quality),
            "-" if one.interval is None else " to ".join(map(number, one.interval)),
            chance(one.p_best),
            chance(one.p_tie),
            ratio(one.expected_regret),
            str(one.completed),
            trials(one.trials).split(" ", 1)[1] if one.trials else "-",
        )
        for one in recommendation.contenders
    ]


def _table(title: str, columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"## {title}\n\n{_grid(columns, rows)}"


def _grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, tuple("---" for _ in columns), *rows))


def _fold(line: str, first: str = "", indent: int | None = None) -> str:
    """Break a line at 100 columns; what follows is indented under the first."""
    under = " " * (len(first) if indent is None else indent)
    return "\n".join(
        wrap(line, WIDTH, initial_indent=first, subsequent_indent=under, break_on_hyphens=False, break_long_words=False)
    )
