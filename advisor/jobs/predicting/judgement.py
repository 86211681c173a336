"""Judgement of predictions: the study's metric over the rows whose target is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from advisor.report.numbers import number
from studies.bundle import outlet
from studies.errors import StudyError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from studies.bundle.bundle import Bundle
    from studies.bundle.predictions import Predictions

MOST_NUMBERS: Final = 20_000_000
"""Outputs that are kept to be judged; of more rows nothing is said."""


@dataclass(kw_only=True, eq=False)
class Judgement:
    """Judgement over the blocks of a file."""

    bundle: Bundle
    outputs: list[NDArray[Any]] = field(default_factory=list)
    targets: list[NDArray[Any]] = field(default_factory=list)
    numbers: int = 0

    def add(self, rows: pd.DataFrame, predictions: Predictions) -> None:
        """Keep what can be judged of some rows: those whose target is there and is known."""
        about, target = self.bundle.about, self.bundle.members[0].target
        if target is None or about.target not in rows or self.numbers > MOST_NUMBERS:
            return
        values: NDArray[Any] = target.transform(rows[about.target])
        if about.gives == outlet.AMOUNTS:
            known = np.isfinite(values).all(axis=1)
            answers = predictions.values.reshape(len(rows), -1)
            values = outlet.amounts_of(values, target.means, target.scales)
        elif predictions.probabilities is not None:
            known, answers = values >= 0, outlet.logits_of(predictions.probabilities)
        else:
            return
        self.outputs.append(answers[known])
        self.targets.append(values[known])
        self.numbers += answers[known].size

    def note(self) -> str:
        """Return the metric over these rows, in a sentence; empty where nothing can be said."""
        from studies.metrics import LOSS, metric

        about = self.bundle.about
        rows = sum(map(len, self.targets))
        name = str(about.metric.get("name", LOSS))
        if not rows or self.numbers > MOST_NUMBERS or name == LOSS:
            return ""
        try:
            judge = metric(name, about.task, about.metric.get("direction"))
            value = judge.score(np.concatenate(self.outputs), np.concatenate(self.targets))
        except (StudyError, ValueError):  # the user's own metric is not here, or has no number for these rows
            return ""
        return (
            f"{name} {number(value)} over the {rows:,} rows whose '{about.target}' is known; "
            "rows that the model was trained on flatter it."
        )
