"""Checks of the compression: fine-tuning beside its control, and more than one seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from advisor.report.numbers import trials
from advisor.statements.check import Check
from advisor.statements.recomputed import finished
from advisor.statements.statement import Case
from studies.quantities import several
from studies.record import Record

PASSES = ("distillation", "pruning", "quantization")
"""What may be done to a model besides fine-tuning it."""


@dataclass(frozen=True, kw_only=True)
class FineTuningControl(Check):
    """Fine-tuning control: whether the same fine-tuning of the uncompressed model was measured as well."""

    name: ClassVar[str] = "fine-tuning control"
    tuned: int
    """Recipes of compression with fine-tuning."""
    bare: int
    """Those of them without a control."""
    first: str
    """The best of these, in words; its trials are the check's."""

    @property
    def message(self) -> str:
        if not self.bare:
            beside = "each beside" if self.tuned > 1 else "beside"
            recipes = several(self.tuned, "recipe")
            return f"{recipes} with fine-tuning, {beside} a run of the same fine-tuning and nothing else"
        of = "" if self.bare == self.tuned else f" of {self.tuned}"
        which = f"{self.first} ({trials(self.trials)})"
        first = f"{which}," if self.bare == 1 else f"the first {which},"
        verb = "has" if self.bare == 1 else "have"
        return (
            f"{several(self.bare, 'recipe')}{of} with fine-tuning, {first} "
            f"{verb} no run of the same fine-tuning and nothing else"
        )

    @property
    def fix(self) -> str:
        return (
            "fine-tune the uncompressed model alike, or further training is taken for what compression does"
        )

    def holds(self, case: Case) -> bool:
        """Tell whether so many recipes were fine-tuned, and so many of them without a control."""
        runs = [run for run in finished(case.evidence.records) if run.stage == "compress" and run.footprint]
        models = {run.number: _part(run.params, "model") for run in case.evidence.records}
        controls = {_start(run) for run in runs if _tuned(run) and not _done(run)}
        recipes: dict[str, list[Record]] = defaultdict(list)
        for run in runs:
            student = models.get(run.source or 0) != _part(run.params, "model")
            if _tuned(run) and (_done(run) or student):
                recipes[str(sorted((key, str(value)) for key, value in run.params.items()))].append(run)
        bare = [
            {run.number for run in group}
            for group in recipes.values()
            if not any(_done(run) and _start(run) in controls for run in group)
        ]
        return (
            (self.tuned, self.bare) == (len(recipes), len(bare))
            and self.passed == (not bare)
            and (not bare or any(numbers.issuperset(self.trials or (-1,)) for numbers in bare))
        )


@dataclass(frozen=True, kw_only=True)
class CompressionSeeds(Check):
    """Compression seeds: on how many trained models the advised compression was measured."""

    name: ClassVar[str] = "compression seeds"
    model: str
    """The advised compression in words."""
    seeds: int
    wanted_seeds: int

    @property
    def message(self) -> str:
        return f"{self.model} was measured on {several(self.seeds, 'seed')} ({trials(self.trials)})"

    @property
    def fix(self) -> str:
        return "compress the models of the other seeds alike: what one loses may be luck"

    def holds(self, case: Case) -> bool:
        """Tell whether the advised model's trials are of so many seeds."""
        advised, runs = case.answer.compression, case.runs(self.trials)
        return (
            advised is not None
            and (advised.name, advised.trials) == (self.model, self.trials)
            and all(run.stage == "compress" and run.state == "complete" for run in runs)
            and self.seeds == len({run.seed for run in runs})
            and self.passed == (self.seeds >= self.wanted_seeds)
        )


def _part(params: Mapping[str, Any], axis: str) -> tuple[tuple[str, str], ...]:
    """Return an axis of a recipe with its settings."""
    return tuple(sorted((key, str(value)) for key, value in params.items() if key.split(".", 1)[0] == axis))


def _tuned(run: Record) -> bool:
    return str(run.params.get("finetuning", "none")) not in {"", "none"}


def _done(run: Record) -> bool:
    return any(str(run.params.get(axis, "none")) not in {"", "none"} for axis in PASSES)


def _start(run: Record) -> tuple[Any, ...]:
    """Return what a fine-tuned model shares with its control: the trained weights and the fine-tuning."""
    return run.source, run.seed, _part(run.params, "model"), _part(run.params, "finetuning")
