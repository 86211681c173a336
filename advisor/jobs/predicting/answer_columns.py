"""Answer columns: predictions as columns beside the rows, under names that none of these has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from studies.bundle.outlet import LOGITS
from studies.bundle.predictions import PREDICTION, chance
from studies.errors import BadValue

if TYPE_CHECKING:
    from studies.bundle.about import About
    from studies.bundle.predictions import Predictions


@dataclass(frozen=True, kw_only=True)
class AnswerColumns:
    """Names of the columns that are added."""

    values: tuple[str, ...]
    """One, or one for each of several outputs."""
    probabilities: tuple[str, ...] = ()
    """One for each class; none unless asked for."""

    @classmethod
    def of(cls, about: About, taken: Iterable[str], *, proba: bool) -> AnswerColumns:
        """Return names for what a model answers.

        Args:
            about: the model's bundle.
            taken: names that the rows have.
            proba: whether probabilities are asked for.

        Raises:
            BadValue: probabilities of a model that has none.
        """
        if proba and about.gives != LOGITS:
            what = "amounts" if about.task == "regression" else "what its own loss takes"
            raise BadValue(f"'{about.study}' predicts {what}, which has no probabilities; leave --proba out")
        names = set(taken)
        several = about.outputs > 1 and not about.classes
        wanted = [f"{PREDICTION}_{place + 1}" for place in range(about.outputs)] if several else [PREDICTION]
        values = tuple(_free(name, names) for name in wanted)
        classes = about.classes if proba else ()
        return cls(values=values, probabilities=tuple(_free(chance(label), names) for label in classes))

    def note(self) -> str:
        """Return that a name was taken; empty where none was."""
        if self.values[0] in {PREDICTION, f"{PREDICTION}_1"}:
            return ""
        return f"The rows have a column '{PREDICTION}' already: the new one is '{self.values[0]}'."

    def beside(self, rows: pd.DataFrame, predictions: Predictions) -> pd.DataFrame:
        """Return the rows with the columns at their end."""
        values = predictions.values.reshape(len(rows), len(self.values))
        columns = {name: values[:, place] for place, name in enumerate(self.values)}
        if predictions.probabilities is not None:
            shares = predictions.probabilities
            columns |= {name: shares[:, place] for place, name in enumerate(self.probabilities)}
        return pd.concat([rows, pd.DataFrame(columns, index=rows.index)], axis="columns")


def _free(name: str, names: set[str]) -> str:
    """Return a name that is not there yet, and add it."""
    free, number = name, 2
    while free in names:
        free, number = f"{name}_{number}", number + 1
    names.add(free)
    return free
