"""Fitted column: what the training rows made of a column, ready to turn new rows into inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.reading import TypedColumn, Writing, read_as

NUMBERS, DATE_PARTS, GAPS, CATEGORIES, WORDS = range(5)
"""Places of inputs in a row: those of one place stand together, in the order of their columns."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What a column is fitted on."""

    train: NDArray[np.int64]
    """Positions of the training rows."""
    lone: bool = False
    """Whether it is the only column of numbers in its table."""
    centre_sparse: bool = False


@dataclass(frozen=True, kw_only=True)
class FittedColumn(ABC):
    """Base of every kind of column."""

    kind: ClassVar[str]
    left_out: ClassVar[str] = ""
    """Why columns of this kind are no inputs; empty where they are."""

    name: str

    @classmethod
    @abstractmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:
        """Return the column as the training rows have it."""

    @abstractmethod
    def inputs(self, values: pd.Series[Any]) -> NDArray[Any]:
        """Return the inputs of a column that was read, of the shape (rows, inputs)."""

    @abstractmethod
    def read(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return the values of a column as it came; what cannot be read is a gap."""

    def encode(self, column: pd.Series[Any]) -> NDArray[Any]:
        """Return the inputs of a column as it came, of rows trained on or new ones, (rows, inputs)."""
        return self.inputs(self.read(column))

    @property
    def names(self) -> tuple[str, ...]:
        """Return what each of its inputs says."""
        return ()

    @property
    def places(self) -> tuple[int, ...]:
        """Return where in a row each of its inputs stands."""
        return ()

    @property
    def done(self) -> str:
        """Return what was done to it, in a clause."""
        return ""

    def notes(self) -> tuple[str, ...]:
        """Return what the user should know of it, in sentences."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; `studies.data.columns.table_encoder` reads them back."""
        return {"kind": self.kind} | {f.name: _plain(getattr(self, f.name)) for f in fields(self)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], writing: Writing) -> Self:
        """Return what `to_dict` made plain; `writing` is read by whoever knows all kinds of it."""
        names = {f.name for f in fields(cls)}
        known = {name: value for name, value in values.items() if name in names}
        typed = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
        return cls(**cls._read(typed) | ({"writing": writing} if "writing" in names else {}))

    @classmethod
    def _read(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Return the fields with typed values where a plain one will not do."""
        return values


def _plain(value: Any) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict() | ({"kind": value.kind} if hasattr(value, "kind") else {})
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True, kw_only=True)
class WrittenColumn(FittedColumn):
    """Base of the kinds that are inputs: new rows are read as the training rows were written."""

    writing: Writing

    def read(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return the values of a column as it came."""
        return read_as(self.writing, column)


@dataclass(frozen=True, kw_only=True)
class LeftOut(FittedColumn):
    """Base of the kinds that are no input."""

    @classmethod
    def fit(cls, name: str, typed: TypedColumn, fit: Fit) -> Self:  # noqa: ARG003 - nothing to fit on
        """Return the column; there is nothing to fit."""
        return cls(name=name)

    def read(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return the column as it is: nobody reads it."""
        return column

    def inputs(self, values: pd.Series[Any]) -> NDArray[np.float64]:
        """Return no input, (rows, 0)."""
        return np.empty((len(values), 0))
