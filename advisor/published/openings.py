"""Lines on the portfolio for `advisor explain`: the recipe that an optimizer starts from on each class."""

from __future__ import annotations

from advisor.published.portfolio import CLASSES, StartingRecipe, best_first, of_optimizer, recipes, tasks
from studies import catalogue
from studies.choice import Choice
from studies.coordinates import coordinate
from studies.schedules import USUAL
from studies.space import Numeric, ranges


def openings(name: str) -> list[str]:
    """Return how an optimizer starts on each class of problems; nothing where it was not recorded."""
    among = [number for number in of_optimizer(name) if recipes()[number].may_open(USUAL)]
    firsts = {
        words: number for known, words in CLASSES.items() for number in best_first(known, among, count=1)
    }
    if not firsts:
        return []
    width = max(map(len, firsts))
    return [
        f"Starts in a search on less than 5,000 rows, by runs on {len(tasks())} recorded tasks, with:",
        *(f"  {words:<{width}}  {_words(recipes()[number])}" for words, number in firsts.items()),
    ]


def _words(recipe: StartingRecipe) -> str:
    choice: type[Choice] = catalogue.find("optimizer", recipe.optimizer)
    fields = {coordinate(choice, name, span): (name, span) for name, span in ranges(choice).items()}
    numbers = [
        f"{fields[key][0]} {span.from_unit(unit):g}"
        for key, unit in recipe.units.items()
        if key in fields and isinstance(span := fields[key][1], Numeric)
    ]
    schedule = [] if recipe.own_schedule else [recipe.schedule]
    batch = f"batch_size {recipe.batch_rows}"
    return ", ".join([*(numbers or ["its defaults"]), *schedule, batch, *recipe.attachments])
