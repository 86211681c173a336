"""Ablation in words: which change brought what, as a sentence, a table and plain values."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from advisor.report.numbers import changed, number
from studies.quantities import several

if TYPE_CHECKING:
    from advisor.analysis.ablation import Ablation, AblationStep

GAP: Final = "  "


def headline(ablation: Ablation) -> str:
    """Say which change brought most on the way to the advised recipe.

    A measured change counts only where its interval leaves out 0, a foretold one only above the error of what
    foretells it.
    """
    name, sign = ablation.optimizer, 1 if ablation.direction.maximizes else -1
    if len(ablation.steps) < 2:
        return f"Nothing was changed: the advised recipe is that of {name}'s defaults"
    effects = [step for step in ablation.steps if step.effect is not None]
    certain = [step for step in effects if sign * (step.effect or 0.0) > _doubt(ablation, step)]
    if not effects:
        return f"Nothing is known yet of what each change from the defaults of {ablation.start} brought"
    how = _how(ablation)
    if not certain:
        return f"No single change stands out on the way to the advised recipe of {name}; {how}"
    best = max(certain, key=lambda step: sign * (step.effect or 0.0))
    return (
        f"The largest gain on the way to the advised recipe: {best.change}, {effect(ablation, best)}; {how}"
    )


def _doubt(ablation: Ablation, step: AblationStep) -> float:
    """Return what an effect has to exceed to be told from none."""
    if step.measured:
        return math.inf if step.reach is None else step.reach
    return math.inf if ablation.error is None else ablation.error


def _how(ablation: Ablation) -> str:
    if ablation.measured:
        return f"measured with {several(ablation.seeds, 'paired seed')}"
    changes = ablation.steps[1:]
    measured = sum(step.measured for step in changes)
    rest = "not known" if ablation.error is None else "estimated from the trials"
    return f"{measured} of {several(len(changes), 'change')} measured, the rest {rest}" if measured else rest


def effect(ablation: Ablation, step: AblationStep) -> str:
    """Write what a change brought: +0.4 +- 0.2 points of accuracy; "about" where it is estimated."""
    if step.effect is None:
        return step.problem or ""
    before = (step.quality or 0.0) - step.effect
    words = changed(ablation.metric, ablation.direction, step.effect, before, reach=step.reach)
    return words if step.measured else f"about {words}"


def basis(ablation: Ablation) -> str:
    """Say what the figures rest on, and how far an estimate may be off."""
    if len(ablation.steps) < 2:
        return "There is nothing between the two to train."
    if ablation.measured:
        more = "; +- is the 90 % interval of the mean difference" if ablation.seeds > 1 else ""
        seeds = several(ablation.seeds, "seed")
        return f"Each recipe of the path was trained with the same {seeds}, on the same rows{more}."
    if ablation.error is None:
        return "Too few whole runs to estimate what lies between; advisor ablate measures it."
    off, runs = number(ablation.error), several(ablation.runs, "whole run")
    return (
        f"What is not measured is estimated by a forest over {runs} of the search, "
        f"which is off by {off} of {ablation.metric} on runs that it did not see; advisor ablate measures it."
    )


def ablation_text(ablation: Ablation) -> str:
    """Return the path as text for a terminal: a sentence, a line a change, and what it rests on."""
    rows = [
        (
            "" if step is ablation.steps[0] else "+",
            step.change,
            _quality(step),
            effect(ablation, step),
        )
        for step in ablation.steps
    ]
    width = max(len(change) for _, change, _, _ in rows)
    table = [
        f"{mark:1} {change:<{width}}{GAP}{quality:>9}{GAP}{words}".rstrip()
        for mark, change, quality, words in rows
    ]
    return "\n".join([f"{headline(ablation)}.", "", *table, "", basis(ablation)])


def _quality(step: AblationStep) -> str:
    if step.quality is None:
        return "-"
    return number(step.quality) if step.trials and not step.problem else f"~{number(step.quality)}"


def ablation_values(ablation: Ablation) -> dict[str, Any]:
    """Return plain values, ready for JSON: the path and the words on it."""
    return asdict(ablation) | {"says": headline(ablation), "basis": basis(ablation)}
