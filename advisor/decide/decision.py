"""Decision: which optimizer, out of those that fit the limits, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from advisor.confidence import DECIDED, LEANING, Label
from advisor.contender import Contender
from advisor.decide.awaiting import not_compressed_yet
from advisor.decide.feasible_recipe import FeasibleRecipe
from advisor.decide.paired import Paired, paired
from advisor.decide.posterior import Posterior, PosteriorSummary
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence, Finding
from advisor.goals import USUAL, Separation, separate
from advisor.statements.headline import Caveat
from advisor.statements.tie_margin import TieMargin

NEARLY: Final = 0.8
"""Share of the best one's chance of being good enough that an optimizer tied with it has at least
(judged)."""
COARSE: Final = 0.25
"""Tie margin, a log-ratio, above which nothing is called decided unless it is the very best: a quarter of the
loss is no tie."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Decision: which optimizer, out of what."""

    optimizer: str
    label: Label
    caveat: Caveat
    """Why a label is less than its chance alone would say."""
    fits: Mapping[str, FeasibleRecipe]
    summaries: Mapping[str, PosteriorSummary]
    tied: tuple[str, ...]
    """Optimizers that the evidence cannot tell from the best one, itself included, best first."""
    separations: tuple[Separation, ...]
    """Costs by which the goal left some of the tied behind."""
    in_question: tuple[str, ...]
    """Those that could be advised: the confirmed once any is, least expected regret first."""
    ranked: tuple[str, ...]
    """All that fit: first those in question, each group by least expected regret."""

    @property
    def recipe(self) -> FeasibleRecipe:
        """Return what is used of the chosen optimizer."""
        return self.fits[self.optimizer]


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Decision to explain: with the evidence, posterior and findings that reasons and alternatives read."""

    evidence: Evidence
    summary: TrialSummary
    posterior: Posterior
    decision: Decision
    findings: tuple[Finding, ...]
    contenders: tuple[Contender, ...]
    """All that fit, in the order of the decision."""
    tie: TieMargin

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

    def paired(self, name: str) -> Paired | None:
        """Return what another and the recommended one measured on seeds and rows that they share."""
        return paired(self.decision.fits[name], self.decision.recipe)

    def confirmed(self, name: str) -> bool:
        """Tell whether the recipe in question of an optimizer was confirmed."""
        return self.decision.fits[name].confirmed


def decide(
    evidence: Evidence,
    posterior: Posterior,
    fits: Mapping[str, FeasibleRecipe],
    *,
    unconfirmed: bool = False,
) -> Decision:
    """Return the best optimizer, or the one that the goal prefers of those tied with it.

    In question are the confirmed ones; while none is confirmed, those with a whole run; before any run, all.
    Under the goal `quality` the one of the best posterior mean wins. Under the others tied are those within
    the tie margin of the least regret and of the best measured, whose own chance of being good enough is
    nearly as large, and would earn the same label.

    Args:
        evidence: limits and goal.
        posterior: of all optimizers.
        fits: what would be used of each that fits the limits.
        unconfirmed: let unconfirmed optimizers win over confirmed ones: to tell whom to confirm next.
    """
    given_away = {name: recipe.given_away for name, recipe in fits.items()}
    summaries = posterior.summaries(given_away)
    place = {name: index for index, name in enumerate(evidence.optimizers)}
    in_question = _in_question(fits, unconfirmed=unconfirmed)
    ranked = tuple(
        sorted(
            fits,
            key=lambda name: (
                name not in in_question,
                round(summaries[name].expected_regret, 9),
                place[name],
            ),
        )
    )
    candidates = [name for name in ranked if name in in_question]
    alike = _alike(candidates, fits)
    tied = candidates if alike else _tied(candidates, summaries, fits, posterior)
    goal = USUAL if alike and evidence.goal == "quality" else evidence.goal
    left, separations = separate(goal, {name: fits[name] for name in tied}, evidence.limits)
    if goal == "quality":
        means = posterior.means()
        left = tuple(sorted(candidates, key=lambda name: round(means[name] + given_away[name], 9)))
    chosen = left[0]
    label, caveat = _label(chosen, ranked, summaries, fits, posterior)
    waiting = fits[chosen].awaits_compression or bool(not_compressed_yet(evidence) - fits.keys())
    if waiting and (label == "decided" or len(fits) == 1):
        label, caveat = "prior only" if label == "prior only" else "leaning", "compression"
    return Decision(
        optimizer=chosen,
        label="tied" if alike else label,
        caveat="" if alike else caveat,
        fits=fits,
        summaries=summaries,
        tied=tuple(tied),
        separations=separations,
        in_question=tuple(candidates),
        ranked=ranked,
    )


def _in_question(fits: Mapping[str, FeasibleRecipe], *, unconfirmed: bool) -> set[str]:
    """Return whom the answer is chosen from: the confirmed, else those with a whole run, else all."""
    confirmed = {name for name, recipe in fits.items() if recipe.training.confirmed}
    tried = {name for name, recipe in fits.items() if recipe.record}
    return tried or set(fits) if unconfirmed else confirmed or tried or set(fits)


def _alike(names: Sequence[str], fits: Mapping[str, FeasibleRecipe]) -> bool:
    """Tell whether several optimizers all measured exactly the same."""
    qualities = {fits[name].quality for name in names}
    return len(names) > 1 and len(qualities) == 1 and None not in qualities


def _tied(
    names: Sequence[str],
    summaries: Mapping[str, PosteriorSummary],
    fits: Mapping[str, FeasibleRecipe],
    posterior: Posterior,
) -> list[str]:
    """Return those that the evidence cannot tell from the best, itself included, best first."""
    best = summaries[names[0]]
    gaps = _measured_gaps(names, fits, posterior)
    nearest = min(gaps.values(), default=0.0) + posterior.margin
    return [
        name
        for name in names
        if summaries[name].expected_regret <= best.expected_regret + posterior.margin
        and summaries[name].p_tie >= NEARLY * best.p_tie
        and _level(summaries[name].p_tie) >= _level(best.p_tie)
        and gaps.get(name, 0.0) <= nearest
    ] or [names[0]]


def _measured_gaps(
    names: Sequence[str], fits: Mapping[str, FeasibleRecipe], posterior: Posterior
) -> dict[str, float]:
    """Return the gap of each recipe's measured quality; of those that have one."""
    scale = posterior.estimates.loss_scale
    qualities = {name: fits[name].quality for name in names}
    return {name: scale.gap(quality) for name, quality in qualities.items() if scale and quality is not None}


def _level(p_tie: float) -> int:
    return (p_tie >= LEANING) + (p_tie >= DECIDED)


def _label(
    chosen: str,
    in_question: Sequence[str],
    summaries: Mapping[str, PosteriorSummary],
    fits: Mapping[str, FeasibleRecipe],
    posterior: Posterior,
) -> tuple[Label, Caveat]:
    """Return the label, and why it is no more than `leaning` where the chance alone would say `decided`."""
    if fits[chosen].record is None:
        return "prior only", ""
    level = _level(summaries[chosen].p_tie)
    caveat = _caveat(chosen, in_question, summaries, fits, posterior) if level == 2 else ""
    labels: tuple[Label, ...] = ("open", "leaning", "decided")
    return labels[1 if caveat else level], caveat


def _caveat(
    chosen: str,
    in_question: Sequence[str],
    summaries: Mapping[str, PosteriorSummary],
    fits: Mapping[str, FeasibleRecipe],
    posterior: Posterior,
) -> Caveat:
    """Return what speaks against calling an answer decided.

    A limit forbids the best recipe, one compressed file is all there is, a learning rate of the best two is
    on an edge, or all that is sure is that the validation rows tell nothing apart.
    """
    recipe, estimates = fits[chosen], posterior.estimates.by_optimizer
    rival = next((name for name in in_question if name != chosen), chosen)
    if recipe.given_away > 0:
        return "limit"
    if recipe.compressed is not None and not recipe.confirmed:
        return "one file"
    if any(estimates[name].at_edge for name in (chosen, rival) if name in estimates):
        return "edge"
    coarse = len(fits) > 1 and posterior.margin > COARSE and summaries[chosen].p_best < DECIDED
    return "coarse" if coarse else ""
