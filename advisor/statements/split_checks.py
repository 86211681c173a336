"""Checks of the split: dates, shared keys, tell-tale columns, repeated rows, a large class, a heavy tail."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import ClassVar, Final

from advisor.report.numbers import number, percent
from advisor.statements.check import Check
from advisor.statements.recomputed import same
from advisor.statements.statement import Case
from studies.quantities import listed, several
from studies.split_facts import TAIL_ROWS, SplitFacts

PAST: Final = 0.5
"""Share of the validation rows older than the newest training row, above which the split is no forecast."""
REPEATED: Final = 0.02
"""Share of the validation rows that train too above which their metric is flattered (judged)."""
LARGE: Final = 0.9
"""Share of a class above which accuracy says little."""
HEAVY: Final = 0.25
"""Share of the squared deviation that three rows may make (judged)."""
HEAVIER: Final = 1.5
"""Times over the share in a bell curve that it must be as well (judged)."""
SQUARED: Final = ("rmse", "r2")
"""Metrics that count squared errors."""


@dataclass(frozen=True, kw_only=True)
class SplitAcrossDates(Check):
    """A column of dates, and rows drawn at random."""

    name: ClassVar[str] = "order in time"
    column: str
    first: str
    last: str
    past_share: float

    @property
    def message(self) -> str:
        """Return what is the case, with the numbers."""
        return (
            f"'{self.column}' runs from {self.first} to {self.last} and the rows were drawn at random: "
            f"{percent(self.past_share)} of the validation rows are older than the newest training row"
        )

    @property
    def fix(self) -> str:
        """Return what to do when it failed."""
        return "if new rows will be later ones, train on the past"

    def holds(self, case: Case) -> bool:
        """Compare with the facts of the split."""
        facts = _facts(case)
        figures = (self.column, self.first, self.last, self.past_share)
        columns = [(each.name, each.first, each.last, each.past_share) for each in facts.dates]
        return facts.way == "random" and figures in columns and self.passed == (self.past_share <= PAST)


@dataclass(frozen=True, kw_only=True)
class SharedKey(Check):
    """A key that rows of training and of validation share."""

    name: ClassVar[str] = "shared keys"
    column: str
    groups: int
    rows: int
    shared_valid_rows: int
    valid_rows: int

    @property
    def message(self) -> str:
        """Return what is the case, with the numbers."""
        return (
            f"{self.shared_valid_rows} of {several(self.valid_rows, 'validation row')} share their "
            f"'{self.column}' with a training row "
            f"({several(self.groups, 'value')} in {several(self.rows, 'row')})"
        )

    @property
    def fix(self) -> str:
        """Return what to do when it failed."""
        return f"if new rows will have another '{self.column}', put all rows of one into one part"

    def holds(self, case: Case) -> bool:
        """Compare with the facts of the split."""
        facts = _facts(case)
        figures = (self.column, self.groups, self.rows, self.shared_valid_rows)
        keys = [(key.name, key.groups, key.rows, key.shared_valid_rows) for key in facts.keys]
        alike = self.valid_rows == facts.valid_rows and facts.way == "random"
        return alike and figures in keys and self.passed == (self.shared_valid_rows == 0)


@dataclass(frozen=True, kw_only=True)
class TargetGivenAway(Check):
    """Columns that tell the target by themselves; none is what is hoped for."""

    name: ClassVar[str] = "columns that tell the target"
    columns: tuple[str, ...] = ()
    least_share: float | None = None
    """Of the rows that each of them tells, in regression of the variance; None where there is none."""
    classes: bool
    """Whether the target is a class."""

    @property
    def message(self) -> str:
        """Return what is the case, with the numbers."""
        if self.least_share is None:
            return "no column tells the target by itself"
        what = f"the class of {percent(self.least_share)} of the rows"
        if not self.classes:
            what = f"{percent(self.least_share)} of the variance of the target"
        noun = "tells" if len(self.columns) == 1 else "each tell"
        columns = listed([f"'{column}'" for column in self.columns])
        return f"{columns} {noun} {what} without the other columns"

    @property
    def fix(self) -> str:
        """Return what to do when it failed."""
        return "leave out what is only known once the target is"

    def holds(self, case: Case) -> bool:
        """Compare with the facts of the split."""
        leaks = {leak.column: leak.right_share for leak in _facts(case).leaks}
        least = min(leaks.values()) if leaks else None
        same = (set(self.columns), self.least_share) == (set(leaks), least)
        return same and self.passed == (not leaks) and self.classes == (case.evidence.facts.classes > 0)


@dataclass(frozen=True, kw_only=True)
class RepeatedRows(Check):
    """Rows of validation and test that train too."""

    name: ClassVar[str] = "repeated rows"
    repeated_valid_rows: int
    valid_rows: int
    repeated_test_rows: int
    test_rows: int

    @property
    def message(self) -> str:
        """Return what is the case, with the numbers."""
        valid = f"{self.repeated_valid_rows} of {several(self.valid_rows, 'validation row')}"
        test = f"{self.repeated_test_rows} of {several(self.test_rows, 'test row')}"
        return f"{valid} and {test} have a twin that trains, the same in every input and in the target"

    @property
    def fix(self) -> str:
        """Return what to do when it failed."""
        return "leave out repeated rows, unless different cases may be alike in every input"

    def holds(self, case: Case) -> bool:
        """Compare with the facts of the split."""
        facts = _facts(case)
        figures = (self.repeated_valid_rows, self.valid_rows, self.repeated_test_rows, self.test_rows)
        known = (facts.repeated_valid_rows, facts.valid_rows, facts.repeated_test_rows, facts.test_rows)
        few = all(
            twins * 100 <= rows * 100 * REPEATED
            for twins, rows in ((known[0], known[1]), (known[2], known[3]))
        )
        return figures == known and self.passed == few


@dataclass(frozen=True, kw_only=True)
class LargeClass(Check):
    """A class that most rows have, where accuracy is the metric."""

    name: ClassVar[str] = "a large class"
    label: str
    share: float
    balanced_accuracy: float
    """Of a model that always says this class."""

    @property
    def message(self) -> str:
        """Return what is the case, with the numbers."""
        return (
            f"always answering '{self.label}' is right on {percent(self.share)} of the validation rows: "
            f"accuracy {number(self.share)}, balanced accuracy {number(self.balanced_accuracy)}"
        )

    @property
    def fix(self) -> str:
        """Return what to do when it failed."""
        return "judge by balanced accuracy, which counts each class alike"

    def holds(self, case: Case) -> bool:
        """Compare with the facts of the split."""
        facts = _facts(case)
        alike = (self.label, self.share) == (facts.largest_class, facts.largest_class_share)
        balanced = abs(self.balanced_accuracy * facts.present_classes - (self.share > 0)) < 1e-9
        return (
            alike
            and balanced
            and case.evidence.metric == "accuracy"
            and self.passed == (not self.share > LARGE)
        )


@dataclass(frozen=True, kw_only=True)
class HeavyTail(Check):
    """Few validation rows that make most of a squared error."""

    name: ClassVar[str] = "a heavy tail"
    metric: str
    far_rows: int
    """Validation rows furthest from the median."""
    tail_share: float
    """Of the squared deviation from the median that they make."""
    usual_share: float
    """The same in a bell curve with as many rows."""
    valid_rows: int

    @property
    def message(self) -> str:
        """Return what is the case, with the numbers."""
        return (
            f"{self.far_rows} of {self.valid_rows} validation rows make {percent(self.tail_share)} of the "
            f"squared deviation of the target, where a bell curve has {percent(self.usual_share)}; "
            f"{self.metric} counts squares"
        )

    @property
    def fix(self) -> str:
        """Return what to do when it failed."""
        return "judge by mae, or predict the logarithm of the target"

    def holds(self, case: Case) -> bool:
        """Compare with the facts of the split."""
        facts = _facts(case)
        figures = (self.far_rows, self.tail_share, self.valid_rows)
        alike = figures == (TAIL_ROWS, facts.tail_share, facts.valid_rows)
        half = [0.5 + (place + 0.5) / (2 * facts.valid_rows) for place in range(facts.valid_rows)]
        squares = [NormalDist().inv_cdf(share) ** 2 for share in half]
        alike = alike and same(self.usual_share, sum(squares[-TAIL_ROWS:]) / sum(squares))
        heavy = self.tail_share > HEAVY and self.tail_share > HEAVIER * self.usual_share
        return alike and case.evidence.metric == self.metric in SQUARED and self.passed == (not heavy)


def _facts(case: Case) -> SplitFacts:
    return case.evidence.split_facts or SplitFacts()
