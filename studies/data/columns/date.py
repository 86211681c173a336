"""Date: year, month, day, weekday, hour and days since the first training date, each as a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.column import DATE_PARTS, GAPS, Fit, WrittenColumn
from studies.data.columns.reading import TypedColumn
from studies.data.columns.scaling import Scaling


@dataclass(frozen=True, kw_only=True)
class Date(WrittenColumn):
    """Column of dates; parts that are the same in every training row are left out."""

    kind: ClassVar = "date"

    first: str
    """The first training date, in ISO 8601."""
    parts: tuple[tuple[str, Scaling], ...]
    marks_gaps: bool

    @classmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:
        """Return the column as the training rows have it."""
        train = typed.values.iloc[fit.train]
        first = train.min()
        values = {part: numbers[fit.train] for part, numbers in calendar(typed.values, first).items()}
        scalings = {
            part: Scaling.fit(numbers, lone=fit.lone, centre_sparse=fit.centre_sparse)
            for part, numbers in values.items()
            if np.nanmin(numbers) != np.nanmax(numbers)
        }
        return cls(
            name=name,
            writing=typed.writing,
            first=first.isoformat(),
            parts=tuple(scalings.items()),
            marks_gaps=bool(train.isna().any()),
        )

    def inputs(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Return the scaled parts and the mark of the gaps, (rows, parts and mark)."""
        numbers = calendar(values, pd.Timestamp(self.first))
        scaled = [scaling.apply(numbers[part]) for part, scaling in self.parts]
        marks = [values.isna().to_numpy(np.float64)] if self.marks_gaps else []
        return np.stack([*scaled, *marks], axis=1) if scaled or marks else np.empty((len(values), 0))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the parts, and that of the mark."""
        marks = (f"{self.name} missing",) if self.marks_gaps else ()
        return (*(f"{self.name}.{part}" for part, _ in self.parts), *marks)

    @property
    def places(self) -> tuple[int, ...]:
        """Return the places of the parts and of gaps."""
        return (*(DATE_PARTS for _ in self.parts), *((GAPS,) if self.marks_gaps else ()))

    @property
    def done(self) -> str:
        """Return which parts stand for it."""
        gaps = "; gaps filled with the median and marked" if self.marks_gaps else ""
        return ", ".join(part for part, _ in self.parts) + gaps

    @classmethod
    def _read(cls, values: dict[str, Any]) -> dict[str, Any]:
        parts = tuple((part, Scaling.from_dict(scaling)) for part, scaling in values["parts"])
        return values | {"parts": parts}


def calendar(dates: pd.Series[Any], first: pd.Timestamp) -> dict[str, NDArray[np.float64]]:
    """Return the parts of dates as numbers, NaN for gaps; days count from the first."""
    at = dates.dt
    parts = {"year": at.year, "month": at.month, "day": at.day, "weekday": at.day_of_week, "hour": at.hour}
    parts["days"] = (dates - first) / pd.Timedelta(days=1)
    return {part: values.to_numpy(np.float64, na_value=np.nan) for part, values in parts.items()}
