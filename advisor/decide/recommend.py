"""Recommendation from evidence: a pure function, the same for the command line, the dashboard and the tests.

In this order: the rules speak; what breaks a limit is vetoed; the posterior gives each optimizer that is left
its expected regret; the least one wins; among those that the evidence cannot tell from it, the goal decides.

What holds, and is tested:

- The order of records changes nothing, nor does the order of candidates, but for exact ties.
- No limit is ever broken by a cost that is known, but on size and latency where nothing fits before a
  compression that is yet to come: the answer says so, and is never called decided.
- A looser limit never makes the posterior mean gap of the answer larger under the goal `quality`, and by no
  more than the tie margin under the others, as long as every optimizer in question has a whole run that fits,
  the posterior knowing no limits, and both answers were confirmed or neither was.
- Search trials of a confirmed optimizer that are worse than its best change nothing, but that with them
  trials are no longer few, or are plenty, which rules may mind.
- Compressed models change neither who wins nor why, unless a limit on the model's size or latency is broken
  without them; and what another compressed model beats in everything changes nothing at all.
- Of two optimizers that were confirmed alike and that the prior holds equal, the worse confirmed one is never
  held better.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import fmean, stdev

from advisor.compressed_model import CompressedModel
from advisor.contender import Contender
from advisor.decide.alternatives import alternatives
from advisor.decide.checklist import checks
from advisor.decide.compressed import best_fitting, limited, pareto_front, smallest_tied
from advisor.decide.counterfactuals import would_change
from advisor.decide.decision import Decision, Explained, decide
from advisor.decide.estimates import Estimates
from advisor.decide.feasible import feasible_recipes
from advisor.decide.feasible_recipe import FeasibleRecipe
from advisor.decide.interval import interval
from advisor.decide.posterior import PRIOR_CAP, Posterior
from advisor.decide.reasons import gives_up, nothing_apart, plain_model_ahead, reasons
from advisor.decide.rulebook import apply_rules, readings
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence, Finding
from advisor.recommendation import Recommendation
from advisor.report.layout import main_settings
from advisor.report.numbers import SCORES
from advisor.statements.check import Check
from advisor.statements.headline import Headline, only_ruled_out_ran
from advisor.statements.statement import Statement
from advisor.statements.tie_margin import TieMargin
from studies.errors import BadValue, NothingFeasible


def recommend(evidence: Evidence, *, tuning_trials: int | None = None) -> Recommendation:
    """Return which optimizer and recipe to use, how sure that is, why, and what would change it.

    Args:
        evidence: facts, limits, records and candidates.
        tuning_trials: trials that each optimizer is tuned anew with; None judges the recipes in hand.

    Raises:
        NothingFeasible: no optimizer fits the limits; the message says which to relax, and to what.
        BadValue: the evidence names no optimizer.
    """
    if not evidence.optimizers:
        raise BadValue("there is no optimizer to choose from; give candidates or records")
    findings = apply_rules(evidence)
    posterior = Posterior.of(evidence, findings, tuning_trials=tuning_trials)
    summary = TrialSummary.of(evidence, posterior.estimates)
    fits, vetoes = feasible_recipes(evidence, summary, findings, provisional=True)
    decision = decide(evidence, posterior, fits)
    contenders = tuple(_contender(evidence, decision, summary.estimates, name) for name in decision.ranked)
    explained = Explained(
        evidence=evidence,
        summary=summary,
        posterior=posterior,
        decision=decision,
        findings=(*vetoes, *findings),
        contenders=contenders,
        tie=_tie(evidence, posterior, contenders[decision.ranked.index(decision.optimizer)].quality),
    )
    return _recommendation(explained, summary)


def _recommendation(explained: Explained, summary: TrialSummary) -> Recommendation:
    evidence, posterior, decision = explained.evidence, explained.posterior, explained.decision
    advised, recipe = explained.advised, decision.recipe
    trained = recipe.training.record
    compression = _compression(evidence, posterior, recipe, summary)
    cap = PRIOR_CAP if decision.label == "prior only" else 1.0
    tests = recipe.test_qualities
    return Recommendation(
        study=evidence.study,
        optimizer=decision.optimizer,
        params=advised.params or {"optimizer": decision.optimizer},
        label=decision.label,
        p_best=min(cap, advised.p_best),
        p_tie=min(cap, advised.p_tie),
        expected_regret=advised.expected_regret,
        metric=evidence.metric,
        direction=evidence.direction,
        quality=advised.quality,
        interval=advised.interval,
        test_quality=fmean(tests) if tests else None,
        test_spread=stdev(tests) if len(tests) > 1 else None,
        seeds=tuple(run.seed for run in recipe.measured_runs),
        trials=advised.trials,
        costs=recipe.costs,
        reasons=reasons(explained),
        findings=explained.findings,
        readings=readings(evidence),
        alternatives=alternatives(explained),
        would_change=would_change(
            explained, lambda other: _decide_again(other, explained.findings, posterior, summary)
        ),
        checklist=_checklist(evidence, recipe, summary, compression),
        contenders=explained.contenders,
        headline=_headline(explained),
        margin=posterior.margin,
        tie=str(explained.tie),
        steps=trained.curve[-1].step if trained and trained.curve else None,
        compressed=pareto_front(summary.compressed_models, evidence.direction),
        compression=compression,
        columns=evidence.columns,
    )


def _checklist(
    evidence: Evidence, recipe: FeasibleRecipe, summary: TrialSummary, compression: CompressedModel | None
) -> tuple[Check, ...]:
    return checks(
        evidence,
        recipe.training.record,
        summary.loss_scale,
        costs=recipe.costs,
        compressed=summary.compressed_models,
        advised=compression,
    )


def _compression(
    evidence: Evidence, posterior: Posterior, recipe: FeasibleRecipe, summary: TrialSummary
) -> CompressedModel | None:
    """Return the compressed model to use of the recommended optimizer; None where none fits."""
    models = [model for model in summary.compressed_models if model.optimizer == recipe.optimizer]
    if recipe.compressed or not limited(evidence.limits):
        return recipe.compressed or smallest_tied(models, evidence, summary.loss_scale, posterior.margin)
    return best_fitting(models, evidence)


def _tie(evidence: Evidence, posterior: Posterior, quality: float | None) -> TieMargin:
    """Return the tie margin, as a difference of the metric too where the advised one was measured."""
    gap, scale = posterior.margin, posterior.estimates.loss_scale
    change = scale.loss(quality) * math.expm1(gap) if scale and quality is not None else 0.0
    share = scale is not None and scale.origin == 1 and any(score in evidence.metric for score in SCORES)
    half = 0.5 / evidence.valid_rows if evidence.valid_rows and evidence.metric == "accuracy" else 0.0
    return TieMargin(
        gap=gap,
        metric=evidence.metric,
        change=(100 if share else 1) * change or None,
        points=share and evidence.direction.maximizes,
        half_row=share and math.isclose(change, half, rel_tol=0.1),
    )


def _headline(explained: Explained) -> Headline:
    decision, advised = explained.decision, explained.advised
    ahead = (gives_up(explained), plain_model_ahead(explained))
    notes: tuple[Statement, ...] = tuple(note for note in ahead if note)
    tried = sum(other.quality is not None for other in explained.contenders)
    return Headline(
        subjects=(decision.optimizer,),
        trials=advised.trials,
        label=decision.label,
        settings=tuple(main_settings(advised.params or {"optimizer": decision.optimizer})),
        tie=explained.tie,
        p_tie=advised.p_tie,
        p_best=advised.p_best,
        compared=len(explained.contenders),
        in_question=len(explained.evidence.optimizers),
        tried=tried,
        confirmed=decision.recipe.training.confirmed,
        caveat=decision.caveat,
        alike=nothing_apart(explained),
        never_ran="optimizer" in explained.evidence.unread,
        ruled_out_ran=only_ruled_out_ran(tried, explained.evidence),
        notes=notes,
    )


def _decide_again(
    evidence: Evidence, findings: tuple[Finding, ...], posterior: Posterior, summary: TrialSummary
) -> Decision | None:
    """Decide again under other limits or another goal; None if nothing fits.

    The posterior stays, unless rules speak of the optimizers otherwise under the other limits.
    """
    spoken = apply_rules(evidence)
    if _strengths(spoken) != _strengths(findings):
        posterior = Posterior.of(evidence, spoken)
    try:
        fits, _ = feasible_recipes(evidence, summary, spoken)
    except NothingFeasible:
        return None
    return decide(evidence, posterior, fits)


def _strengths(findings: Iterable[Finding]) -> list[tuple[str, str, float]]:
    return sorted(
        (finding.rule, finding.subject, finding.strength) for finding in findings if finding.strength
    )


def _contender(evidence: Evidence, decision: Decision, estimates: Estimates, name: str) -> Contender:
    recipe, chances = decision.fits[name], decision.summaries[name]
    runs = recipe.measured_runs
    qualities = [run.quality for run in runs if run.quality is not None]
    return Contender(
        optimizer=name,
        p_best=chances.p_best,
        p_tie=chances.p_tie,
        expected_regret=chances.expected_regret,
        quality=recipe.quality,
        interval=interval(estimates, qualities),
        trials=tuple(run.number for run in runs),
        params=recipe.record.params if recipe.record else None,
        train_seconds=recipe.costs["train_seconds"],
        peak_bytes=_whole(recipe.costs["peak_bytes"]),
        optimizer_state_bytes=_whole(recipe.costs["optimizer_state_bytes"]),
        completed=len(evidence.complete(name)),
    )


def _whole(count: float | None) -> int | None:
    return None if count is None else int(count)
