"""Target encoder: labels to codes, or amounts to standardised numbers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from studies.data.columns.number_writing import NumberWriting
from studies.data.columns.text_writing import labels_of


@dataclass(frozen=True, kw_only=True)
class TargetEncoder:
    """Encoder of targets, fitted on the training rows."""

    classes: tuple[str, ...] = ()
    """Labels in the order of their codes; empty in regression."""
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    """A target in its own units is `target * scale + mean`, one of each a target; empty in
    classification."""
    writing: NumberWriting = field(default_factory=NumberWriting)
    """How amounts are written; of classes only the words that mean a gap count."""

    def transform(self, targets: pd.Series[Any] | NDArray[Any]) -> NDArray[np.int64] | NDArray[np.float32]:
        """Return codes, -1 for a gap or an unknown label; or standardised amounts, (rows, outputs)."""
        if self.classes:
            labels = labels_of(pd.Series(targets), self.writing.missing)
            classes = pd.Index(self.classes, dtype=object)
            return np.asarray(classes.get_indexer(pd.Index(labels.to_numpy(object), dtype=object)), np.int64)
        amounts = self._amounts(targets)
        scaled: NDArray[np.float64] = (amounts - np.array(self.means)) / np.array(self.scales)
        return scaled.astype(np.float32)

    def _amounts(self, targets: pd.Series[Any] | NDArray[Any]) -> NDArray[np.float64]:
        if isinstance(targets, np.ndarray) and targets.ndim == 2 and targets.shape[1] > 1:
            return targets.astype(np.float64)
        column = pd.Series(targets.ravel()) if isinstance(targets, np.ndarray) else targets
        return self.writing.read(column)[:, None]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        lists = {name: list(getattr(self, name)) for name in ("classes", "means", "scales")}
        return lists | {"writing": self.writing.to_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        lists = {name: tuple(values[name]) for name in ("classes", "means", "scales")}
        return cls(**lists, writing=NumberWriting.from_dict(values["writing"]))
