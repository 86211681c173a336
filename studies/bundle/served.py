"""Served bundle: what MLflow loads from a registered model, and calls with rows as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studies.bundle.bundle import Bundle
from studies.bundle.predictions import PREDICTION, chance

if TYPE_CHECKING:
    import pandas as pd

    from studies.bundle.about import About
    from studies.bundle.predictions import Predictions


class ServedBundle:
    """Bundle behind the `predict` that MLflow calls."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    def predict(self, rows: Any, params: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - MLflow passes it
        """Return a frame with a row for each row: its prediction, and the probability of each class.

        Several amounts a row, and outputs for a loss of the user's own, come as an array, (rows, ...).
        """
        predictions = self.bundle.predict(self._with_gaps(rows))
        if predictions.values.ndim > 1:
            return predictions.values
        return frame_of(predictions, index=getattr(rows, "index", None))

    def _with_gaps(self, rows: Any) -> Any:
        """Return rows with the columns that they leave out and may, as these had gaps in training."""
        if not hasattr(rows, "columns"):
            return rows
        absent = [name for name in optional_columns(self.bundle.about) if name not in rows]
        return rows.assign(**dict.fromkeys(absent, float("nan"))) if absent else rows


def optional_columns(about: About) -> tuple[str, ...]:
    """Return the columns that had gaps in training, so that new rows may lack them."""
    return tuple(str(column["name"]) for column in about.columns if column["missing"])


def frame_of(predictions: Predictions, *, index: Any = None) -> pd.DataFrame:
    """Return predictions as a frame: one column with the prediction, and one a class with its probability.

    Args:
        predictions: of some rows.
        index: of the frame that these rows are, if they are one.
    """
    import pandas as pd

    columns: dict[str, Any] = {PREDICTION: predictions.values}
    if predictions.probabilities is not None:
        chances = predictions.probabilities.T
        columns |= {chance(label): column for label, column in zip(predictions.classes, chances, strict=True)}
    return pd.DataFrame(columns, index=index)


def _load_pyfunc(path: str) -> ServedBundle:
    """Return what MLflow calls; it looks for a function of this name."""
    return ServedBundle(Bundle.load(path))
