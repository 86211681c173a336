"""Reading of a column: numbers, truths, dates or text, as most of its values say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from pandas.api import types

from studies.data.columns.cells import cells_of, check_single, first_where, is_gap_word, is_text
from studies.data.columns.date_writing import DateWriting, first_and_date, tell_dates
from studies.data.columns.number_writing import MOST_UNITS, NumbersTold, NumberWriting, folded, tell_numbers
from studies.data.columns.text_writing import TextWriting
from studies.data.columns.truth_writing import FIGURES, TruthWriting, tell_truths
from studies.errors import BadWorkload
from studies.quantities import several

NUMERIC_SHARE: Final = 0.9
"""Text of which this share, but not all, reads as numbers is a column of numbers with slips."""
LARGEST: Final = float(np.finfo(np.float32).max)
NUMBERS: Final = ("decimal", "integer", "floating", "mixed-integer-float")
DATES: Final = ("date", "datetime", "datetime64")
ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})

Column = pd.Series  # of float64, of datetime64 without a zone, or of text; a gap is NaN or NaT
Writing = NumberWriting | TruthWriting | DateWriting | TextWriting


@dataclass(frozen=True, kw_only=True, eq=False)
class TypedColumn:
    """Column as it was read: its values, how it is written, and what the user should know of that."""

    values: Column[Any]
    writing: Writing
    done: str = ""
    """How it was read, in a clause; empty where that is plain."""
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Return number, truth, date or text."""
        return self.writing.kind


def read_typed(column: Column[Any], noun: str, missing: tuple[str, ...] = ()) -> TypedColumn:
    """Read a column as what most of its values are.

    Args:
        column: the column as it came.
        noun: what to call it in a sentence.
        missing: words of the user's that mean a gap.

    Raises:
        BadWorkload: slips among numbers, a number beyond float32, or values that are no single value.
    """
    if types.is_complex_dtype(column.dtype) or types.infer_dtype(column, skipna=True) == "complex":
        raise BadWorkload(f"{noun} holds complex numbers; give real and imaginary part as two columns")
    typed = _of_type(column, missing) if not is_text(column) else _of_objects(column, noun, missing)
    if types.is_numeric_dtype(typed.values.dtype):
        check_finite(typed.values, noun)
    return typed


def read_column(
    column: Column[Any], noun: str, notes: list[str], missing: tuple[str, ...] = ()
) -> Column[Any]:
    """Return a column as numbers, dates or text; what was decided goes to the notes.

    Raises:
        BadWorkload: as in `read_typed`, or no value at all.
    """
    typed = read_typed(column, noun, missing)
    check_filled(typed.values, noun)
    notes.extend(typed.notes)
    return typed.values


def check_filled(values: Column[Any], noun: str) -> None:
    """Raise BadWorkload for a column without any value."""
    if not values.notna().any():
        raise BadWorkload(f"{noun} has no values at all; fill it in or leave it out")


def check_finite(column: Column[Any], noun: str) -> None:
    """Raise BadWorkload for a number beyond float32."""
    beyond = column.abs() > LARGEST
    if beyond.any():
        raise BadWorkload(
            f"{noun} holds {first_where(column, beyond)}; "
            f"numbers must lie within {LARGEST:.1e}: correct it or leave it empty"
        )


def read_as(writing: Writing, column: Column[Any]) -> Column[Any]:
    """Return the values of a column in a writing."""
    values = writing.read(column)
    return pd.Series(values, index=column.index, name=column.name)


def _typed(column: Column[Any], writing: Writing, done: str = "", *notes: str) -> TypedColumn:
    return TypedColumn(values=read_as(writing, column), writing=writing, done=done, notes=notes)


def _of_type(column: Column[Any], missing: tuple[str, ...]) -> TypedColumn:
    if types.is_bool_dtype(column.dtype):
        return _typed(column, TruthWriting(missing=missing))
    if types.is_datetime64_any_dtype(column.dtype):
        return _typed(column, DateWriting(missing=missing))
    return _typed(column, NumberWriting(missing=missing))


def _of_objects(column: Column[Any], noun: str, missing: tuple[str, ...]) -> TypedColumn:
    inferred = types.infer_dtype(column, skipna=True)
    if inferred == "boolean":
        return _typed(column, TruthWriting(missing=missing))
    if inferred in NUMBERS:
        return _typed(column, NumberWriting(missing=missing))
    if inferred in DATES:
        return _typed(column, DateWriting(missing=missing))
    if inferred == "categorical":
        return _typed(column, TextWriting(missing=missing))
    check_single(column, noun)
    counts = pd.Series(cells_of(column, missing), dtype=object).value_counts(sort=False)
    return _of_cells(column, noun, counts, missing)


def _of_cells(
    column: Column[Any], noun: str, counts: pd.Series[int], missing: tuple[str, ...]
) -> TypedColumn:
    """Read text, whose different cells and their rows are counted."""
    cells = [str(cell) for cell in counts.index if not is_gap_word(str(cell))]
    gaps = [str(cell) for cell in counts.index if is_gap_word(str(cell))]
    gap_said = gap_notes(gaps, counts, noun)
    if truths := tell_truths(cells, missing):
        return _typed(column, truths, "text read as 1 and 0", *_truth_notes(cells, noun), *gap_said)
    unit_notes: tuple[str, ...] = ()
    if numbers := tell_numbers(cells, missing):
        if not numbers.slips and len(numbers.units) < 2:
            done, notes = number_words(numbers, cells, noun)
            return _typed(column, numbers.writing, done, *notes, *gap_said)
        _check_slips(column, noun, numbers, counts, cells)
        unit_notes = tuple(_unit_notes(numbers, noun))
    if dates := tell_dates(cells, np.asarray(counts[cells], dtype=np.int64), missing):
        first, date = first_and_date(cells, dates.writing.way)
        order = "; day and month could be the other way round" if dates.ambiguous else ""
        note = f"Read {noun} as dates, '{first}' as {date}{order}."
        typed = _typed(column, dates.writing, f"read as dates, '{first}' as {date}", note)
        return _with_unreadable(typed, noun, counts, gap_said)
    return _typed(column, TextWriting(missing=missing), "", *unit_notes)


def _with_unreadable(
    typed: TypedColumn, noun: str, counts: pd.Series[int], gap_said: Sequence[str]
) -> TypedColumn:
    gap_rows = sum(int(rows) for cell, rows in counts.items() if is_gap_word(str(cell)))
    unreadable = int(counts.sum()) - gap_rows - int(typed.values.notna().sum())
    note = f"{unreadable} values of {noun} cannot be read as dates and count as missing."
    notes = (*typed.notes, *([note] if unreadable else []), *gap_said)
    return TypedColumn(values=typed.values, writing=typed.writing, done=typed.done, notes=notes)


def _check_slips(
    column: Column[Any], noun: str, numbers: NumbersTold, counts: pd.Series[int], cells: Sequence[str]
) -> None:
    """Raise BadWorkload where nearly all, but not all, of the rows say numbers."""
    rows, slips = int(counts[list(cells)].sum()), int(counts[list(numbers.slips)].sum())
    if rows - slips < NUMERIC_SHARE * rows:
        return
    text = pd.Series(cells_of(column), index=column.index, dtype=object)
    raise BadWorkload(
        f"{noun} has text where numbers are needed: {first_where(text, text.isin(numbers.slips))}; "
        f"correct it, leave it empty, or take it for a gap: --missing {_quoted(numbers.slips[0])}"
    )


def _quoted(word: str) -> str:
    shown = word[:40]
    return shown if shown.isalnum() else f"'{shown}'"


def number_words(numbers: NumbersTold, cells: Sequence[str], noun: str) -> tuple[str, list[str]]:
    """Return how text was read as numbers, in a clause and in notes; nothing where it was plain."""
    writing = numbers.writing
    example = next((cell for cell in cells if _is_special(cell)), None)
    if example is None:
        return "", []
    shown = f"'{example}' as {writing.number(example):.12g}"
    unit = f", without the unit {writing.unit}" if writing.unit else ""
    alike = f"; '{numbers.bare}' has none and counts alike" if numbers.bare else ""
    comma = (
        f"; no value tells that the comma of '{numbers.ambiguous}' parts thousands"
        if numbers.ambiguous
        else ""
    )
    done = f"read as numbers, {shown}{unit}{alike}{comma}"
    return done, [f"{done.replace('read', f'Read {noun}', 1)}."]


def _is_special(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return True
    return False


def _truth_notes(cells: Sequence[str], noun: str) -> list[str]:
    words = {cell.casefold() for cell in cells}
    if not words & FIGURES.keys() and len(words) == 2:
        return []
    return [f"Read {noun} as truths: {', '.join(map(repr, sorted(cells)))} say 1 or 0."]


def _unit_notes(numbers: NumbersTold, noun: str) -> Iterator[str]:
    """Yield that numbers in mixed units are taken for categories, where that is what they are."""
    if not 2 <= len(numbers.units) <= MOST_UNITS or {folded(unit) for unit in numbers.units} <= ORDINALS:
        return
    units = ", ".join(numbers.units)
    subject = f"{noun[0].upper()}{noun[1:]}"
    yield f"{subject} has numbers in different units ({units}), so its values stay text; give one unit."


def gap_notes(gaps: Sequence[str], counts: pd.Series[int], noun: str) -> list[str]:
    """Return how many rows say one of the words that mean a gap."""
    if not gaps:
        return []
    words, rows = ", ".join(map(repr, sorted(gaps)[:5])), int(counts[list(gaps)].sum())
    return [f"{several(rows, 'value')} of {noun} {'says' if rows == 1 else 'say'} {words}: missing."]
