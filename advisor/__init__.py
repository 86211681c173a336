"""advisor decides: which optimizer and recipe to train with, why, and how sure it is.

    study = advisor.search("digits", model="cnn", budget="2m", limits=advisor.Limits(train_bytes=64 * 2**20))
    print(advisor.recommend(study))

    workload = advisor.Workload(train=(rows, labels), model=Net, metric="f1")  # in memory
    study = advisor.search(workload, budget="5m")

    def fit(recipe, report, seed): ...      # a training loop of your own
    study = advisor.search(fit, metric="accuracy", epochs=9)

Everything heavy is imported inside the functions, so `import advisor` is quick.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from advisor import lightning, optimizers, regularizers, schedules, transformers, wrappers
from advisor.answers import explain, load, memory, profile, recommend
from advisor.evidence import Evidence
from advisor.recommendation import Recommendation
from advisor.searching import compress, resume, search
from advisor.study import Study
from studies.limits import Budget, Limits
from studies.recipe import Recipe
from studies.record import Record
from studies.workload import Workload

if TYPE_CHECKING:
    from advisor.sklearn import AdvisedClassifier, AdvisedRegressor

__all__ = [
    "AdvisedClassifier",
    "AdvisedRegressor",
    "Budget",
    "Evidence",
    "Limits",
    "Recipe",
    "Recommendation",
    "Record",
    "Study",
    "Workload",
    "compress",
    "explain",
    "lightning",
    "load",
    "memory",
    "optimizers",
    "profile",
    "recommend",
    "regularizers",
    "resume",
    "schedules",
    "search",
    "transformers",
    "wrappers",
]


def __getattr__(name: str) -> Any:
    """Return the version, or an estimator for scikit-learn, which is imported then."""
    if name == "__version__":
        from importlib.metadata import version

        return version("optimizer-advisor")
    if name not in {"AdvisedClassifier", "AdvisedRegressor"}:
        raise AttributeError(f"module 'advisor' has no attribute '{name}'")
    from advisor import sklearn

    return getattr(sklearn, name)
