"""About a bundle: which study it is from, what its model takes and gives, and how good it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from studies.bundle.outlet import AS_THEY_ARE
from studies.data.inputs import Inputs
from studies.storage.document import Document

FORMAT: Final = 1
"""Version of the folder; a later program reads every earlier one."""


@dataclass(frozen=True, kw_only=True)
class About(Document):
    """What `bundle.json` says."""

    READERS: ClassVar[Mapping[str, Any]] = {"metric": dict, "model": dict, "gain": dict}

    format: int = FORMAT
    study: str = ""
    dataset: str = ""
    digest: str = ""
    """Of the data and the study's own split."""
    kind: str = "table"
    """table | image | text | signal | mixed"""
    task: str = ""
    """classification | regression | own"""
    target: str = ""
    """The column that is predicted; empty where the data has none of that name."""
    gives: str = AS_THEY_ARE
    """What the model puts out: logits (a softmax makes them probabilities) | scores (the largest names the
    class) | amounts (standardised) | outputs (nobody but the user's own loss knows)."""
    classes: tuple[str, ...] = ()
    input_shape: tuple[int, ...] = ()
    """Of one encoded row; empty where a row has several inputs."""
    vocabulary: int = 0
    sparse: bool = False
    outputs: int = 0
    """Numbers a row that the model puts out; 0 where nothing tells."""
    optimizer: str = ""
    metric: Mapping[str, Any] = field(default_factory=dict)
    """name, direction; validation and test of the run (or of the mean of the seeds), the 90 % interval of the
    recommendation, and the seeds behind it."""
    model: Mapping[str, Any] = field(default_factory=dict)
    """name and fields of the model; `code/` in front of a file of the user's own, in the bundle's folder."""
    program: bool = False
    """Whether the exported program is all there is of the model, as its source could not be had."""
    deployed: bool = False
    """Whether `model.onnx` is a compressed file, which predicts in the place of the weights."""
    weights: str = ""
    """Which weights these are, in a clause."""
    gain: Mapping[str, Any] = field(default_factory=dict)
    """Of an ensemble: the metric of its members, on average, and of their average, on the rows named."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """Rows, columns and the like, as they were profiled."""
    columns: tuple[Mapping[str, Any], ...] = ()
    """What each column of the table became."""
    notes: tuple[str, ...] = ()
    """What the user of the model should know, in sentences."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of Python and of the packages that matter."""

    @property
    def inputs(self) -> Inputs:
        """Return the form of one encoded row."""
        return Inputs(
            kind=self.kind, shape=tuple(self.input_shape), vocabulary=self.vocabulary, sparse=self.sparse
        )
