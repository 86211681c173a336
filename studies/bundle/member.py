"""Member of a bundle: one trained model with the encoder that was fitted on its training rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studies.bundle import outlet

if TYPE_CHECKING:
    from torch import nn

    from studies.bundle.about import About
    from studies.bundle.row_remarks import RowRemarks
    from studies.data.row_encoders import RowEncoder
    from studies.data.target_encoder import TargetEncoder


@dataclass(frozen=True, kw_only=True, eq=False)
class Member:
    """Trained model of one run, ready to predict on the CPU."""

    module: nn.Module | None
    """In evaluation mode, on the CPU; None where a compressed file predicts."""
    encoder: RowEncoder
    """Turns rows as they came into inputs."""
    target: TargetEncoder | None
    """Says what the outputs mean; None for targets of a loss of the user's own."""
    trial: int | None = None
    """The trial that trained it; None where it was trained after the study."""
    seed: int = 0
    split_seed: int | None = None
    """Of the split that it was trained on; None for the study's own, or for all rows but those that test."""
    graph: bytes | None = None
    """The ONNX file that predicts in the module's place, where compression made one."""
    program: Any = None
    """The exported program that `module` runs, where the module's source could not be had."""

    def answer(self, rows: Any, about: About, remarks: RowRemarks) -> NDArray[np.float64]:
        """Return probabilities, scores or amounts in the target's own units, (rows, outputs).

        Args:
            rows: as they came.
            about: what the outputs are.
            remarks: what is to be said of the rows is added to it.

        Raises:
            BadWorkload: rows that cannot be turned into inputs.
        """
        from studies.bundle.rows_in import inputs_of

        return self.answer_for(inputs_of(self.encoder, rows, remarks), about)

    def answer_for(self, inputs: Any, about: About) -> NDArray[np.float64]:
        """Return the same for rows that are encoded already."""
        if inputs.shape[0] == 0:
            return np.empty((0, about.outputs))
        outputs = self.outputs(inputs)
        if about.gives == outlet.LOGITS:
            return outlet.probabilities_of(outputs)
        if about.gives == outlet.AMOUNTS and self.target is not None:
            return outlet.amounts_of(outputs, self.target.means, self.target.scales)
        return outputs.astype(np.float64)

    def outputs(self, inputs: Any) -> NDArray[Any]:
        """Return the main outputs for encoded rows, (rows, outputs)."""
        if self.module is not None:
            from studies.bundle.running import outputs_for

            return outputs_for(self.module, inputs)
        from studies.deployment.export import run

        outputs: NDArray[Any] = run(self._session, inputs)
        return outputs

    @cached_property
    def _session(self) -> Any:
        from studies.deployment.export import session

        return session(self.graph or b"")
