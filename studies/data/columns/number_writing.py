"""Writing of numbers: 1,234 or 1.234,56, $12, 12.5%, (1,200), 12 kg; one way for a whole column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from studies.data.columns.cells import is_text, read_each

LONGEST: Final = 60
"""Characters beyond which a cell is no number."""
SAMPLE: Final = 1000
"""Cells that are looked at first; a column of which few read as numbers is not looked at further."""
MOST_UNITS: Final = 5
"""Different units up to which a column counts as numbers in mixed units rather than as names."""
PLAIN: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?|[-+]?inf(?:inity)?", re.IGNORECASE)
SIGNS: Final = "-+\u2212\u2013"
MINUS: Final = "-\u2212\u2013"
CURRENCY: Final = (
    r"(?:[A-Z]{0,3}[$\u00a2-\u00a5\u058f\u060b\u0e3f\u20a0-\u20c0]|Rs\.?|kr\.?|Fr\.?|z\u0142|K\u010d|"
    r"(?:USD|EUR|GBP|JPY|CNY|CHF|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|INR|BRL|MXN|ZAR|TRY|KRW|SGD|HKD|THB|ILS))"
)
UNIT: Final = (
    r"(?:%|\u2030|sq\.? (?:ft|in|km|mi|m)\.?|[^\W\d_]{1,4}\^?[23]|\u00b0[^\W\d_]?|"
    r"[^\W\d_]+(?:[/\u00b7][^\W\d_]+)?[\u00b2\u00b3.]?)"
)
CELL: Final = re.compile(
    rf"(?P<open>\()?\s?(?P<sign>[{SIGNS}])?\s?(?P<before>{CURRENCY})?\s?(?P<inner>[{SIGNS}])?\s?"
    rf"(?P<body>\d(?:[\d.,'\u2019 ]*\d)?[.,]?|[.,]\d+)(?P<exponent>[eE][-+]?\d{{1,4}})?\s?"
    rf"(?P<trailing>-)?(?P<after>{CURRENCY}|{UNIT})?(?P<close>\))?"
)
UNIT_LETTERS: Final = 12
"""Letters beyond which what stands behind a number is a word and no unit."""


@dataclass(frozen=True, kw_only=True)
class NumberWriting:
    """Writing of numbers in a column: what parts thousands and decimals, and the unit beside them."""

    kind: ClassVar = "number"

    thousands: str = ""
    decimal: str = "."
    unit: str = ""
    """As it is written most; dropped."""
    missing: tuple[str, ...] = ()
    """Words of the user's that mean a gap."""

    def read(self, column: pd.Series[Any]) -> NDArray[np.float64]:
        """Return the numbers of a column, of those trained on or of new rows; NaN where there is none."""
        if types.is_timedelta64_dtype(column.dtype):
            return np.asarray(column.dt.total_seconds(), dtype=np.float64)
        if types.is_numeric_dtype(column.dtype) or types.is_bool_dtype(column.dtype):
            return self._with_gaps(np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan)))
        if not is_text(column):
            return np.full(len(column), np.nan)
        return self._with_gaps(read_each(column, self._value, gap=np.nan, dtype=np.float64))

    def _value(self, value: Any) -> float:
        """Return the number of one entry, which may be text, a number or nothing."""
        if isinstance(value, str):
            cell = " ".join(value.split())
            return np.nan if cell in self.missing else self.number(cell)
        try:
            return float(value)
        except (TypeError, ValueError, OverflowError):
            return np.nan

    def _with_gaps(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the numbers without those that mean a gap, -999 as the user said."""
        numbers = [self.number(word) for word in self.missing]
        if not numbers or np.isnan(numbers).all():
            return values
        return np.where(np.isin(values, numbers), np.nan, values)

    def number(self, cell: str) -> float:
        """Return the number that a cell says in this writing, NaN where it says none."""
        if not self.thousands and self.decimal == "." and PLAIN.fullmatch(cell):
            return float(cell)
        if len(cell) <= LONGEST and (
            usual := _usual(self.thousands, self.decimal, self.unit).fullmatch(cell)
        ):
            return float(usual[1] + self._digits(usual[2]))
        match = _matched(cell)
        if match is None or not _body(self.thousands, self.decimal).fullmatch(match["body"]):
            return np.nan
        unit = _unit(match)
        if unit and folded(unit) != folded(self.unit):
            return np.nan
        value = float(self._digits(match["body"]) + (match["exponent"] or ""))
        return -value if _is_negative(match) else value

    def _digits(self, body: str) -> str:
        """Return the digits of a number as Python reads them."""
        for mark in _spellings(self.thousands):
            body = body.replace(mark, "")
        return body.replace(self.decimal, ".")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self) | {"missing": list(self.missing)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(**(dict(values) | {"missing": tuple(values["missing"])}))


WAYS: Final = (
    ("", "."), (",", "."), ("", ","), (".", ","), (" ", "."), (" ", ","), ("'", "."), ("'", ","),
)  # fmt: skip
"""What parts thousands and decimals; of those that read the most values the first is taken."""


@dataclass(frozen=True, kw_only=True)
class NumbersTold:
    """Numbers told among the cells of a column."""

    writing: NumberWriting
    slips: tuple[str, ...] = ()
    """The cells that it does not read."""
    ambiguous: str = ""
    """A cell that another writing reads too, as another number, where no cell tells which."""
    units: tuple[str, ...] = ()
    """The units beside the numbers, most frequent first."""
    bare: str = ""
    """A number without a unit, where others have one."""


def tell_numbers(cells: Sequence[str], missing: tuple[str, ...] = ()) -> NumbersTold | None:
    """Return the writing that reads most of the different cells, None where few are numbers."""
    sample = cells[:: len(cells) // SAMPLE + 1]
    if not cells or sum(_is_number(cell) for cell in sample) < len(sample) / 2:
        return None
    if all(PLAIN.fullmatch(cell) and len(cell) <= LONGEST for cell in cells):
        return NumbersTold(writing=NumberWriting(missing=missing))
    by_sample = _tell(sample, missing)
    slips = _slips(by_sample.writing, cells)
    return _tell(cells, missing) if slips else by_sample


def _tell(cells: Sequence[str], missing: tuple[str, ...]) -> NumbersTold:
    """Return the writing that reads most of the cells, and which it does not read."""
    matches = [match for cell in cells if (match := _matched(cell))]
    units = _units(matches)
    bodies = [match["body"] for match in matches]
    fits = {way: sum(bool(_body(*way).fullmatch(body)) for body in bodies) for way in WAYS}
    way = max(WAYS, key=lambda candidate: fits[candidate])
    writing = NumberWriting(thousands=way[0], decimal=way[1], unit=units[0] if units else "", missing=missing)
    bare = next((match.string for match in matches if not _unit(match)), "") if units else ""
    return NumbersTold(
        writing=writing,
        slips=_slips(writing, cells),
        ambiguous=_ambiguous(cells, way, fits),
        units=units,
        bare=bare,
    )


def _slips(writing: NumberWriting, cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(cell for cell in cells if np.isnan(writing.number(cell)))


def _units(matches: Sequence[re.Match[str]]) -> tuple[str, ...]:
    """Return the units beside numbers, each in its first spelling, most frequent first."""
    counts, spellings = Counter[str](), dict[str, str]()
    for match in matches:
        if unit := _unit(match):
            counts[folded(unit)] += 1
            spellings.setdefault(folded(unit), unit)
    return tuple(spellings[unit] for unit, _ in counts.most_common())


def _ambiguous(cells: Sequence[str], way: tuple[str, str], fits: Mapping[tuple[str, str], int]) -> str:
    """Return a cell whose comma may part thousands or decimals, where no cell of the column tells which."""
    if way != (",", ".") or fits["", ","] < fits[way]:
        return ""
    return next((cell for cell in cells if "," in cell), "")


def _is_number(cell: str) -> bool:
    return len(cell) <= LONGEST and bool(PLAIN.fullmatch(cell) or _matched(cell))


def _matched(cell: str) -> re.Match[str] | None:
    if len(cell) > LONGEST:
        return None
    match = CELL.fullmatch(cell.removeprefix("'").removeprefix("\u2019"))
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    if match["before"] and match["after"] and not _same_currency(match):
        return None
    if sum(bool(match[part]) for part in ("open", "sign", "inner", "trailing")) > 1:
        return None
    return match if len(match["after"] or "") <= UNIT_LETTERS else None


def _same_currency(match: re.Match[str]) -> bool:
    return folded(match["before"]) == folded(match["after"])


def _is_negative(match: re.Match[str]) -> bool:
    return bool(match["open"] or match["trailing"]) or (match["sign"] or match["inner"] or "+") in MINUS


def _unit(match: re.Match[str]) -> str:
    return str(match["before"] or match["after"] or "")


def folded(unit: str) -> str:
    """Return a unit in one spelling: small letters, no full stop, no plural."""
    plain = unit.casefold().rstrip(".")
    return plain[:-1] if len(plain) > 3 and plain.endswith("s") else plain


def _spellings(thousands: str) -> str:
    return "'\u2019" if thousands == "'" else thousands


def _body(thousands: str, decimal: str) -> re.Pattern[str]:
    return BODIES[thousands, decimal]


@cache
def _usual(thousands: str, decimal: str, unit: str) -> re.Pattern[str]:
    """Return the pattern of most cells of a writing, which need no second look: sign, currency, digits.

    Of the currencies only symbols: behind letters a point may belong to them.
    """
    before = f"(?:{re.escape(unit)})?" if re.fullmatch(CURRENCY, unit) and re.search(r"\W$", unit) else ""
    return re.compile(f"(-?){before}({_body(thousands, decimal).pattern})")


def _body_pattern(thousands: str, decimal: str) -> re.Pattern[str]:
    point = re.escape(decimal)
    whole = r"\d+"
    if thousands:
        mark = f"[{_spellings(thousands)}]"
        groups = rf"\d{{1,3}}(?:{mark}\d{{3}})+"
        indian = rf"|\d{{1,2}}(?:{mark}\d{{2}})+{mark}\d{{3}}" if thousands == "," else ""
        whole = rf"(?:{groups}{indian}|\d+)"
    return re.compile(rf"{whole}(?:{point}\d*)?|{point}\d+")


BODIES: Final = {way: _body_pattern(*way) for way in WAYS}
