"""Targets and splits: what is predicted, and which rows train, validate and test.

They are 60, 20 and 20 %, the same in every class.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.number_writing import PLAIN, NumberWriting
from studies.data.columns.reading import LARGEST
from studies.data.columns.text_writing import label
from studies.data.target_column import classes_of, read_target
from studies.data.target_encoder import TargetEncoder
from studies.errors import BadWorkload
from studies.quantities import several

FEWEST_ROWS: Final = 10
HELD_OUT: Final = 0.2
"""Share of the rows that validate, and again that test."""
RARE: Final = 3
"""A class with fewer rows than this cannot stand in all three parts: it only trains."""

Rows = NDArray[np.int64]
Amount = float | NDArray[np.float64]
"""One number, or one for each output."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Targets:
    """The target of every row that has one."""

    rows: Rows
    """Positions, among all rows, of those that have a target."""
    codes: NDArray[np.int64]
    """The class of each of them; all 0 in regression."""
    amounts: NDArray[np.float64]
    """The numbers of each of them, of the shape (rows, outputs); empty in classification."""
    classes: tuple[str, ...]
    """Labels in the order of their codes; empty in regression."""
    free: bool = False
    """Whether they are for an own loss, in a form of their own."""
    values: Any = None
    """Free targets as they came; None for the inputs in their place."""
    writing: NumberWriting = field(default_factory=NumberWriting)
    """How amounts are written, and the words that mean a gap."""

    @property
    def may_be_either(self) -> bool:
        """Return whether they are numbers that may be classes or amounts, so that it is worth a word."""
        if not self.classes:
            return bool((self.amounts % 1 == 0).all())
        return len(self.classes) > 2 and all(map(PLAIN.fullmatch, self.classes))

    def encoder(self, mean: Amount, scale: Amount) -> TargetEncoder:
        """Return what turns targets into those that `for_training` gives, by the two that it took out."""
        if self.classes:
            return TargetEncoder(classes=self.classes, writing=self.writing)
        return TargetEncoder(
            means=tuple(np.atleast_1d(mean).tolist()),
            scales=tuple(np.atleast_1d(scale).tolist()),
            writing=self.writing,
        )

    def for_training(self, train: Rows) -> tuple[Any, Amount, Amount]:
        """Return the codes, or the amounts standardised by the training rows.

        With them come the mean and the scale that were taken out.
        """
        if self.free:
            return self.values, 0.0, 1.0
        if self.classes:
            return self.codes, 0.0, 1.0
        if self.amounts.shape[1] == 1:
            mean = float(self.amounts[train].mean())
            scale = float(self.amounts[train].std()) or 1.0
            return ((self.amounts - mean) / scale).astype(np.float32), mean, scale
        means, scales = self.amounts[train].mean(axis=0), self.amounts[train].std(axis=0)
        scales = np.where(scales > 0, scales, 1.0)
        return ((self.amounts - means) / scales).astype(np.float32), means, scales


@dataclass(frozen=True, kw_only=True, eq=False)
class Split:
    """Row numbers of the three parts, in random order; every row is in one of them."""

    train: Rows
    valid: Rows
    test: Rows


def check_enough(rows: int, which: str = "") -> None:
    """Raise BadWorkload for fewer rows than three parts can be drawn from."""
    if rows < FEWEST_ROWS:
        raise BadWorkload(f"{several(rows, 'row')}{which}; at least {FEWEST_ROWS} are needed: add rows")


def read_targets(
    column: pd.Series[Any], task: str, notes: list[str], missing: tuple[str, ...] = ()
) -> Targets:
    """Read the column to predict, as labels or as amounts; rows without one are dropped.

    Raises:
        BadWorkload: nothing to predict, or text where amounts are asked for.
    """
    noun = "the target" if column.name is None else f"target '{' '.join(str(column.name).split())}'"
    target = read_target(column, noun, task, notes, missing)
    read = target.values
    values_read = read[read.notna()]
    if dropped := len(read) - len(values_read):
        notes.append(f"Left out {dropped} of {len(read)} rows: {noun} is missing there.")
    check_enough(len(values_read), f" with a value of {noun}")
    if values_read.nunique() == 1:
        raise BadWorkload(
            f"{noun} is '{label(values_read.iloc[0])}' in every row; "
            "a target needs two values or more: choose another column"
        )
    rows = np.flatnonzero(read.notna())
    writing = target.writing if isinstance(target.writing, NumberWriting) else NumberWriting(missing=missing)
    if target.task == "regression":
        return Targets(
            rows=rows,
            codes=np.zeros(len(values_read), np.int64),
            amounts=values_read.to_numpy(np.float64)[:, None],
            classes=(),
            writing=writing,
        )
    codes, classes = classes_of(values_read)
    _check_classes(np.bincount(codes), noun)
    return Targets(rows=rows, codes=codes, amounts=np.empty(0), classes=classes, writing=writing)


def read_amounts(table: NDArray[Any], task: str, notes: list[str]) -> Targets:
    """Read several columns to predict, all of them amounts; rows without one of them are dropped.

    Raises:
        BadWorkload: classification, text, infinite numbers, or a column that is the same in every row.
    """
    if task == "classification" or table.dtype.kind not in "fiub":
        raise BadWorkload(
            f"targets of the shape {table.shape} are more than one a row; "
            "only regression on numbers takes these"
        )
    amounts = table.astype(np.float64)
    rows = np.flatnonzero(~np.isnan(amounts).any(axis=1))
    if dropped := len(amounts) - len(rows):
        notes.append(f"Left out {dropped} of {len(amounts)} rows: a target is missing there.")
    check_enough(len(rows), " with a value of every target")
    present = amounts[rows]
    if (np.abs(present) > LARGEST).any():
        raise BadWorkload(f"the targets hold numbers beyond {LARGEST:.1e}; correct these or leave them empty")
    for number, column in enumerate(present.T):
        if np.ptp(column) == 0:
            raise BadWorkload(
                f"target {number} is {column[0]:g} in every row; "
                "a target needs two values or more: leave it out"
            )
    return Targets(rows=rows, codes=np.zeros(len(rows), np.int64), amounts=present, classes=())


def split_rows(groups: NDArray[np.int64], *, seed: int) -> Split:
    """Draw the three parts from each group of rows alike.

    `groups` holds the class of each row, all 0 for one group.
    """
    generator = np.random.default_rng(seed)
    shuffled = generator.permutation(len(groups)).astype(np.int64)
    parts = [_cut(shuffled[groups[shuffled] == group]) for group in np.unique(groups)]
    train, valid, test = (generator.permutation(np.concatenate(rows)) for rows in zip(*parts, strict=True))
    return Split(train=train, valid=valid, test=test)


def keep_rows(parts: NDArray[np.int64], groups: NDArray[np.int64], *, seed: int) -> Split:
    """Keep a split that came with the data: 0, 1 and 2 for the rows of train, valid and test.

    A part that is missing is drawn from train.

    Raises:
        BadWorkload: a given part without rows, or no rows left to train on.
    """
    if not (parts == 0).any():
        raise BadWorkload("no row trains; give rows to train on")
    drawn = split_rows(groups[parts == 0], seed=seed)
    train_rows = np.flatnonzero(parts == 0)
    fixed = [np.flatnonzero(parts == part) for part in (1, 2)]
    valid, test = (
        train_rows[rows] if not len(part) else part
        for rows, part in zip((drawn.valid, drawn.test), fixed, strict=True)
    )
    left = np.setdiff1d(train_rows, np.concatenate([valid, test]))
    if not (len(left) and len(valid) and len(test)):
        raise BadWorkload(
            f"{len(train_rows)} rows to train on are too few to draw the missing parts from; "
            "give valid and test, or more"
        )
    return Split(train=np.random.default_rng(seed).permutation(left), valid=valid, test=test)


def redraw_rows(split: Split, groups: NDArray[np.int64], *, seed: int) -> Split:
    """Draw the rows that train and validate anew, as many of each group as before; those that test stay."""
    generator = np.random.default_rng(seed)
    both = generator.permutation(np.sort(np.concatenate([split.train, split.valid])))
    train, valid = [], []
    for group in np.unique(groups[both]):
        rows, held_out = both[groups[both] == group], int((groups[split.valid] == group).sum())
        valid.append(rows[:held_out])
        train.append(rows[held_out:])
    drawn = (generator.permutation(np.concatenate(rows)) for rows in (train, valid))
    return Split(train=next(drawn), valid=next(drawn), test=split.test)


def note_rare(targets: Targets, notes: list[str]) -> None:
    """Say which classes are too rare to stand in all three parts of a drawn split."""
    counts = np.bincount(targets.codes, minlength=len(targets.classes))
    if rare := [label for label, count in zip(targets.classes, counts, strict=False) if count < RARE]:
        listed = ", ".join(rare[:10]) + (f" and {len(rare) - 10} more" if len(rare) > 10 else "")
        notes.append(f"Classes with fewer than {RARE} rows are in the training part only: {listed}.")


def _cut(rows: Rows) -> tuple[Rows, Rows, Rows]:
    held_out = 0 if len(rows) < RARE else max(1, int(len(rows) * HELD_OUT + 0.5))
    return rows[2 * held_out :], rows[:held_out], rows[held_out : 2 * held_out]


def _check_classes(counts: NDArray[np.int64], noun: str) -> None:
    if counts.max() < RARE:
        raise BadWorkload(
            f"{noun} has {len(counts)} classes in {counts.sum()} rows, none with {RARE} rows; "
            "choose another target or add rows"
        )
