"""What-if: a study under other limits or another goal. No Streamlit.

Where a slider may stand, how the address of a page writes it, and what it changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from advisor.evidence import Evidence
from advisor.goals import GOALS
from advisor.jobs import command_lines
from studies.costs import Cost
from studies.errors import BadValue
from studies.limits import LIMITED_COST, Limits

ROOM: Final = 2.0
"""How far beyond the least and the largest cost a slider reaches, a factor."""
STEPS: Final = (1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
"""A slider's positions in each decade of seconds; of bytes, each power of two and its quarters."""
NO_LIMIT: Final = "no limit"


@dataclass(frozen=True, kw_only=True, slots=True)
class Slider:
    """Slider of one limit: its name in words and in the address, and how its values are read and written."""

    limit: str
    cost: str
    label: str
    parameter: str
    write: Callable[[float], str]
    parse: Callable[[str], float]


SLIDERS: Final = tuple(
    Slider(
        limit=limit,
        cost=cost.field,
        label=f"{cost.limited.capitalize()}, at most",
        parameter=cost.flag[2:],
        write=cost.write,
        parse=cost.parse,
    )
    for limit, cost in LIMITED_COST.items()
)


def positions(evidence: Evidence, slider: Slider, *also: float | None) -> tuple[float, ...]:
    """Return where a slider may stand.

    Round values, from below the least cost that was measured or forecast to above the largest.

    Args:
        evidence: whose trials cost something.
        slider: which limit.
        also: values that it must be able to take; None is no limit.
    """
    spent = [value for value in _costs(evidence, LIMITED_COST[slider.limit]) if value > 0]
    limits = (*also, getattr(evidence.limits, slider.limit))
    exact = {value for value in limits if value is not None and math.isfinite(value)}
    if not spent:
        return (*sorted(exact), math.inf)
    low, high = min(spent) / ROOM, max(spent) * ROOM
    rounded = _round_seconds(low, high) if LIMITED_COST[slider.limit].in_seconds else _round_bytes(low, high)
    labels = {slider.write(value) for value in exact}
    others = (value for value in rounded if slider.write(value) not in labels)
    return (*sorted(exact.union(others)), math.inf)


def limits_at(values: Mapping[str, float]) -> Limits:
    """Return the limits that sliders stand at, each by the name of its limit."""
    limits = {limit: None if math.isinf(value) else value for limit, value in values.items()}
    whole_bytes = {
        limit: round(value)
        for limit, value in limits.items()
        if value is not None and not LIMITED_COST[limit].in_seconds
    }
    return Limits(**limits | whole_bytes)  # type: ignore[arg-type]


def _costs(evidence: Evidence, cost: Cost) -> list[float]:
    """Return what was measured, else what is forecast of each optimizer, else what the facts say."""
    measured = [
        float(value) for record in evidence.records if (value := getattr(record, cost.field)) is not None
    ]
    if measured or cost.forecast:
        return measured or [float(getattr(forecast, cost.forecast)) for forecast in evidence.facts.forecasts]
    known = getattr(evidence.facts, cost.field, None)
    return [float(known)] if known else []


def _round_bytes(low: float, high: float) -> set[float]:
    powers = range(math.floor(math.log2(max(1.0, low))), math.ceil(math.log2(high)) + 1)
    sizes = {math.floor(2**power * quarter / 4) for power in powers for quarter in (4, 5, 6, 7)}
    return {float(value) for value in sizes if low <= value <= high * 1.25}


def _round_seconds(low: float, high: float) -> set[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    times = {float(f"{step * 10.0**decade:.3g}") for decade in decades for step in STEPS}
    return {value for value in times if low <= value <= high * 1.25}


def in_words(slider: Slider, value: float) -> str:
    """Return a position in words: 64 MiB; no limit."""
    return NO_LIMIT if math.isinf(value) else slider.write(value)


def from_address(query: Mapping[str, str], evidence: Evidence) -> tuple[Limits, str]:
    """Return the limits and the goal that an address asks for.

    Where it says nothing that is understood, these are the study's own.
    """
    values = {}
    for slider in SLIDERS:
        usual = getattr(evidence.limits, slider.limit)
        value = _read(slider, query[slider.parameter]) if slider.parameter in query else None
        values[slider.limit] = value if value is not None else math.inf if usual is None else float(usual)
    goal = query.get("goal", evidence.goal)
    return limits_at(values), goal if goal in GOALS else evidence.goal


def _read(slider: Slider, text: str) -> float | None:
    if text in {"none", NO_LIMIT}:
        return math.inf
    try:
        return slider.parse(text)
    except BadValue:
        return None


def to_address(evidence: Evidence, limits: Limits, goal: str) -> dict[str, str]:
    """Return what the address of a page says of limits and a goal: what differs from the study's own."""
    parameters = {}
    for slider in SLIDERS:
        value = getattr(limits, slider.limit)
        if value != getattr(evidence.limits, slider.limit):
            written = f"{value:g}" if isinstance(value, float) else str(value)
            parameters[slider.parameter] = "none" if value is None else written
    return parameters | ({"goal": goal} if goal != evidence.goal else {})


def changes(evidence: Evidence, limits: Limits, goal: str) -> tuple[str, ...]:
    """Return in words what was asked otherwise than in the study."""
    sentences = []
    for slider in SLIDERS:
        now, usual = getattr(limits, slider.limit), getattr(evidence.limits, slider.limit)
        if now != usual:
            noun = slider.label.removesuffix(", at most").lower()
            sentences.append(f"{noun} {_bound(slider, now)} (in the study {_bound(slider, usual)})")
    return (*sentences, *([f"goal {goal} (in the study {evidence.goal})"] if goal != evidence.goal else []))


def under(evidence: Evidence, limits: Limits, goal: str) -> Evidence:
    """Return the evidence of a study under these limits and this goal."""
    return replace(evidence, limits=limits, goal=goal)


def _bound(slider: Slider, value: float | None) -> str:
    return "without a limit" if value is None else f"at most {slider.write(value)}"


def options(evidence: Evidence, limits: Limits, goal: str) -> dict[str, str] | None:
    """Return what was asked otherwise as options of `advisor recommend`.

    None where a limit was lifted, which the command cannot do.
    """
    asked_otherwise = [
        slider.limit
        for slider in SLIDERS
        if getattr(limits, slider.limit) != getattr(evidence.limits, slider.limit)
    ]
    values = {limit: getattr(limits, limit) for limit in asked_otherwise}
    if None in values.values():
        return None
    flags = command_lines.limit_options(Limits(**values))
    return flags | ({"--goal": goal} if goal != evidence.goal else {})
