"""Number: gaps filled with the median, mean 0 and deviation 1; a 0/1 input where training rows have gaps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.column import GAPS, NUMBERS, Fit, WrittenColumn
from studies.data.columns.reading import TypedColumn
from studies.data.columns.scaling import Scaling


@dataclass(frozen=True, kw_only=True)
class Number(WrittenColumn):
    """Column of numbers, however they are written."""

    kind: ClassVar = "number"

    scaling: Scaling | None
    """None where the training rows hold but one number, beside gaps."""
    marks_gaps: bool
    """Whether a 0/1 input says where the gaps are, as the training rows have some."""

    @classmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:
        """Return the column as the training rows have it."""
        train = typed.values.to_numpy(np.float64)[fit.train]
        gaps = bool(np.isnan(train).any())
        differ = np.nanmin(train) != np.nanmax(train)
        scaling = Scaling.fit(train, lone=fit.lone, centre_sparse=fit.centre_sparse) if differ else None
        return cls(name=name, writing=typed.writing, scaling=scaling, marks_gaps=gaps)

    def inputs(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Return the scaled numbers and the mark of their gaps, (rows, 0 to 2)."""
        numbers = values.to_numpy(np.float64)
        scaled = [] if self.scaling is None else [self.scaling.apply(numbers)]
        marks = [np.isnan(numbers).astype(np.float64)] if self.marks_gaps else []
        return np.stack([*scaled, *marks], axis=1) if scaled or marks else np.empty((len(values), 0))

    @property
    def names(self) -> tuple[str, ...]:
        """Return its name, and that of the mark."""
        marks = (f"{self.name} missing",) if self.marks_gaps else ()
        return (() if self.scaling is None else (self.name,)) + marks

    @property
    def places(self) -> tuple[int, ...]:
        """Return the places of numbers and of gaps."""
        return (() if self.scaling is None else (NUMBERS,)) + ((GAPS,) if self.marks_gaps else ())

    @property
    def done(self) -> str:
        """Return how it was scaled and what stands for its gaps."""
        if self.scaling is None:
            return "one value beside gaps: a 0/1 input says where the gaps are"
        scaled = "scaled, zeros kept" if self.scaling.sparse else "scaled"
        return scaled + (", gaps filled with the median and marked" if self.marks_gaps else "")

    @classmethod
    def _read(cls, values: dict[str, Any]) -> dict[str, Any]:
        scaling = values["scaling"]
        return values | {"scaling": None if scaling is None else Scaling.from_dict(scaling)}
