"""Joint trial: training and compression in one; a search judges the deployed file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studies.compression.checkpoint import Checkpoint
from studies.compression.pipeline import CompressionRun

if TYPE_CHECKING:
    from studies.record import Measurement
    from studies.train import Training


@dataclass(kw_only=True, eq=False)
class Joint:
    """A `studies.trials.trial.Run`: a training, and at its end the compression of what it trained.

    On the way it is judged by its training, at the end by the file that would be deployed.
    """

    training: Training
    compression: CompressionRun | None = field(default=None)

    @property
    def curve(self) -> list[Measurement]:
        """Return the learning curve of the training."""
        return self.training.curve

    @property
    def epoch(self) -> int:
        """Return the epochs trained."""
        return self.training.epoch

    @property
    def seconds(self) -> float:
        """Return the seconds trained, fine-tuning included."""
        return self.training.seconds + (self.compression.seconds if self.compression else 0.0)

    def advance(self, epochs: int, *, stop: Callable[[], bool]) -> bool:
        """Train up to a rung; at the last one compress too. Return whether it got there.

        Raises:
            Diverged: a training diverged.
            CannotCompress: the trained model cannot be treated so.
        """
        if not self.training.advance(epochs, stop=stop):
            return False
        if epochs < self.training.recipe.epochs or self.compression is not None:
            return True
        self.training.restore_best()
        source = Checkpoint(
            number=-1,
            recipe=self.training.recipe,
            seed=self.training.seed,
            model=self.training.model.eval(),
            workload=self.training.workload,
            device=self.training.device,
        )
        self.compression = CompressionRun(recipe=self.training.recipe, source=source)
        return self.compression.advance(epochs, stop=stop)

    def measure_outcome(self, *, whole: bool, test: bool) -> dict[str, Any]:
        """Return the fields of a record that were measured; of a whole run, those of the deployed file."""
        outcome = self.training.measure_outcome(whole=whole, test=test)
        if not whole or self.compression is None:
            return outcome
        return (
            outcome
            | self.compression.measure_outcome(whole=True, test=test)
            | {"train_seconds": self.seconds}
        )

    def close(self) -> None:
        """Let go of the training."""
        self.training.close()
