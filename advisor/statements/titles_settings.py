"""Titles on settings: where the best search trial lies, which settings matter, and ends of ranges."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from advisor.report.numbers import number
from advisor.statements.recomputed import whole_runs
from advisor.statements.statement import Case, Statement
from advisor.statements.titles_trials import named, opening, part, shown
from studies import catalogue
from studies.errors import StudyError
from studies.quantities import listed, several
from studies.record import Record

DECAY: Final = "weight decay in torch"
"""Stands for the weight decay that torch takes, which follows from several settings."""
MOST: Final = 3
"""Settings that a title names."""
FIXED: Final = ("epochs",)
"""Numbers of a recipe that no search varies."""


def torch_decay(run: Record) -> float | None:
    """Return the weight decay that torch takes, written in the recipe or made of its other settings."""
    start = f"optimizer.{run.optimizer}."
    fields = {key[len(start) :]: value for key, value in run.params.items() if key.startswith(start)}
    if "weight_decay" in fields or not run.curve:
        return fields.get("weight_decay")
    last = run.curve[-1]
    steps = last.step * int(run.params.get("epochs", last.epoch)) // last.epoch
    try:
        choice: Any = catalogue.find("optimizer", run.optimizer).from_fields(fields)
    except StudyError:
        return None
    decay: float | None = choice.in_torch(steps).get("weight_decay") if steps else None
    return decay


@dataclass(frozen=True, kw_only=True)
class NothingVaried(Statement):
    """Nothing varied: no number differs among the ended search trials of an optimizer, or of any."""

    def __str__(self) -> str:
        return "No number has been varied yet"

    def holds(self, case: Case) -> bool:
        """Every number of their recipes is the same, but for what is fixed."""
        values: dict[tuple[str, str], set[float]] = defaultdict(set)
        for run in _ended(case, self.subjects):
            for key, value in run.params.items():
                if isinstance(value, (int, float)) and not isinstance(value, bool) and key not in FIXED:
                    values[run.optimizer, key].add(value)
        return all(len(each) == 1 for each in values.values())


@dataclass(frozen=True, kw_only=True)
class NoPair(Statement):
    """No pair: no whole run of an optimizer has a learning rate and a weight decay that vary."""

    def __str__(self) -> str:
        return "No whole run with a learning rate and a weight decay that vary yet"

    def holds(self, case: Case) -> bool:
        """One of the two is the same everywhere, or no whole run has both."""
        runs = _ended(case, self.subjects)
        rates = {run.number: run.params.get(f"optimizer.{run.optimizer}.lr") for run in runs}
        decays = {run.number: torch_decay(run) for run in runs}
        apart = all(len({value for value in each.values() if value}) > 1 for each in (rates, decays))
        both = [run for run in shown(case, "search") if rates.get(run.number) and decays.get(run.number)]
        return not apart or not both


def _ended(case: Case, optimizers: Sequence[str]) -> list[Record]:
    return [
        run
        for run in case.evidence.records
        if run.searched and run.state != "running" and (not optimizers or run.optimizer in optimizers)
    ]


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingValue:
    """Setting value: a setting of a recipe and its value."""

    key: str
    """Of the flat recipe, or `DECAY`."""
    label: str
    value: float

    def __str__(self) -> str:
        return f"{self.label} {number(self.value)}"

    def is_set(self, run: Record) -> bool:
        """Tell whether a run has the setting; a weight decay of 0 in torch is none."""
        value = self.of(run)
        return bool(value) if self.key == DECAY else value is not None

    def of(self, run: Record) -> float | None:
        """Return the value of a run, read off its recipe."""
        value = torch_decay(run) if self.key == DECAY else run.params.get(self.key)
        return None if value is None else float(value)


@dataclass(frozen=True, kw_only=True)
class BestSettings(Statement):
    """Best settings: where the best search trial lies; its first trial is that, the others are as good."""

    metric: str
    quality: float
    settings: tuple[SettingValue, ...]
    whole_runs: int
    """That are compared."""
    optimizers: int = 1
    """Of these runs."""
    of: tuple[str, ...] = ()
    """The optimizer whose runs they are; empty for those of all."""
    only_with_them: bool = False
    """Whether only runs with all of these settings are compared."""
    fewest: int = 0
    """Whole runs that it takes to draw a surface."""

    def __str__(self) -> str:
        best = f"{self.metric} {number(self.quality)}"
        at = f" at {listed([str(setting) for setting in self.settings])}" if self.settings else ""
        few = f"; {several(self.whole_runs, 'whole run')} {'is' if self.whole_runs == 1 else 'are'} too few"
        end = f"{few} for a surface" if self.whole_runs < self.fewest else ""
        if len(self.trials) == 1:
            return f"Best search trial: {self.subjects[0]}, {best}{at}{end}"
        names = named(self.subjects, self.optimizers)
        reach = f"{opening(part(len(self.trials), self.whole_runs))} reach {best} ({names})"
        return f"{reach}{', the first' if at else ''}{at}{end}"

    def holds(self, case: Case) -> bool:
        """No search trial is better, as many are as good, and the first has these settings."""
        runs = [run for run in shown(case, "search") if not self.of or run.optimizer in self.of]
        if self.only_with_them:
            runs = [run for run in runs if all(setting.is_set(run) for setting in self.settings)]
        best = case.evidence.direction.best(run.measured_quality for run in runs)
        reach = sorted(run.number for run in runs if run.quality == best)
        (first,) = case.runs(self.trials[:1])
        return (
            best == self.quality
            and tuple(reach) == self.trials
            and {run.optimizer for run in case.runs(self.trials)} == set(self.subjects)
            and all(setting.of(first) == setting.value for setting in self.settings)
            and (self.whole_runs, self.optimizers) == (len(runs), len({run.optimizer for run in runs}))
        )


@dataclass(frozen=True, kw_only=True)
class BestShare(Statement):
    """Best share: how many runs of an optimizer are drawn as its best, none cut off that is as good."""

    metric: str
    whole_runs: int
    worst_quality: float
    """Of the best ones."""

    def __str__(self) -> str:
        name, count = self.subjects[0], len(self.trials)
        if self.whole_runs == 1:
            return f"{name}: its only whole run, setting by setting"
        if count == self.whole_runs:
            return f"{name}: {part(count, count)}, none apart from the others by its {self.metric}"
        best = "the best" if count == 1 else f"the best {count}"
        return f"{name}: {best} of {self.whole_runs} whole runs, setting by setting"

    def holds(self, case: Case) -> bool:
        """These runs are those at least as good, and no fewer would do."""
        direction = case.evidence.direction
        runs = [run for run in shown(case, "search") if run.optimizer == self.subjects[0]]
        best = {run.number for run in runs if not direction.better(self.worst_quality, run.quality)}
        return self.whole_runs == len(runs) and best == set(self.trials)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingShare:
    """Setting share: how much of the spread in quality goes with a setting, and what chance exceeds."""

    label: str
    share: float
    """Of the variance of the ranks, 0 to 1."""
    chance: float
    """What a setting without any effect exceeds once in 20."""


@dataclass(frozen=True, kw_only=True)
class SettingsMatter(Statement):
    """Settings matter: those of an optimizer that more of the spread goes with than by chance."""

    beyond_chance: tuple[SettingShare, ...]
    """The largest first."""
    compared: int
    """Settings whose share is known."""
    runs: int
    """Whole runs."""
    enough: int
    """Whole runs below which shares mean little."""

    def __str__(self) -> str:
        name = self.subjects[0] if self.subjects else "No optimizer"
        if not self.compared:
            return f"{name}: too few whole runs to tell which setting matters"
        few = f", and {several(self.runs, 'whole run')} tell little" if self.runs < self.enough else ""
        if not self.beyond_chance:
            return f"{name}: no setting stands out from chance{few}"
        verb = "matters" if len(self.beyond_chance) == 1 else "matter"
        return f"{name}: {self._labels()} {verb} most{few}"

    def _labels(self) -> str:
        labels = [setting.label for setting in self.beyond_chance]
        more = len(labels) - MOST
        return listed(labels) if more <= 0 else listed(labels[:MOST])

    def holds(self, case: Case) -> bool:
        """Each share is above its own chance line, in falling order, and no more runs there are."""
        shares = [setting.share for setting in self.beyond_chance]
        runs = whole_runs(case.evidence, self.subjects[0]) if self.subjects else []
        return (
            all(setting.chance < setting.share <= 1 + 1e-9 for setting in self.beyond_chance)
            and shares == sorted(shares, reverse=True)
            and len(shares) <= self.compared
            and self.runs <= len(runs)
            and all(self._recomputed(runs, setting) for setting in self.beyond_chance)
        )

    def _recomputed(self, runs: list[Any], setting: SettingShare) -> bool:
        """Tell whether a choice's share is what Kruskal and Wallis's statistic makes of the runs."""
        key = setting.label.replace(" ", "_")
        groups: dict[str, list[float]] = defaultdict(list)
        qualities = [run.quality for run in runs]
        for run in runs:
            if isinstance(run.params.get(key), (str, bool)):
                below, equal = (
                    sum(other < run.quality for other in qualities),
                    sum(other == run.quality for other in qualities),
                )
                groups[str(run.params[key])].append(below + equal / 2)
        ranks = [rank for group in groups.values() for rank in group]
        if len(groups) < 2 or len(ranks) != len(runs):
            return True
        mean = sum(ranks) / len(ranks)
        between = sum(len(group) * (sum(group) / len(group) - mean) ** 2 for group in groups.values())
        total = sum((rank - mean) ** 2 for rank in ranks)
        return math.isclose(between / total, setting.share, rel_tol=1e-6)


@dataclass(frozen=True, kw_only=True)
class RangeEnd(Statement):
    """Range end: a setting of an optimizer's best search trial lies on the end of its range."""

    coordinate: str
    """Of the space that the sampler searches."""
    label: str
    value: Any
    end: Literal["lower", "upper"]
    span: str
    """The range that was searched; empty when nobody knows."""

    def __str__(self) -> str:
        value = number(self.value) if isinstance(self.value, float) else self.value
        of = f" of {self.span}" if self.span else ""
        place = f"the {self.end} end of its range{of}"
        return f"{self.subjects[0]}, trial {self.trials[0]}: {self.label} {value}, {place}"

    def holds(self, case: Case) -> bool:
        """No search trial of it is better, and its value lies within a hundredth of the range of that end."""
        runs = whole_runs(case.evidence, self.subjects[0])
        best = case.evidence.direction.best(run.measured_quality for run in runs)
        (run,) = case.runs(self.trials)
        sign = 1 if self.end == "upper" else -1
        return run.quality == best and sign * run.units[self.coordinate] > 0.98
