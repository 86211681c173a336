"""Workload spec: what is needed to open the same data, model and metric again, in plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from studies.split_by import SplitBy
from studies.storage.document import Document


@dataclass(frozen=True, kw_only=True)
class WorkloadSpec(Document):
    """What `reopen_workload` and `Function.from_spec` read."""

    LATER: ClassVar = (
        "form", "time", "group", "split", "missing", "reading", "kind", "loss", "free", "plain",
    )  # fmt: skip
    OF_FUNCTIONS: ClassVar = ("form", "source", "metric", "direction", "model", "seed")
    """What there is to write about a training function."""

    form: str = ""
    """function: a training function, which holds its data and model to itself; runs: runs that other tools
    recorded, with neither; empty for data and a model."""
    source: str = ""
    """A built-in dataset's name, the path of a file, or `file.py:name`."""
    target: str | None = None
    task: str = "auto"
    seed: int | None = None
    metric: str = ""
    direction: str | None = None
    model: str = ""
    model_fields: Mapping[str, Any] | None = None
    """Settings of the model by name; None where it has none of ours."""
    digest: str = ""
    """Of the data; empty where it was not looked at."""
    class_weights: str = "none"
    centre_sparse: bool = True
    """Whether sparse inputs are centred like all others, as in the studies of versions that do not say."""
    time: str | None = None
    """The column that the split goes by; of these three at most one is named."""
    group: str | None = None
    split: str | None = None
    missing: tuple[str, ...] = ()
    """Words of a table that mean a gap, beside an empty field."""
    reading: int = 0
    """Version of how columns are read (`studies.data.columns.READING`); 0 in studies that do not say."""

    kind: str = ""
    """How the shape of the rows was taken where there are several ways; empty in studies of versions that do
    not say."""
    loss: str = ""
    """The own loss, `module:name` or `file.py:name`; empty for the usual one."""
    free: bool = False
    """Whether the targets reach that loss as they came."""
    plain: bool = True
    """Whether it has one input a row, one tensor as output and the usual loss: what compression needs."""

    @property
    def is_function(self) -> bool:
        """Tell whether it is a training function."""
        return self.form == "function"

    @property
    def is_imported(self) -> bool:
        """Tell whether it is only where runs of another tool were read from."""
        return self.form == "runs"

    @property
    def split_by(self) -> SplitBy:
        """Return the column that the split goes by."""
        return SplitBy(time=self.time, group=self.group, split=self.split)

    @property
    def factory(self) -> str:
        """Return where the code of the user's own model is found; empty for a model of the catalogue."""
        return str((self.model_fields or {}).get("factory", ""))
