"""Portfolio of a new search: the recorded recipes that it opens with, among those that its plan allows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from advisor.published.portfolio import CLASSES, StartingRecipe, best_first, class_of, of_optimizer, recipes
from studies.plans.fairness import STRICT
from studies.quantities import several
from studies.storage.manifest_entries import Start

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.plans.plan import Plan
    from studies.plans.search_space import SearchSpace

KINDS: Final = ("table", "image", "text", "signal")
"""Kinds of data that recipes were recorded on; a training function keeps its data to itself."""
MOST: Final = 12
"""Recipes that a search opens with, where no more optimizers enter."""
SHARE: Final = 3
"""One recipe for so many planned trials, above one for each optimizer."""
LARGEST: Final = 1_000_000
"""Parameters up to which an optimizer's own recipe of the portfolio takes the place of its defaults (judged):
the recorded models have 11 to 200,000, and high rates that suit them may be too high for large ones."""


def portfolio_starts(
    facts: Facts, plan: Plan, space: SearchSpace, *, planned_trials: int
) -> tuple[Start, ...]:
    """Return the recorded recipes to open a search with, best first, at least one of each candidate.

    Args:
        facts: of the problem; there are none for a training function and for fine-tuning, of which nothing is
            recorded.
        plan: says what may be tried; strictly compared, each optimizer has one.
        space: of the plan.
        planned_trials: of the search.
    """
    if facts.kind not in KINDS or facts.pretrained:
        return ()
    known = class_of(facts.kind, linear=facts.is_linear)
    defaults = [space.reference(choice) for choice in space.optimizers] if facts.parameters > LARGEST else []
    most = MOST if plan.fair != STRICT else 0
    count = max(min(most, planned_trials // SHARE), len(plan.candidates))
    recorded = [recipes()[number].recipe(space) for number in _numbers(known, plan, count=count)]
    unlike: list[Mapping[str, Any]] = []
    for recipe in (*defaults, *recorded):
        if (params := recipe.to_params()) not in unlike:
            unlike.append(params)
    return tuple(Start(params=params, origin=f"the portfolio for {CLASSES[known]}") for params in unlike)


def _numbers(problem_class: str, plan: Plan, *, count: int) -> list[int]:
    """Return the numbers of `count` recipes, best first; last those of optimizers not among them.

    Strictly compared, no optimizer has a second one, even where another has none.
    """
    allowed = [number for number, recipe in enumerate(recipes()) if _allows(plan, recipe)]
    chosen = best_first(problem_class, allowed, count=count)
    firsts: dict[str, int] = {}
    for number in chosen:
        firsts.setdefault(recipes()[number].optimizer, number)
    missing = [
        number
        for name in plan.candidates
        if name not in firsts
        for number in best_first(problem_class, of_optimizer(name, allowed), count=1)
    ]
    others = [number for number in chosen if number not in firsts.values()]
    room = 0 if plan.fair == STRICT else max(0, count - len(firsts) - len(missing))
    opening = {*firsts.values(), *others[:room]}
    return [*filter(opening.__contains__, chosen), *missing]


def _allows(plan: Plan, recipe: StartingRecipe) -> bool:
    """Tell whether a plan offers all that a recipe is made of."""
    attachments = {*plan.regularizers, *plan.wrappers}
    entered = recipe.optimizer in plan.candidates and set(recipe.attachments) <= attachments
    return entered and recipe.may_open(plan.schedules)


def note(starts: Sequence[Start]) -> str | None:
    """Return what is said of the starts of a portfolio before the search; None where there are none."""
    if not starts:
        return None
    counts = Counter(str(start.params["optimizer"]) for start in starts)
    of_each = ", ".join(f"{name} {count}" for name, count in counts.items())
    return (
        f"The search opens with {several(len(starts), 'recipe')} of {starts[0].origin}, chosen by recorded "
        f"runs ({of_each}); --no-portfolio opens with the optimizers' own defaults."
    )
