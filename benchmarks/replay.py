"""Replays of recorded studies: what is advised beside what is true; `benchmarks.advice` prints tables."""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean
from typing import Final

from advisor.decide.decision import decide
from advisor.decide.feasible import feasible_recipes
from advisor.decide.posterior import Posterior
from advisor.decide.rulebook import apply_rules
from advisor.decide.scale import CAP
from advisor.decide.trial_summary import TrialSummary
from advisor.evidence import Evidence
from benchmarks.record_advice import FACTS, RUNS, TASKS, TRUTH_SEEDS
from studies.direction import Direction
from studies.facts import Facts
from studies.record import Measurement, Record, Stage
from studies.search.confirm import repeats
from studies.search.pruner import best_complete

TRIALS: Final = (1, 2, 5, 10)
ARMS: Final = 4
Truths = Mapping[str, Mapping[int, float]]
"""Optimizer to recipe to the log of its loss on the test rows."""

STEPS: Final = 100
"""Of a record's curve, where nobody looks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One training run; no metric means that it diverged."""

    valid: float | None
    valid_loss: float
    test: float | None
    seconds: float
    state_bytes: int | None = None
    unit: float = 0.0
    """Where its learning rate lies in its range."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """All runs of one task."""

    name: str
    held_out: bool
    metric: str
    direction: Direction
    valid_rows: int
    test_rows: int
    facts: Facts
    runs: Mapping[str, Mapping[int, Mapping[int, Run]]] = field(repr=False)
    """Optimizer to recipe to seed to run."""

    def loss(self, value: float | None) -> float:
        """Return the loss behind a test metric, at least half a row; infinite for a run that diverged."""
        if value is None:
            return math.inf
        return max(value, 1e-12) if not self.direction.maximizes else max(1 - value, 0.5 / self.test_rows)

    def truths(self) -> dict[str, dict[int, float]]:
        """Return the log of each recipe's mean test loss, over the seeds kept for it or the search's."""
        truths = {
            optimizer: {
                index: math.log(fmean(self.loss(run.test) for run in _judges(seeds)))
                for index, seeds in recipes.items()
            }
            for optimizer, recipes in self.runs.items()
        }
        best = min(value for recipes in truths.values() for value in recipes.values())
        return {
            name: {i: min(value, best + CAP) for i, value in recipes.items()}
            for name, recipes in truths.items()
        }


def _judges(seeds: Mapping[int, Run]) -> list[Run]:
    return [run for seed, run in seeds.items() if seed >= TRUTH_SEEDS[0]] or [seeds[0]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """One piece of advice beside the truth."""

    task: str
    held_out: bool
    trials: int
    confirmed: bool
    label: str
    p_best: float
    p_tie: float
    expected_regret: float
    best: bool
    tie: bool
    true_gap: float
    """Of the advised optimizer to the best one, by the truth that beliefs are about."""
    regret: Mapping[str, float]
    """Of the recipe in hand, by who advised it."""


def load() -> list[Study]:
    """Return the recorded studies, in the order of the tasks."""
    runs: dict[str, dict[str, dict[int, dict[int, Run]]]] = {}
    with gzip.open(RUNS, "rt", newline="") as file:
        for row in csv.DictReader(file):
            run = Run(
                valid=_number(row["valid_metric"]),
                valid_loss=_number(row["valid_loss"]) or math.inf,
                test=_number(row["test_metric"]),
                seconds=float(row["seconds"]),
                unit=float(row["lr_unit"]),
                state_bytes=int(row["state_bytes"]) if row["state_bytes"] else None,
            )
            recipes = runs.setdefault(row["task"], {}).setdefault(row["optimizer"], {})
            recipes.setdefault(int(row["recipe"]), {})[int(row["seed"])] = run
    about = json.loads(FACTS.read_text())
    return [
        Study(
            name=task.name,
            held_out=task.held_out,
            runs=runs[task.name],
            facts=Facts.from_dict(about[task.name]["facts"]),
            direction=Direction(about[task.name]["direction"]),
            **{key: about[task.name][key] for key in ("metric", "valid_rows", "test_rows")},
        )
        for task in TASKS
        if task.name in runs
    ]


def _number(text: str) -> float | None:
    return float(text) if text else None


def replay(study: Study, *, draws: int, seed: int, trials: Iterable[int] = TRIALS) -> Iterator[Outcome]:
    """Search the study over and over; yield the advice beside the truth."""
    truths = study.truths()
    for count in trials:
        tuned = {name: tuned_truth(study, name, truths[name], count) for name in study.runs}
        for draw in range(draws):
            chance = random.Random(f"{seed}/{study.name}/{count}/{draw}")  # noqa: S311 - a draw
            picked = draw_recipes(study, chance, count)
            records = searched(study, picked)
            instead = _alone(study, chance, truths, picked)
            yield judge_advice(study, records, truths, tuned, instead)
            if (more := confirmed(study, records, tuple(picked))) is not None:
                yield judge_advice(study, more, truths, tuned, instead)


def tuned_truth(study: Study, optimizer: str, truths: Mapping[int, float], trials: int) -> float:
    """Return the expected truth of the recipe that validates best among so many draws from all there are."""
    ranked = sorted(study.runs[optimizer], key=lambda index: _standing(study, optimizer, index))
    # P(none of the first so many)
    beyond = [((len(ranked) - rank) / len(ranked)) ** trials for rank in range(len(ranked) + 1)]
    return sum((beyond[rank] - beyond[rank + 1]) * truths[index] for rank, index in enumerate(ranked))


def _standing(study: Study, optimizer: str, index: int) -> tuple[float, float, int]:
    run = study.runs[optimizer][index][0]
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
    """Return the records of one search; a trial's number is its place, its batch size names the recipe."""
    records: list[Record] = []
    for optimizer, indices in picked.items():
        for index in indices:
            stage: Stage = "race" if index else "reference"
            records.append(_record(study, len(records), optimizer, index, 0, stage=stage, source=None))
    return tuple(records)


def confirmed(study: Study, records: tuple[Record, ...], arms: Sequence[str]) -> tuple[Record, ...] | None:
    """Return the records with their confirmation runs; None when a finalist's were not recorded."""
    with_confirmation = list(records)
    for run in repeats(records, arms, study.direction, seed=0, seconds=math.inf):
        optimizer, index = run.record.optimizer, int(run.record.params["recipe"])
        if run.seed not in study.runs[optimizer][index]:
            return None
        with_confirmation.append(
            _record(
                study,
                len(with_confirmation),
                optimizer,
                index,
                run.seed,
                stage="confirm",
                source=run.record.number,
            )
        )
    return tuple(with_confirmation) if len(with_confirmation) > len(records) else None


def _record(
    study: Study, number: int, optimizer: str, index: int, seed: int, *, stage: Stage, source: int | None
) -> Record:
    run = study.runs[optimizer][index][seed]
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
        stage=stage,
        seed=seed,
        source=source,
        params={"optimizer": optimizer, "recipe": index},
        curve=() if run.valid is None else (point,),
        quality=run.valid,
        train_seconds=run.seconds,
        optimizer_state_bytes=run.state_bytes,
        units={"optimizer.lr": run.unit},
    )


def judge_advice(
    study: Study,
    records: tuple[Record, ...],
    truths: Truths,
    tuned: Mapping[str, float],
    instead: float,
) -> Outcome:
    """Ask for advice and compare it with the truth; `instead` is the truth of what AdamW alone finds."""
    arms = tuple(dict.fromkeys(record.optimizer for record in records))
    evidence = Evidence(
        facts=study.facts,
        records=records,
        candidates=arms,
        direction=study.direction,
        metric=study.metric,
        valid_rows=study.valid_rows,
        goal="quality",
        study=study.name,
    )
    findings = apply_rules(evidence)  # what recommend does, without the reasons, which take twice the time
    posterior = Posterior.of(evidence, findings)
    fits, _ = feasible_recipes(evidence, TrialSummary.of(evidence, posterior.estimates), findings)
    decision = decide(evidence, posterior, fits)
    summary = decision.summaries[decision.optimizer]
    in_hand = {name: _in_hand(evidence, name, truths) for name in arms}
    sources = {record.optimizer: record.source for record in records if record.stage == "confirm"}
    truth = {name: in_hand[name] if name in sources else tuned[name] for name in arms}
    gap = truth[decision.optimizer] - min(truth.values())
    balanced = decide(replace(evidence, goal="balanced"), posterior, fits)
    truth_of = {
        "advice": in_hand[decision.optimizer],
        "balanced": in_hand[balanced.optimizer],
        "best observed": fmean(in_hand[name] for name in _best_observed(evidence)),
        "always AdamW": in_hand.get("AdamW", math.nan),
        "AdamW alone": instead,
    }
    return Outcome(
        task=study.name,
        held_out=study.held_out,
        trials=len(evidence.searched(arms[0])),
        confirmed=bool(sources),
        label=decision.label,
        p_best=summary.p_best,
        p_tie=summary.p_tie,
        expected_regret=summary.expected_regret,
        best=gap <= 1e-12,
        tie=gap <= posterior.margin + 1e-12,
        true_gap=gap,
        regret={by: value - min(in_hand.values()) for by, value in truth_of.items()},
    )


def _in_hand(evidence: Evidence, optimizer: str, truths: Truths) -> float:
    """Return the truth of the recipe that validation picks; the worst of all where every trial diverged."""
    record = best_complete(evidence.records, optimizer, evidence.direction)
    return truths[optimizer][int(record.params["recipe"])] if record else max(truths[optimizer].values())


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
