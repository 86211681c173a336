"""Target column: labels with their spelling, or amounts, as the task or most of its values say."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.cells import check_single, first_where, is_gap_word, is_text
from studies.data.columns.number_writing import PLAIN, NumberWriting, tell_numbers
from studies.data.columns.reading import (
    DATES,
    NUMBERS,
    NUMERIC_SHARE,
    check_filled,
    check_finite,
    gap_notes,
    number_words,
    read_as,
    read_typed,
)
from studies.data.columns.text_writing import TextWriting, label
from studies.errors import BadWorkload

MOST_CODES: Final = 20
"""More different whole numbers than this are amounts, not classes."""
AS_CLASSES: Final = "use --task classification"
"""The way out where text was to be amounts."""
ROWS_A_CODE: Final = 10
"""Whole numbers with fewer rows each than this are amounts, unless there are but two of them."""
CODE: Final = re.compile(r"0\d+")
"""A whole number that is written as a code."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetColumn:
    """Target as it was read: amounts or labels, a gap is NaN."""

    task: str
    """classification | regression"""
    values: pd.Series[Any]
    """float64 in regression, and of numbers that are classes; else labels as written."""
    writing: NumberWriting | TextWriting


def read_target(
    column: pd.Series[Any], noun: str, task: str, notes: list[str], missing: tuple[str, ...] = ()
) -> TargetColumn:
    """Read the column to predict; what was decided goes to the notes.

    Args:
        column: as it came.
        noun: what to call it in a sentence.
        task: auto, classification or regression.
        notes: of what was decided.
        missing: words of the user's that mean a gap.

    Raises:
        BadWorkload: nothing to predict, dates, or text where amounts are asked for.
    """
    if _is_boolean(column) and task != "regression":
        return _labels(column.astype(object).map(str, na_action="ignore"), noun, missing)
    if not is_text(column) or types.infer_dtype(column, skipna=True) in {*NUMBERS, *DATES, "boolean"}:
        return _of_type(column, noun, task, notes, missing)
    check_single(column, noun)
    if task == "classification":
        target = _labels(column, noun, missing)
        _note_spellings(target.values.dropna().unique(), noun, notes)
        return target
    return _of_cells(column, noun, task, notes, missing)


def _is_boolean(column: pd.Series[Any]) -> bool:
    return types.infer_dtype(column, skipna=True) == "boolean"


def _labels(column: pd.Series[Any], noun: str, missing: tuple[str, ...]) -> TargetColumn:
    writing = TextWriting(missing=missing)
    values = writing.read(column)
    check_filled(values, noun)
    return TargetColumn(task="classification", values=values, writing=writing)


def _of_type(
    column: pd.Series[Any], noun: str, task: str, notes: list[str], missing: tuple[str, ...]
) -> TargetColumn:
    """Read a target that came as numbers, truths or dates."""
    typed = read_typed(column, noun, missing)
    check_filled(typed.values, noun)
    if typed.kind == "date":
        raise BadWorkload(_dates_refused(noun))
    task = tell_task(typed.values.dropna(), noun, notes) if task == "auto" else task
    writing = NumberWriting(missing=missing)
    return TargetColumn(task=task, values=read_as(writing, column), writing=writing)


def _dates_refused(noun: str) -> str:
    return f"{noun} holds dates; choose another target, or derive a number or a label from it"


def _of_cells(
    column: pd.Series[Any], noun: str, task: str, notes: list[str], missing: tuple[str, ...]
) -> TargetColumn:
    """Read a target that came as text: amounts where it says numbers, else labels."""
    labels = _labels(column, noun, missing)
    text = labels.values
    counts = text.value_counts(sort=False)
    cells = [str(cell) for cell in counts.index if not is_gap_word(str(cell))]
    numbers = tell_numbers(cells, missing)
    whole = numbers is not None and not numbers.slips and len(numbers.units) < 2
    if not whole and task == "auto" and not _nearly(numbers, counts, cells):
        if read_typed(column, noun, missing).kind == "date":
            raise BadWorkload(_dates_refused(noun))
        _note_spellings(map(str, counts.index), noun, notes)
        return labels
    if numbers is None or not whole:
        slips = set(cells) if numbers is None or len(numbers.units) > 1 else set(numbers.slips)
        raise BadWorkload(
            f"{noun} is text, {first_where(text, text.isin(slips))}; regression needs numbers: "
            f"{AS_CLASSES}, or --missing with the words that mean a gap"
        )
    amounts = pd.Series(numbers.writing.read(column), index=column.index, name=column.name)
    check_finite(amounts, noun)
    if task == "auto" and _are_classes(amounts.dropna(), cells, noun, notes):
        _note_spellings(map(str, counts.index), noun, notes)
        return labels
    notes += number_words(numbers, cells, noun)[1]
    _note_gaps(counts, noun, notes)
    return TargetColumn(task="regression", values=amounts, writing=numbers.writing)


def _nearly(numbers: Any, counts: pd.Series[int], cells: list[str]) -> bool:
    """Return whether nearly all of the rows say numbers, so that the rest are slips."""
    if numbers is None or len(numbers.units) > 1:
        return False
    rows = int(counts[cells].sum())
    return int(counts[list(numbers.slips)].sum()) <= (1 - NUMERIC_SHARE) * rows


def _are_classes(amounts: pd.Series[Any], cells: list[str], noun: str, notes: list[str]) -> bool:
    if any(CODE.fullmatch(cell) for cell in cells):
        notes.append(
            f"Took {noun}, whole numbers with zeros before them, for classes; "
            "--task regression says otherwise."
        )
        return True
    return tell_task(amounts, noun, notes) == "classification"


def _note_gaps(counts: pd.Series[int], noun: str, notes: list[str]) -> None:
    gaps = [str(cell) for cell in counts.index if is_gap_word(str(cell))]
    notes += gap_notes(gaps, counts, noun)


def _note_spellings(labels: Iterable[Any], noun: str, notes: list[str]) -> None:
    """Say which labels are likely one class, or a gap, and are classes as written all the same."""
    written = [str(value) for value in labels]
    same = defaultdict[str, list[str]](list)
    for value in written:
        same[f"{float(value):g}" if PLAIN.fullmatch(value) else value.casefold()].append(value)
    if twice := next((values for values in same.values() if len(values) > 1), None):
        listed = ", ".join(map(repr, twice[:4]))
        notes.append(f"Labels of {noun} that are written differently are classes of their own: {listed}.")
    if gaps := [value for value in written if is_gap_word(value)]:
        listed = ", ".join(map(repr, gaps[:4]))
        notes.append(
            f"{listed} of {noun} {'is a class' if len(gaps) == 1 else 'are classes'} as written; "
            f"--missing {','.join(gaps[:4])} takes {'it for a gap' if len(gaps) == 1 else 'them for gaps'}."
        )


def tell_task(column: pd.Series[Any], noun: str, notes: list[str]) -> str:
    """Return whether numbers are classes or amounts, and say so where it is not plain."""
    if (column % 1 != 0).any():
        return "regression"
    count = column.nunique()
    if count == 2:
        return "classification"
    labels = count <= MOST_CODES and len(column) >= count * ROWS_A_CODE
    task, other = ("classification", "regression") if labels else ("regression", "classification")
    notes.append(f"Took {noun}, {count} different whole numbers, for {task}; --task {other} says otherwise.")
    return task


def classes_of(values: pd.Series[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return the code of each label, and the labels in the order of their codes.

    Numbers are sorted as such, text by its letters; labels that are written differently are different.
    """
    if types.is_numeric_dtype(values.dtype):
        numbers, codes = np.unique(values.to_numpy(), return_inverse=True)
        return codes.astype(np.int64), tuple(map(label, numbers.tolist()))
    written = sorted(map(str, values.unique()))
    if all(PLAIN.fullmatch(value) for value in written):
        written.sort(key=float)
    codes = pd.Index(written, dtype=object).get_indexer(pd.Index(values.to_numpy(object), dtype=object))
    return codes.astype(np.int64), tuple(written)
