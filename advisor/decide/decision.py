"""Decision: which optimizer, out of those that fit the limits, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from advisor.confidence import DECIDED, LEANING, Label
from advisor.contender import Contender
from advisor.decide.awaiting import not_compressed_yet
from advisor.decide.feasible import FeasibleRecipe
from advisor.decide.posterior import Posterior, PosteriorSummary
from advisor.evidence import Evidence, Finding
from advisor.goals import criteria

NEARLY: Final = 0.8
"""Share of the best one's chance of being good enough that an optimizer tied with it has at least
(judged)."""
COARSE: Final = 0.25
"""Tie margin, a log-ratio, above which nothing is called decided unless it is the very best: a quarter of the
loss is no tie."""
CLEARLY: Final = 0.9
"""Share of a cost below which another one is clearly less."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Decision: which optimizer, out of what."""

    optimizer: str
    label: Label
    fits: Mapping[str, FeasibleRecipe]
    summaries: Mapping[str, PosteriorSummary]
    tied: tuple[str, ...]
    """Optimizers that the evidence cannot tell from the best one, itself included, best first."""
    ranked: tuple[str, ...]
    """All that fit, least expected regret first."""

    @property
    def recipe(self) -> FeasibleRecipe:
        """Return what is used of the chosen optimizer."""
        return self.fits[self.optimizer]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Decision to explain: with the evidence, posterior and findings that reasons and alternatives read."""

    evidence: Evidence
    posterior: Posterior
    decision: Decision
    findings: tuple[Finding, ...]
    contenders: tuple[Contender, ...]
    """All that fit, least expected regret first."""
    tie: str
    """The tie margin in words."""

    @property
    def advised(self) -> Contender:
        """Return the recommended optimizer as a contender."""
        return next(
            contender for contender in self.contenders if contender.optimizer == self.decision.optimizer
        )

    @property
    def others(self) -> list[Contender]:
        """Return the others that fit, best first."""
        return [contender for contender in self.contenders if contender.optimizer != self.decision.optimizer]

    @property
    def rival(self) -> Contender | None:
        """Return the best of the others that has a whole run."""
        return next((contender for contender in self.others if contender.quality is not None), None)

    def confirmed(self, name: str) -> bool:
        """Tell whether the recipe in question of an optimizer was confirmed."""
        return self.decision.fits[name].confirmed


def decide(evidence: Evidence, posterior: Posterior, fits: Mapping[str, FeasibleRecipe]) -> Decision:
    """Return the optimizer of least expected regret, or the one that the goal prefers of those tied with it.

    Tied are those within the tie margin of the least regret whose own chance of being good enough is nearly
    as large, and would earn the same label. An optimizer without a whole run is answered only when none that
    fits has one.
    """
    summaries = posterior.summaries({name: recipe.given_away for name, recipe in fits.items()})
    place = {name: index for index, name in enumerate(evidence.optimizers)}
    ranked = tuple(sorted(fits, key=lambda name: (round(summaries[name].expected_regret, 9), place[name])))
    tried = [name for name in ranked if fits[name].record] or ranked
    best = summaries[tried[0]]
    near = best.expected_regret + posterior.margin
    tied = [
        name
        for name in tried
        if summaries[name].expected_regret <= near
        and summaries[name].p_tie >= NEARLY * best.p_tie
        and _level(summaries[name].p_tie) >= _level(best.p_tie)
    ]
    wanted = criteria(evidence.goal, {name: fits[name] for name in tied})
    chosen = min(tied, key=lambda name: (*wanted[name].values(), tied.index(name)))
    label = _label(chosen, ranked, summaries, fits, posterior)
    if label == "decided" and not_compressed_yet(evidence) - fits.keys():
        label = "leaning"  # what does not fit yet may be better once it is compressed
    return Decision(
        optimizer=chosen, label=label, fits=fits, summaries=summaries, tied=tuple(tied), ranked=ranked
    )


def _level(p_tie: float) -> int:
    return (p_tie >= LEANING) + (p_tie >= DECIDED)


def _label(
    chosen: str,
    ranked: tuple[str, ...],
    summaries: Mapping[str, PosteriorSummary],
    fits: Mapping[str, FeasibleRecipe],
    posterior: Posterior,
) -> Label:
    """Return the label.

    Not `decided` when a limit forbids the best recipe, when it awaits compression, when a learning rate of
    the best two is on an edge, or when all that is sure is that the validation rows tell nothing apart.
    """
    recipe, estimates = fits[chosen], posterior.estimates.by_optimizer
    if recipe.record is None:
        return "prior only"
    level = _level(summaries[chosen].p_tie)
    rival = next((name for name in ranked if name != chosen), chosen)
    edge = any(estimates[name].at_edge for name in (chosen, rival) if name in estimates)
    coarse = len(ranked) > 1 and posterior.margin > COARSE and summaries[chosen].p_best < DECIDED
    lucky = recipe.given_away > 0 or (recipe.compressed is not None and not recipe.confirmed)
    if level == 2 and (edge or coarse or lucky or recipe.awaits_compression):
        return "leaning"
    labels: tuple[Label, ...] = ("open", "leaning", "decided")
    return labels[level]
