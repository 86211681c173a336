"""Split facts of a workload: dates, keys, tell-tale columns, repeated rows, rare classes and heavy tails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.data.mapped_rows import MappedRows
from studies.profiling.row_hashes import row_hashes
from studies.split_facts import TAIL_ROWS, Leak, SplitFacts

if TYPE_CHECKING:
    from studies.data.dataset import Dataset

MOST_COLUMNS: Final = 500
"""Columns above which none is tried by itself."""
MOST_ROWS: Final = 5_000
"""Rows of each part that a column is tried on."""
SCREENED_ROWS: Final = 500
"""Rows of each part that it is tried on first: most columns are out of the question then."""
PROMISING: Final = 0.9
"""Share that it must tell of these."""
FEWEST_ROWS: Final = 20
"""Validation rows it takes to say that a column tells them all."""
RIGHT: Final = 0.999
"""Share of the rows that a column must tell by itself, of those that train and of those that validate."""
VARIANCE: Final = 0.999
"""The same of the variance of numbers."""
VARIED: Final = 0.95
"""Share of the largest class from which a column that is always right says little."""
LEAVES: Final = 64
"""Pieces that a column of numbers is cut into."""


def split_facts(dataset: Dataset) -> SplitFacts:
    """Return what makes the split of a dataset, or the metric on it, flatter."""
    trained = row_hashes(dataset.train)
    return SplitFacts(
        way=dataset.split_way,
        column=dataset.split_column,
        dates=dataset.dates,
        keys=dataset.keys,
        leaks=_leaks(dataset),
        valid_rows=dataset.valid.rows,
        test_rows=dataset.test.rows,
        repeated_valid_rows=int(np.isin(row_hashes(dataset.valid), trained).sum()),
        repeated_test_rows=int(np.isin(row_hashes(dataset.test), trained).sum()),
        **(_class_facts(dataset) if dataset.classes else {}),
        tail_share=None if dataset.classes or dataset.free else _tail_share(dataset.valid.targets),
    )


def _class_facts(dataset: Dataset) -> dict[str, Any]:
    """Return what the class that is the most frequent in training reaches on the validation rows."""
    usual = int(np.bincount(dataset.train.targets).argmax())
    valid = dataset.valid.targets
    return {
        "largest_class": dataset.classes[usual],
        "largest_class_share": float((valid == usual).mean()),
        "present_classes": len(np.unique(valid)),
    }


def _tail_share(targets: NDArray[Any]) -> float | None:
    """Return the share of the squared deviation from the median that the furthest rows make."""
    if targets.shape[1] > 1:
        return None
    amounts = targets[:, 0].astype(np.float64)
    squares = np.sort((amounts - np.median(amounts)) ** 2)
    return float(squares[-TAIL_ROWS:].sum() / squares.sum()) if squares.sum() else None


def _leaks(dataset: Dataset) -> tuple[Leak, ...]:
    if dataset.free or not dataset.feature_names or len(dataset.feature_names) > MOST_COLUMNS:
        return ()
    if dataset.valid.rows < FEWEST_ROWS or (not dataset.classes and dataset.outputs > 1):
        return ()
    if dataset.classes and np.bincount(dataset.valid.targets).max() > VARIED * dataset.valid.rows:
        return ()
    least = RIGHT if dataset.classes else VARIANCE
    shares = {name: _told(dataset, places) for name, places in _columns(dataset.feature_names).items()}
    return tuple(Leak(column=name, right_share=share) for name, share in shares.items() if share >= least)


def _columns(names: tuple[str, ...]) -> dict[str, list[int]]:
    """Return the places of each column of the table; a category has a place for each of its values."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        places.setdefault(name.rpartition("=")[0] or name, []).append(place)
    return places


def _told(dataset: Dataset, places: list[int]) -> float:
    """Return the share of classes, or of variance, that a column alone tells, in training and validation."""
    share = _share_told(dataset, places, SCREENED_ROWS)
    return _share_told(dataset, places, MOST_ROWS) if share > PROMISING else share


def _share_told(dataset: Dataset, places: list[int], rows: int) -> float:
    """Return the same from so many rows of each part."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    train, valid = (part.inputs[:rows][:, places] for part in (dataset.train, dataset.valid))
    targets, valid_targets = dataset.train.targets[:rows], dataset.valid.targets[:rows]
    tree = DecisionTreeClassifier if dataset.classes else DecisionTreeRegressor
    fitted = tree(max_leaf_nodes=LEAVES if dataset.classes else None, random_state=0).fit(train, targets)
    share = min(fitted.score(train, targets), fitted.score(valid, valid_targets))
    straight = _straight(dataset, places[0]) if len(places) == 1 and not dataset.classes else 0.0
    return float(max(share, straight))


def _straight(dataset: Dataset, place: int) -> float:
    """Return the share of the variance of the validation rows that a straight line of a column tells."""
    inputs, targets = dataset.valid.inputs, dataset.valid.targets[:, 0]
    column = inputs.column(place) if isinstance(inputs, MappedRows) else inputs[:, place]
    if not (np.ptp(column) and np.ptp(targets)):
        return 0.0
    return float(np.corrcoef(column, targets)[0, 1] ** 2)
