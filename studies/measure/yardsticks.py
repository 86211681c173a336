"""Yardsticks: a linear model, and gradient boosting on tables, trained on the rows of the search."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multioutput import MultiOutputRegressor
from threadpoolctl import threadpool_limits

from studies.data.mapped_rows import MappedRows
from studies.data.text import PADDING
from studies.errors import named_line
from studies.quantities import format_seconds
from studies.yardstick import Yardstick

if TYPE_CHECKING:
    from studies.data.dataset import Dataset, Part
    from studies.limits import Budget
    from studies.loaded_workload import LoadedWorkload

SHARE: Final = 0.05
"""Of a budget in seconds that all yardsticks together may take."""
LINEAR: Final = "a linear model"
TREES: Final = "gradient boosting"
PASSES: Final = 100
"""Passes over the rows that are reckoned with: as many trees, and about as many steps of a solver."""
MOST_WORK: Final = 10**10
"""Numbers looked at, one after the other, beyond which a model is left out whatever the budget: about ten
seconds (judged); a clock would say other things elsewhere."""
TRIED_WORK: Final = 10**8
"""Work of the part of the rows that tells how long all of them take."""
FEWEST_TRIED: Final = 50
"""Rows in such a part."""
SURE: Final = 1e-9
"""Least probability of a class, whose logarithm is the model's output."""

Inputs = Any  # an array of the shape (rows, numbers), or sparse rows


def yardsticks(
    workload: LoadedWorkload, budget: Budget, *, stop: Callable[[], bool] = lambda: False
) -> tuple[Yardstick, ...]:
    """Train the plain models that suit the data, cheapest first; one that fails says so and harms nothing.

    Random generators are left as they were.

    Args:
        workload: its rows, its metric and its class weights are used.
        budget: of the search. In seconds, a twentieth of it is what they may take; one in trials leaves out
            by counts alone, so that the same search follows on any machine.
        stop: whether the user wants to stop.
    """
    if not workload.usual:
        return (
            Yardstick(model=LINEAR, left_out="an own loss, or several inputs a row, leave no plain model"),
        )
    left_seconds = np.inf if budget.seconds is None else SHARE * budget.seconds
    models = (LINEAR, TREES) if workload.dataset.kind == "table" else (LINEAR,)
    measured: list[Yardstick] = []
    for model in models:
        if stop():
            break
        start = time.process_time()
        measured.append(_measured(workload, model, left_seconds))
        left_seconds -= time.process_time() - start
    return tuple(measured)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Trial:
    """A plain model of a workload, before it is trained."""

    workload: LoadedWorkload
    model: str
    inputs: tuple[Inputs, Inputs, Inputs]
    """Of the rows that train, validate and test."""

    @classmethod
    def of(cls, workload: LoadedWorkload, model: str) -> _Trial:
        return cls(workload=workload, model=model, inputs=_inputs(workload.dataset))

    @property
    def work(self) -> float:
        """Return about how many numbers training looks at."""
        rows, columns = self.inputs[0].shape
        numbers = rows * columns if isinstance(self.inputs[0], np.ndarray) else self.inputs[0].nnz
        if self.model == TREES:
            numbers = rows * columns
        return float(numbers) * self.workload.dataset.outputs * PASSES

    def fitted(self, rows: int) -> Any:
        """Return the model, trained on the first rows."""
        inputs, targets = self.inputs[0][:rows], self.workload.dataset.train.targets[:rows]
        if self.model == TREES and not isinstance(inputs, np.ndarray):
            inputs = inputs.toarray()
        if self.workload.dataset.task == "regression" and targets.shape[1] == 1:
            targets = targets[:, 0]
        return _estimator(self.workload, self.model).fit(inputs, targets)

    def score(self, estimator: Any, part: Part, inputs: Inputs) -> float:
        """Return the metric of a trained model on a part."""
        if self.model == TREES and not isinstance(inputs, np.ndarray | MappedRows):
            inputs = inputs.toarray()
        flat = (block.reshape(block.shape[0], -1) for block in _blocks(inputs))
        outputs = [_outputs(estimator, block, self.workload.dataset) for block in flat]
        return self.workload.score(torch.from_numpy(np.concatenate(outputs)), torch.from_numpy(part.targets))


def _measured(workload: LoadedWorkload, model: str, left_seconds: float) -> Yardstick:
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # a solver that has not settled is no news to whoever trains nets
        try:
            return _trained(_Trial.of(workload, model), left_seconds)
        except Exception as error:  # noqa: BLE001 - whatever scikit-learn or the user's own metric raises
            return Yardstick(model=model, left_out=f"it failed: {named_line(error, longest=200)}")


def _trained(trial: _Trial, left_seconds: float) -> Yardstick:
    dataset, rows = trial.workload.dataset, trial.workload.rows
    if isinstance(trial.inputs[0], MappedRows):
        return Yardstick(model=trial.model, left_out="the rows stay in their file, too many to load")
    if trial.work > MOST_WORK:
        size = f"{rows:,} rows of {trial.inputs[0].shape[1]:,} numbers, {dataset.outputs:,} outputs"
        return Yardstick(model=trial.model, left_out=f"too many numbers ({size})")
    if np.isfinite(left_seconds) and (expected := _expected_seconds(trial, left_seconds)) > left_seconds:
        allowed = f"{format_seconds(max(left_seconds, 0.0))} were left of {100 * SHARE:g} % of the budget"
        return Yardstick(
            model=trial.model, left_out=f"it would take about {format_seconds(expected)}, and {allowed}"
        )
    start = time.process_time()
    estimator = trial.fitted(rows)
    seconds = time.process_time() - start
    valid, test = (
        trial.score(estimator, part, inputs)
        for part, inputs in zip((dataset.valid, dataset.test), trial.inputs[1:], strict=True)
    )
    if not np.isfinite(valid):
        return Yardstick(model=trial.model, left_out="its metric is no number", seconds=seconds)
    test_quality = test if np.isfinite(test) else None
    return Yardstick(model=trial.model, quality=valid, test_quality=test_quality, seconds=seconds)


def _expected_seconds(trial: _Trial, left_seconds: float) -> float:
    """Return the processor seconds that training is likely to take, from a part of the rows."""
    rows = trial.workload.rows
    tried = max(FEWEST_TRIED, int(rows * min(1.0, TRIED_WORK / trial.work)))
    if tried >= rows // 2:  # as good as the whole, and soon done
        return 0.0 if left_seconds > 0 else np.inf
    start = time.process_time()
    trial.fitted(tried)
    return (time.process_time() - start) * rows / tried


def _estimator(workload: LoadedWorkload, model: str) -> Any:
    dataset, seed = workload.dataset, workload.seed
    if dataset.task == "regression":
        if model == LINEAR:
            return Ridge(alpha=1.0)
        trees = HistGradientBoostingRegressor(random_state=seed)
        return trees if dataset.outputs == 1 else MultiOutputRegressor(trees)
    weights = None if workload.class_weights == "none" else "balanced"
    if model == LINEAR:
        return LogisticRegression(max_iter=PASSES, class_weight=weights)
    return HistGradientBoostingClassifier(random_state=seed, class_weight=weights)


def _outputs(estimator: Any, inputs: Inputs, dataset: Dataset) -> NDArray[np.float32]:
    """Return what a net of this data would put out: log-probabilities, or standardised numbers."""
    if dataset.task == "regression":
        return np.asarray(estimator.predict(inputs), np.float32).reshape(-1, dataset.outputs)
    chances = np.zeros((inputs.shape[0], dataset.outputs))
    chances[:, estimator.classes_] = estimator.predict_proba(inputs)  # a rare class may not train
    return np.log(np.maximum(chances, SURE)).astype(np.float32)


def _inputs(dataset: Dataset) -> tuple[Inputs, Inputs, Inputs]:
    """Return the inputs of the three parts as flat numbers; words by how often they occur and how rarely."""
    parts: list[Any] = [part.inputs for part in (dataset.train, dataset.valid, dataset.test)]
    if isinstance(parts[0], MappedRows):
        return parts[0], parts[1], parts[2]
    if dataset.kind == "text":
        counts = [
            vstack([_word_counts(ids, dataset.vocabulary) for ids in _blocks(part)], format="csr")
            for part in parts
        ]
        weights = TfidfTransformer(sublinear_tf=True).fit(counts[0])
        parts = [weights.transform(each) for each in counts]
    flat = [part.reshape(len(part), -1) if isinstance(part, np.ndarray) else part for part in parts]
    return flat[0], flat[1], flat[2]


def _blocks(inputs: Inputs) -> Iterable[Any]:
    return inputs.blocks() if isinstance(inputs, MappedRows) else [inputs]


def _word_counts(ids: NDArray[np.int64], vocabulary: int) -> csr_matrix:
    rows, places = np.nonzero(ids != PADDING)
    ones = np.ones(len(rows))
    return csr_matrix((ones, (rows, ids[rows, places])), shape=(len(ids), vocabulary + 1))
