"""Bundle: a trained model with all that new rows need on the way in and out, in memory or in a folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from studies.bundle import outlet
from studies.bundle.about import About
from studies.bundle.member import Member
from studies.bundle.predictions import Predictions
from studies.bundle.row_remarks import RowRemarks

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Bundle:
    """Bundle of a study's recommended model: what `advisor.load` and `advisor predict` work with.

        bundle = Bundle.load("wine-bundle")
        predictions = bundle.predict(pandas.read_csv("new.csv"))
        predictions.values, predictions.probabilities

    The folder holds no pickle: weights as safetensors, the encoder and all facts as JSON, the recipe as TOML,
    a model of the user's own as its source file.
    """

    about: About
    members: tuple[Member, ...]
    """One trained model, or several whose answers are averaged."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """What it was trained with, in flat form."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """The user's own source files by their path below `code/`."""

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Return the bundle that a folder holds.

        The user's own code in it is run, as it was to train the model.

        Raises:
            StoreError: no bundle there, or a part of it is missing or of a later version.
        """
        from studies.bundle.folder import read

        return cls(**read(Path(folder)))

    def save(self, folder: str | Path, *, exports: bool = False) -> tuple[str, ...]:
        """Write the bundle into a folder, which is made if need be; files of the same names are replaced.

        Args:
            folder: to write into.
            exports: whether `model.pt2` (torch's exported program) and `model.onnx` stand beside the weights,
                for other programs; they take encoded rows.

        Returns:
            Why one of the two was not written, in sentences.

        Raises:
            StoreError: it cannot be written.
        """
        from studies.bundle.folder import write

        write(
            Path(folder),
            about=self.about,
            members=self.members,
            recipe=self.recipe,
            sources=self.sources,
        )
        if not exports or len(self.members) > 1 or self.members[0].module is None:
            return ()
        from studies.bundle.exports import write_exports

        return write_exports(self.members[0], self.about.inputs, Path(folder))

    def predict(self, rows: Any, *, remarks: RowRemarks | None = None) -> Predictions:
        """Return the predictions for rows as they came, in their order.

        Args:
            rows: a DataFrame, an array of the shape (rows, columns) or a list of dicts for a table; for other
                data arrays as they were trained on, (rows, channels, height, width) and the like.
            remarks: collects what is odd in the rows over several calls, for a file that is read in parts;
                the notes are then those of all parts so far.

        Raises:
            BadWorkload: a column is missing, or holds values of another type throughout.
        """
        remarks = RowRemarks() if remarks is None else remarks
        if self.about.target:
            remarks.passed_over.add(self.about.target)
        answers = [
            # what is odd in the rows is remarked once
            member.answer(rows, self.about, RowRemarks() if place else remarks)
            for place, member in enumerate(self.members)
        ]
        return self._predictions(answers[0] if len(answers) == 1 else np.mean(answers, axis=0), remarks)

    def _predictions(self, answer: NDArray[np.float64], remarks: RowRemarks) -> Predictions:
        gives, classes, notes = self.about.gives, tuple(self.about.classes), remarks.notes()
        if gives in {outlet.LOGITS, outlet.SCORES}:
            return Predictions(
                values=outlet.labels_at(answer.argmax(axis=1), classes),
                probabilities=answer if gives == outlet.LOGITS else None,
                classes=classes,
                notes=notes,
            )
        single = answer.ndim == 2 and answer.shape[1] == 1
        return Predictions(values=answer[:, 0] if single else answer, notes=notes)
