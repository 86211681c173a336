"""Estimators' work: a search on rows in memory, and the model that is advised after it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from advisor.decide.recommend import recommend
from advisor.jobs.advice import evidence_of
from advisor.jobs.bundles import StudyModels
from advisor.jobs.recommended_model import picked
from advisor.jobs.request import Request
from advisor.jobs.session import Session, prepare
from advisor.jobs.work import conclude, work
from advisor.recommendation import Recommendation
from studies.bundle.bundle import Bundle
from studies.errors import BadValue, did_you_mean, shown
from studies.imports import forget
from studies.limits import Limits
from studies.storage.follow import read_study
from studies.storage.held import release
from studies.tracking.address import OFF
from studies.workload import Workload

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.search.event import Event

OF_WORKLOAD: Final = ("task", "model", "metric")
"""Options that say what is trained; the others say how it is searched."""

WRITTEN: Final = ("memory", "model_size", "latency", "train_time")
"""Limits as they are written: `{"memory": "512MiB"}`."""

Weights = Literal["best", "retrained", "ensemble"]

Watch = Callable[[Session], AbstractContextManager[tuple[Callable[["Event"], None], Callable[[], bool]]]]
"""What shows a search while it runs: enters who hears every event, and what says whether to stop."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Fitted model: a study on rows in memory, its answer, and the bundle that predicts."""

    study: str
    recommendation: Recommendation
    notes: tuple[str, ...]
    bundle: Bundle

    def outputs(self, rows: Any) -> NDArray[Any]:
        """Return probabilities, (rows, classes), or amounts in their own units, of rows as they came.

        They are float32 as the model computes: further digits would change with the rows that a row is
        answered beside. Several amounts a row are float64, which scikit-learn asks of them.
        """
        predictions = self.bundle.predict(rows)
        if predictions.probabilities is not None:
            return predictions.probabilities.astype(np.float32)
        amounts = predictions.values
        return amounts.astype(np.float32 if amounts.ndim == 1 else np.float64)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: of the bundle the files that it is saved as, which no pickle is in."""
        with tempfile.TemporaryDirectory() as folder:
            self.bundle.save(folder)
            paths = [path for path in Path(folder).rglob("*") if path.is_file()]
            files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
        return {**vars(self), "bundle": files}

    def __setstate__(self, state: dict[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in state["bundle"].items():
                path = Path(folder) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            vars(self).update(state, bundle=Bundle.load(folder))


def fit(
    data: tuple[Any, Any],
    options: Mapping[str, Any],
    *,
    home: Path,
    watch: Watch,
    labels: tuple[str, ...] = (),
    lasting: bool = True,
    weights: Weights = "best",
) -> Fitted:
    """Search on rows in memory and return the model that is advised.

    Args:
        data: rows and targets.
        options: of the workload and of the request, by name; None leaves one to the advisor.
        home: where the study lives.
        watch: shows the search.
        labels: what the bundle calls the classes, whose codes the targets are; none in regression.
        lasting: whether the study outlives its estimator; else this process forgets the rows, too.
        weights: the best confirmation run's, those of the recipe trained once more on the rows that validated
            too, or all runs' on average.

    Raises:
        StudyError: anything wrong with rows, targets or options, or no recipe fits the limits.
    """
    options = {**options, **_limits(options.get("limits"))}
    asked_for = {name: value for name, value in options.items() if value is not None}
    of_workload = {name: asked_for.pop(name) for name in OF_WORKLOAD if name in asked_for}
    workload, session = Workload(train=data, **of_workload), None
    try:
        session = prepare(Request.of(workload, tracking_uri=OFF, **asked_for), home)
        with watch(session) as (listen, stop):
            work(session, listen=listen, stop=stop)
        recommendation = conclude(home, session.name) if lasting else _answer(session)
        return Fitted(
            study=session.name,
            recommendation=recommendation,
            notes=session.notes,
            bundle=_named(_bundle(session, recommendation, weights), labels),
        )
    finally:
        if not lasting:
            forget(workload)
            if session is not None:
                release(home, session.name)


def _limits(limits: Limits | dict[str, Any] | None) -> dict[str, Any]:
    """Return limits of any form as options of a search."""
    if not isinstance(limits, dict):
        return {"limits": limits}
    names = [f.name for f in fields(Limits)]
    if limits.keys() <= set(names):
        return {"limits": Limits(**limits)}
    if unknown := next((name for name in limits if name not in WRITTEN), None):
        known = (*WRITTEN, *names)
        raise BadValue(
            f"there is no limit {shown(unknown)}{did_you_mean(str(unknown), known)} "
            f"Limits are {', '.join(WRITTEN)}"
        )
    return {"limits": None, **limits}


def _answer(session: Session) -> Recommendation:
    """Return the recommendation without commands, which would look for a study that does not last."""
    return recommend(replace(evidence_of(session.home, session.name), resume="", compress="", command=""))


def _named(bundle: Bundle, labels: tuple[str, ...]) -> Bundle:
    return replace(bundle, about=replace(bundle.about, classes=labels)) if labels else bundle


def _bundle(session: Session, recommendation: Recommendation, weights: Weights) -> Bundle:
    """Return the bundle of the advised model, made of the workload that is open already."""
    stored = read_study(session.home, session.name)
    models = StudyModels(
        home=session.home,
        name=session.name,
        manifest=stored.manifest,
        records=stored.records,
        recommendation=recommendation,
        workload=cast("LoadedWorkload", session.workload),
    )
    if weights == "ensemble":
        return models.of_seeds()
    record, _ = picked(recommendation, models.records, session.home / "models" / session.name)
    return models.of_all_rows(record) if weights == "retrained" else models.of_run(record)
