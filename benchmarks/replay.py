"""Replays of recorded studies: what is advised beside what is true; `benchmarks.advice` prints tables."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, Final, Literal

from advisor.decide.confirmation import recipes_in_question
from advisor.decide.estimates import estimates
from advisor.decide.interval import new_rows_interval
from advisor.decide.recommend import recommend
from advisor.evidence import Evidence
from advisor.recommendation import Contender, Recommendation
from benchmarks.recorded_studies import FIRST, Run, Study, truth_runs
from benchmarks.recorded_tasks import CONFIRM_SEEDS
from studies.record import Measurement, Record, Stage
from studies.search.confirm import ConfirmationRun, first_runs, further_runs

TRIALS: Final = (1, 2, 5, 10)
ARMS: Final = 4
STEPS: Final = 100
"""Of a record's curve, where nobody looks."""

Kind = Literal["unconfirmed", "confirmed", "fresh splits"]
"""Without confirmation; with fresh seeds on the study's own rows; with fresh seeds on fresh splits."""
KINDS: Final[tuple[Kind, ...]] = ("unconfirmed", "confirmed", "fresh splits")
Scheme = Literal["halving", "in full"]
"""As a search confirms; each finalist, and whoever is then preferred, with every recorded seed."""
Truths = Mapping[str, Mapping[int, float]]
"""Optimizer to recipe to the log of its loss on the test rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One piece of advice beside the truth."""

    task: str
    group: str
    """chosen by | held out | unseen | external."""
    trials: int
    kind: Kind
    label: str
    p_best: float
    p_tie: float
    expected_regret: float
    best: bool
    tie: bool
    true_gap: float
    """Of the recipe advised to the best one in hand."""
    regret: Mapping[str, float]
    """Of the recipe in hand, by who advised it."""
    over_seeds: bool | None = None
    """Whether the interval holds the mean of fresh seeds; None where there is no interval."""
    on_test: bool | None = None
    """Whether the interval for new rows holds the test metric; None where there is none."""


def replay(study: Study, *, draws: int, seed: int, trials: Iterable[int] = TRIALS) -> Iterator[Outcome]:
    """Search the study over and over; yield the advice beside the truth."""
    truths = study.truths()
    for chance, picked in drawn_searches(study, draws=draws, seed=seed, trials=trials):
        records = searched(study, picked)
        instead = _alone(study, chance, truths, picked)
        yield judge_advice(study, records, truths, instead, "unconfirmed")
        for kind in KINDS[1:]:
            if more := confirmed(study, records, kind):
                yield judge_advice(study, more, truths, instead, kind)


def drawn_searches(
    study: Study, *, draws: int, seed: int, trials: Iterable[int]
) -> Iterator[tuple[random.Random, dict[str, list[int]]]]:
    """Yield the recipes that each search tries, and the random numbers that drew them."""
    for count in trials:
        for draw in range(draws):
            chance = random.Random(f"{seed}/{study.name}/{count}/{draw}")  # noqa: S311 - a draw
            yield chance, draw_recipes(study, chance, count)


def _standing(study: Study, optimizer: str, index: int) -> tuple[float, float, int]:
    run = study.runs[optimizer][index][FIRST]
    return study.direction.loss(run.valid), run.valid_loss, index  # as best_complete picks


def draw_recipes(study: Study, chance: random.Random, trials: int) -> dict[str, list[int]]:
    """Return the recipes tried of each optimizer in one search."""
    others = [name for name in sorted(study.runs) if name != "AdamW"]
    known = ["AdamW"] if "AdamW" in study.runs else []
    arms = [*known, *chance.sample(others, min(ARMS - len(known), len(others)))]
    return {name: sorted(chance.choices(sorted(study.runs[name]), k=trials)) for name in arms}


def _alone(study: Study, chance: random.Random, truths: Truths, picked: Mapping[str, Sequence[int]]) -> float:
    """Return the truth of what AdamW finds when it has the trials of all."""
    if "AdamW" not in picked:
        return math.nan
    others = sum(map(len, picked.values())) - len(picked["AdamW"])
    tried = [*picked["AdamW"], *chance.choices(sorted(study.runs["AdamW"]), k=others)]
    return truths["AdamW"][min(tried, key=lambda index: _standing(study, "AdamW", index))]


def searched(study: Study, picked: Mapping[str, Sequence[int]]) -> tuple[Record, ...]:
    """Return the records of one search; a trial's number is its place, its recipe a number."""
    records: list[Record] = []
    for optimizer, indices in picked.items():
        for index in indices:
            stage: Stage = "race" if index else "reference"
            run = study.runs[optimizer][index][FIRST]
            records.append(_record(run, len(records), optimizer, index, stage=stage))
    return tuple(records)


def confirmed(
    study: Study, records: tuple[Record, ...], kind: Kind, scheme: Scheme = "halving"
) -> tuple[Record, ...] | None:
    """Return the records with the confirmation runs that a search would do, as far as seeds were recorded.

    None when a recipe was not run again, and where there is nothing to confirm.
    """
    more = records
    while runs := _next_runs(study, more, scheme):
        wanted = [run for run in runs if run.seed <= CONFIRM_SEEDS[-1]]
        if not wanted:
            break
        repeats = [_repeat(study, run, kind, number=len(more) + i) for i, run in enumerate(wanted)]
        whole = [record for record in repeats if record]
        if len(whole) < len(repeats):
            return None
        more += tuple(whole)
    return more if len(more) > len(records) else None


def _next_runs(study: Study, records: tuple[Record, ...], scheme: Scheme) -> list[ConfirmationRun]:
    arms = tuple(dict.fromkeys(record.optimizer for record in records))
    first = first_runs(records, arms, study.direction, seed=0, seconds=math.inf)
    if scheme == "in full":
        first = [replace(run, seed=seed) for run in first for seed in CONFIRM_SEEDS]
    if first:
        return first
    in_question = recipes_in_question(evidence_of(study, records))
    runs = further_runs(records, in_question, seed=0)
    if scheme == "in full":
        sources = {record.source for record in records if record.stage == "confirm"}
        fresh = [run.record for run in runs[:1] if run.record.number not in sources]
        return [ConfirmationRun(record=record, seed=seed) for record in fresh for seed in CONFIRM_SEEDS]
    return runs


def _repeat(study: Study, run: ConfirmationRun, kind: Kind, *, number: int) -> Record | None:
    """Return a confirmation run as it was recorded; None where it was not."""
    source, split = run.record, run.seed if kind == "fresh splits" else 0
    recorded = study.runs[source.optimizer][_index(source)].get((run.seed, split))
    if recorded is None:
        return None
    return _record(
        recorded,
        number,
        source.optimizer,
        _index(source),
        stage="confirm",
        seed=run.seed,
        source=source.number,
        split_seed=split or None,
    )


def _index(record: Record | Recommendation) -> int:
    return int(record.params["recipe"])


def _record(run: Run, number: int, optimizer: str, index: int, **about: Any) -> Record:
    """Return the record of a run; `about` says its stage, and which seed, source and split."""
    point = Measurement(
        epoch=1,
        step=STEPS,
        seconds=run.seconds,
        train_loss=run.valid_loss,
        valid_loss=run.valid_loss,
        valid_metric=run.valid or 0.0,
    )
    return Record(
        number=number,
        state="infeasible" if run.valid is None else "complete",
        params={"optimizer": optimizer, "recipe": index},
        curve=() if run.valid is None else (point,),
        quality=run.valid,
        test_quality=run.test if about["stage"] == "confirm" else None,
        train_seconds=run.seconds,
        optimizer_state_bytes=run.state_bytes,
        units={"optimizer.lr": run.unit},
        **{"seed": 0} | about,
    )


def evidence_of(study: Study, records: tuple[Record, ...], goal: str = "quality") -> Evidence:
    """Return the records of one search as evidence."""
    return Evidence(
        facts=study.facts,
        records=records,
        candidates=tuple(dict.fromkeys(record.optimizer for record in records)),
        direction=study.direction,
        metric=study.metric,
        valid_rows=study.valid_rows,
        goal=goal,
        study=study.name,
    )


def judge_advice(
    study: Study, records: tuple[Record, ...], truths: Truths, instead: float, kind: Kind
) -> Outcome:
    """Ask for advice and compare it with the truth; `instead` is the truth of what AdamW alone finds."""
    evidence = evidence_of(study, records)
    answer = recommend(evidence)
    balanced = recommend(evidence_of(study, records, "balanced"))
    in_hand = {contender.optimizer: _truth(truths, contender) for contender in answer.contenders}
    gap = in_hand[answer.optimizer] - min(in_hand.values())
    truth_of = {
        "advice": in_hand[answer.optimizer],
        "balanced": in_hand[balanced.optimizer],
        "best observed": fmean(in_hand[name] for name in _best_observed(evidence)),
        "always AdamW": in_hand.get("AdamW", math.nan),
        "AdamW alone": instead,
    }
    return Outcome(
        task=study.name,
        group=study.group,
        trials=len(evidence.searched(evidence.optimizers[0])),
        kind=kind,
        label=answer.label,
        p_best=answer.p_best,
        p_tie=answer.p_tie,
        expected_regret=answer.expected_regret,
        best=gap <= 1e-12,
        tie=gap <= answer.margin + 1e-12,
        true_gap=gap,
        regret={by: value - min(in_hand.values()) for by, value in truth_of.items()},
        over_seeds=_over_seeds(study, answer) if kind == "confirmed" else None,
        on_test=_on_test(study, evidence, answer) if answer.trials else None,
    )


def _truth(truths: Truths, contender: Contender) -> float:
    """Return the truth of the recipe in hand; the worst of all where every trial diverged."""
    by_recipe = truths[contender.optimizer]
    return by_recipe[int(contender.params["recipe"])] if contender.params else max(by_recipe.values())


def _over_seeds(study: Study, answer: Recommendation) -> bool | None:
    """Tell whether the interval holds the mean validation metric over the seeds of the truth."""
    runs = truth_runs(study.runs[answer.optimizer][_index(answer)])
    return _holds(answer.interval, fmean(math.nan if run.valid is None else run.valid for run in runs))


def _on_test(study: Study, evidence: Evidence, answer: Recommendation) -> bool | None:
    """Tell whether the interval for new rows holds the test metric, a mean over seeds."""
    qualities = [run.measured_quality for run in evidence.records if run.number in answer.trials]
    interval = new_rows_interval(estimates(evidence), answer.optimizer, qualities, test_rows=study.test_rows)
    runs = truth_runs(study.runs[answer.optimizer][_index(answer)])
    return _holds(interval, fmean(math.nan if run.test is None else run.test for run in runs))


def _holds(interval: tuple[float, float] | None, value: float) -> bool | None:
    return None if interval is None else interval[0] <= value <= interval[1]


def _best_observed(evidence: Evidence) -> list[str]:
    """Return the optimizers that share the best validation metric, or its mean over confirmation runs."""
    any_confirmed = any(evidence.confirmations(name) for name in evidence.optimizers)

    def validated(name: str) -> float:
        runs = evidence.confirmations(name)
        values = [
            evidence.direction.loss(run.quality)
            for run in runs or evidence.complete(name)
            if run.quality is not None
        ]
        if not values or len(values) < len(runs) or (any_confirmed and not runs):
            return math.inf
        return fmean(values) if runs else min(values)

    best = min(map(validated, evidence.optimizers))
    return [name for name in evidence.optimizers if validated(name) <= best]
