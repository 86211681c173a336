"""Compression proposals: what to do next to the model of a run, after what was done to it so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from studies.compression.candidates import promising_quantizations, usual_of, usual_quantizations
from studies.compression.families import (
    family_of,
    family_recipes,
    further_recipes,
    promising_families,
    shrinks,
)
from studies.compression.price import EVALUATION_SECONDS, price_seconds, training_epochs
from studies.compression_search.sampler import sample_compression
from studies.recipe import Recipe

if TYPE_CHECKING:
    from studies.compression.space import CompressionSpace
    from studies.direction import Direction
    from studies.limits import Limits
    from studies.quantization import QuantizationChoice
    from studies.record import Record

ROUND: Final = 4
"""Recipes that are proposed before it is known what they give: never the number of workers, so that any
number of them gives the same study."""
MOST_QUANTIZATIONS: Final = 2
"""In which a model that was trained again is deployed, within a budget in trials (judged); one that computes
less in one more, as its time depends on it: the usual one and none are among them.

Within one in seconds it is as many as take no longer than its training."""

Way = tuple["Record", Recipe, Sequence["QuantizationChoice"]]
"""A run, how its model is made small, and the quantizations to deploy it in."""


@dataclass(frozen=True, kw_only=True)
class CompressionProposals:
    """Compression proposals of one study; the same records and seed give the same."""

    space: CompressionSpace
    direction: Direction
    limits: Limits
    seed: int
    in_seconds: bool
    """Whether the budget is one of seconds."""

    def promising(self, records: Sequence[Record]) -> tuple[QuantizationChoice, ...]:
        """Return the quantizations worth trying after these compressions of one model, the best first."""
        return promising_quantizations(self.space, records, self.direction, self.limits)

    def quantizations_of_families(self, run: Record) -> list[Way]:
        """Return one setting of each quantization after training."""
        plain = Recipe.from_params(run.params).uncompressed
        recipes = family_recipes(self.space, plain)
        cheap = [recipe.quantization for recipe in recipes if recipe.made_from == plain]
        return [(run, plain, cheap)]

    def families(self, run: Record, records: Sequence[Record]) -> list[Way]:
        """Return one recipe of each other family that was not tried, the cheapest first."""
        plain = Recipe.from_params(run.params).uncompressed
        tried = {plain, *(Recipe.from_params(record.params).made_from for record in records)}
        recipes = [recipe for recipe in family_recipes(self.space, plain) if recipe.made_from not in tried]
        recipes.sort(key=lambda recipe: training_epochs(recipe, plain))
        best = self.promising(records)[:1]
        lighter = dict.fromkeys((*best, *usual_quantizations(self.space)[-1:]))
        return [(run, recipe, tuple(lighter) if shrinks(recipe, plain) else best) for recipe in recipes]

    def further(self, run: Record, records: Sequence[Record]) -> list[Way]:
        """Return what to try when every family was: half of it other settings of promising ones.

        The rest is what the sampler proposes. Nothing when the space is exhausted.
        """
        plain = Recipe.from_params(run.params).uncompressed
        families = promising_families(records, plain, self.direction, self.limits)
        left = further_recipes(self.space, plain, records, families)
        chosen = [recipe for recipe in left[: ROUND // 2] if family_of(recipe, plain) in families]
        recipes = [*chosen, *self._sampled(plain, records, chosen)] or left[:ROUND]
        promising, most = self.promising(records), self._most_quantizations(run, plain)
        best, others = promising[:1], promising[1:]
        lighter = tuple(dict.fromkeys((*best, *usual_quantizations(self.space), *others)))
        return [
            (run, recipe, lighter[: most + 1] if shrinks(recipe, plain) else promising[:most])
            for recipe in recipes
        ]

    def _sampled(self, trained: Recipe, records: Sequence[Record], chosen: Sequence[Recipe]) -> list[Recipe]:
        """Return what the sampler proposes beside others."""
        recipes = list(chosen)
        while len(recipes) < ROUND:
            recipe = sample_compression(
                self.space,
                trained,
                records,
                direction=self.direction,
                limits=self.limits,
                seed=self.seed,
                proposed=recipes,
            )
            if recipe is None:
                break
            recipes.append(recipe)
        return recipes[len(chosen) :]

    def _most_quantizations(self, run: Record, trained: Recipe) -> int:
        """Return in how many quantizations a model is deployed once it was trained again."""
        if not self.in_seconds:
            return MOST_QUANTIZATIONS
        tuned = replace(trained, **usual_of(self.space, "finetuning"))
        return max(MOST_QUANTIZATIONS, round(price_seconds(tuned, trained, run) / EVALUATION_SECONDS) - 1)
