"""Estimators' work: a search on rows in memory, and the model that is advised after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from numpy.typing import NDArray

from advisor.decide.recommend import recommend
from advisor.jobs.advice import evidence_of
from advisor.jobs.request import Request
from advisor.jobs.session import Session, prepare
from advisor.jobs.work import conclude, work
from advisor.recommendation import Recommendation
from studies.errors import BadValue, BadWorkload, did_you_mean, shown
from studies.imports import forget
from studies.limits import Limits
from studies.storage import journal
from studies.tracking.address import OFF
from studies.workload import Workload

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from studies.data.columns.table_encoder import TableEncoder
    from studies.data.target_encoder import TargetEncoder
    from studies.loaded_workload import LoadedWorkload

OF_WORKLOAD: Final = ("task", "model", "metric")
"""Options that say what is trained; the others say how it is searched."""

WRITTEN: Final = ("memory", "model_size", "latency", "train_time")
"""Limits as they are written: `{"memory": "512MiB"}`."""

Watch = Callable[[Session], AbstractContextManager[Any]]
"""What shows a search while it runs: enters something whose `listen` hears every event, or None."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Fitted model: a study on rows in memory, its answer, and what predicts."""

    study: str
    recommendation: Recommendation
    notes: tuple[str, ...]
    model: nn.Module
    encoder: TableEncoder
    target: TargetEncoder

    def outputs(self, rows: Any) -> NDArray[Any]:
        """Return probabilities, (rows, classes), or amounts in their own units, of rows as they came."""
        import numpy as np
        import torch

        with torch.no_grad():
            outputs = self.model(torch.from_numpy(self.encoder.transform(_table(rows)))).double()
        if self.target.classes:
            chances: NDArray[Any] = outputs.softmax(dim=1).numpy()
            return chances
        amounts: NDArray[Any] = outputs.numpy() * np.array(self.target.scales) + np.array(self.target.means)
        return amounts[:, 0] if amounts.shape[1] == 1 else amounts


def _table(rows: Any) -> pd.DataFrame:
    """Return rows with the names that their columns had in the search."""
    import pandas as pd

    if isinstance(rows, pd.DataFrame):
        return rows.set_axis([str(name) for name in rows.columns], axis="columns")
    return pd.DataFrame(rows, columns=[f"x{number}" for number in range(rows.shape[1])])


def fit(
    data: tuple[Any, Any], options: Mapping[str, Any], *, home: Path, lasting: bool, watch: Watch
) -> Fitted:
    """Search on rows in memory and return the model that is advised.

    Args:
        data: rows and targets.
        options: of the workload and of the request, by name; None leaves one to the advisor.
        home: where the study lives.
        lasting: whether it outlives this process's use of it; else nothing is kept of the rows.
        watch: shows the search.

    Raises:
        StudyError: anything wrong with rows, targets or options, or no recipe fits the limits.
    """
    options = {**options, **_limits(options.get("limits"))}
    asked_for = {name: value for name, value in options.items() if value is not None}
    of_workload = {name: asked_for.pop(name) for name in OF_WORKLOAD if name in asked_for}
    workload = Workload(train=data, **of_workload)
    try:
        session = prepare(Request.of(workload, tracking_uri=OFF, **asked_for), home)
        with watch(session) as shown:
            work(session, listen=shown.listen if shown else lambda event: None)
        return _fitted(session, conclude(home, session.name) if lasting else _answer(session))
    finally:
        if not lasting:
            forget(workload)


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


def _fitted(session: Session, recommendation: Recommendation) -> Fitted:
    from advisor.jobs.register import picked
    from studies.search.checkpoints import Checkpoints

    study = journal.open_study(session.home, session.name)
    record, _ = picked(recommendation, journal.records(study), session.home / "models" / session.name)
    device = journal.manifest_of(study).device
    source = Checkpoints.of(session.home, session.name).load_or_train(
        record, cast("LoadedWorkload", session.workload), device=device
    )
    if source is None or not source.workload.dataset.encoder or not source.workload.dataset.target_encoder:
        raise BadWorkload(
            "rows of this form cannot be predicted on yet; give a table or an array of two dimensions"
        )
    return Fitted(
        study=session.name,
        notes=session.notes,
        recommendation=recommendation,
        model=source.model.cpu(),
        encoder=source.workload.dataset.encoder,
        target=source.workload.dataset.target_encoder,
    )
