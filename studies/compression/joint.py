"""Training and making small in one trial: what a search judges is the deployed file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studies.compression.compressing import Compressing
from studies.compression.source import Source

if TYPE_CHECKING:
    from studies.record import Measurement
    from studies.train import Training


@dataclass(kw_only=True, eq=False)
class Joint:
    """A `studies.trial.Run`: a training, and at its end the compression of what it trained.

    On the way it is judged by its training, at the end by the file that would be deployed.
    """

    training: Training
    compressing: Compressing | None = field(default=None)

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
        return self.training.seconds + (self.compressing.seconds if self.compressing else 0.0)

    def advance(self, epochs: int, *, stop: Callable[[], bool]) -> bool:
        """Train up to a rung; at the last one compress too. Return whether it got there.

        Raises:
            Diverged: a training diverged.
            CannotCompress: the trained model cannot be treated so.
        """
        if not self.training.advance(epochs, stop=stop):
            return False
        if epochs < self.training.recipe.epochs or self.compressing is not None:
            return True
        self.training.restore_best()
        source = Source(
            number=-1, recipe=self.training.recipe, seed=self.training.seed, model=self.training.model.eval(),
            workload=self.training.workload, device=self.training.device,
        )  # fmt: skip
        self.compressing = Compressing(recipe=self.training.recipe, source=source)
        return self.compressing.advance(epochs, stop=stop)

    def measure_outcome(self, *, whole: bool, test: bool) -> dict[str, Any]:
        """Return the fields of a record that were measured; of a whole run, those of the deployed file."""
        found = self.training.measure_outcome(whole=whole, test=test)
        if not whole or self.compressing is None:
            return found
        return found | self.compressing.measure_outcome(whole=True, test=test) | {"train_seconds": self.seconds}

    def close(self) -> None:
        """Let go of the training."""
        self.training.close()
