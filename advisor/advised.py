"""Advised estimator: the parameters, the search and the model that both estimators for scikit-learn have."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from advisor.goals import USUAL
from advisor.study import Study
from advisor.watching import shown, silent
from studies.errors import BadValue

if TYPE_CHECKING:
    from advisor.jobs.estimators import Fitted
    from advisor.recommendation import Recommendation
    from studies.bundle.bundle import Bundle
    from studies.limits import Limits

SEEDS: Final = 2**31
PARAMETERS: Final = """
    Args:
        budget: of the search in one `fit`: `60s`, `10m`, `30trials`. Trials are the same again from the same
            `random_state`, seconds may not be; of optimizers that are as good the faster one is advised,
            as it was measured, unless `goal="quality"`.
        limits: an `advisor.Limits`, or a dict such as `{"memory": "512MiB", "model_size": "100KB"}`.
        goal: what decides between optimizers that are as good: balanced | quality | speed | memory.
        optimizers: names to compare; all that suit the data by default.
        model: a built-in model's name, or a torch module, its class, or a function that makes one.
        metric: that the search judges by; a name, also one of scikit-learn's scorers, or a function.
        epochs: of one training run; chosen for the data by default.
        batch_size: a number, `"full"`, or a range such as `"16..256"`.
        time: a column of a DataFrame: train on its earliest rows, validate on later ones, test on the latest.
        group: a column of a DataFrame: rows that share its value are in one part only.
        retrain: whether the recipe is trained once more, on the rows that trained and those that validated.
        ensemble: whether the average of the confirmation runs answers; nothing is trained once more then.
        random_state: of the rows drawn to validate and to test, the weights and the order of the rows.
        home: a folder that keeps the study; by default a temporary one, deleted with the estimator.
        device: `auto`, `cpu`, `cuda`, ...
        verbose: 0 is silent; 1 shows the search in a notebook's cell or on stderr.

    Attributes:
        recommendation_: the `advisor.Recommendation`; printed, it says which optimizer, why and how sure.
        study_: the study: its name, which knows `home_`.
        bundle_: the model with its way in and out; `bundle_.save(folder)` is for `advisor predict`.
        home_: the folder with the study; a temporary one lasts as long as the estimator that was fitted.
        notes_: what was done to the data that its owner should know, in sentences.
        n_features_in_: number of columns.
        feature_names_in_: names of the columns, where all are text.
"""
"""What both estimators take and have: the end of their docstrings."""


class Advised(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Estimator that searches the recipe which it is trained with."""

    task: ClassVar[str]
    study_: Study
    recommendation_: Recommendation
    bundle_: Bundle
    notes_: tuple[str, ...]
    home_: Path

    def __init__(  # noqa: PLR0913 - parameters of scikit-learn's are arguments
        self,
        *,
        budget: Any = "60s",
        limits: Limits | dict[str, Any] | None = None,
        goal: str = USUAL,
        optimizers: tuple[str, ...] = (),
        model: Any = None,
        metric: Any = None,
        epochs: int | None = None,
        batch_size: Any = None,
        time: str | None = None,
        group: str | None = None,
        retrain: bool = True,
        ensemble: bool = False,
        random_state: Any = None,
        home: str | Path | None = None,
        device: str = "auto",
        verbose: int = 0,
    ) -> None:
        self.budget = budget
        self.limits = limits
        self.goal = goal
        self.optimizers = optimizers
        self.model = model
        self.metric = metric
        self.epochs = epochs
        self.batch_size = batch_size
        self.time = time
        self.group = group
        self.retrain = retrain
        self.ensemble = ensemble
        self.random_state = random_state
        self.home = home
        self.device = device
        self.verbose = verbose

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: all but the word to delete a temporary home."""
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_delete_home"}

    def _targets(self, y: Any) -> tuple[NDArray[Any], tuple[str, ...]]:
        """Return what is trained on, checked as scikit-learn does, and what its classes are called.

        Raises:
            ValueError: it cannot be trained on.
        """
        raise NotImplementedError

    def _fit(self, X: Any, y: Any) -> Self:  # noqa: N803 - scikit-learn's name
        """Search a recipe for these rows and train a model with it.

        What an earlier `fit` made is forgotten first: one that fails leaves nothing of it behind.

        Raises:
            ValueError: rows or targets that cannot be trained on, or a parameter that cannot be used.
            NothingFeasible: no recipe fits the limits.
        """
        from advisor.jobs.estimators import fit

        self.__dict__.pop("_fitted", None)
        if y is None:
            raise BadValue(
                f"{type(self).__name__} requires y to be passed, but the target y is None; call fit(X, y)"
            )
        rows = self._rows(X, fitting=True)
        targets, labels = self._targets(y)
        check_consistent_length(rows, targets)
        home = self._made_home() if self.home is None else Path(self.home)
        self._fitted: Fitted = fit(
            (rows, targets),
            self._options(),
            labels=labels,
            home=home,
            lasting=self.home is not None,
            weights="ensemble" if self.ensemble else "retrained" if self.retrain else "best",
            watch=shown if self.verbose else silent,
        )
        self.study_, self.home_ = Study(self._fitted.study, home=home), home
        self.bundle_ = self._fitted.bundle
        self.recommendation_, self.notes_ = self._fitted.recommendation, self._fitted.notes
        return self

    def _rows(self, rows: Any, *, fitting: bool) -> Any:
        """Return rows as a table or an array, checked as scikit-learn does; gaps and text may stay."""
        rows = rows.to_pandas() if hasattr(rows, "to_pandas") else rows  # polars, Arrow
        if hasattr(rows, "iloc") and hasattr(rows, "columns"):
            return validate_data(self, rows, reset=fitting, skip_check_array=True)
        from studies.data.splits import FEWEST_ROWS

        return validate_data(
            self,
            rows,
            reset=fitting,
            accept_sparse="csr",
            dtype=None,
            ensure_all_finite="allow-nan",
            ensure_min_samples=FEWEST_ROWS if fitting else 1,
            allow_nd=True,
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Tell whether the last `fit` came to its end."""
        return hasattr(self, "_fitted")

    def _outputs(self, rows: Any) -> NDArray[Any]:
        check_is_fitted(self)
        return self._fitted.outputs(self._rows(rows, fitting=False))

    def _options(self) -> dict[str, Any]:
        """Return what a search is asked for."""
        return {
            "task": self.task,
            "model": self.model,
            "metric": self.metric,
            "budget": self.budget,
            "goal": self.goal,
            "optimizers": self.optimizers,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "time": self.time,
            "group": self.group,
            "device": self.device,
            "seed": self._seed(),
            "limits": self.limits,
        }

    def _seed(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state) % SEEDS
        return int(check_random_state(self.random_state).randint(SEEDS))

    def _made_home(self) -> Path:
        """Return a new folder, deleted along with this estimator or when it is fitted again."""
        if (delete := getattr(self, "_delete_home", None)) is not None:
            delete()
        folder = tempfile.mkdtemp(prefix="advisor-")
        self._delete_home = weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)
