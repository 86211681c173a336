"""Checkpoints: the trained weights of confirmation runs, one file each, for what comes after the search.

A cache and no more: a run that left no file is trained again from its recipe and seed, which gives the same
weights.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from studies.compression.checkpoint import Checkpoint
from studies.recipe import Recipe
from studies.trials.state_file import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from studies.loaded_workload import LoadedWorkload
    from studies.record import Record


@dataclass(frozen=True, kw_only=True)
class Checkpoints:
    """The weights of one study's trials."""

    folder: Path

    @classmethod
    def of(cls, home: Path, study: str) -> Checkpoints:
        """Return the checkpoints of a study."""
        return cls(folder=home / "checkpoints" / study)

    def save(self, number: int, model: nn.Module) -> None:
        """Save the weights that a trial ended with; where the disk takes nothing, they are not kept."""
        save(self.path(number), model.state_dict())

    def load(self, number: int, model: nn.Module) -> bool:
        """Put a trial's weights into a model; return whether they were there and fit."""
        try:
            model.load_state_dict(torch.load(self.path(number), weights_only=True))
        except (OSError, RuntimeError, LookupError, ValueError, pickle.UnpicklingError):
            # not there, torn, or of another model
            return False
        return True

    def load_or_train(
        self,
        record: Record,
        workload: LoadedWorkload,
        *,
        device: str,
        stop: Callable[[], bool] = lambda: False,
    ) -> Checkpoint | None:
        """Return the model that a trial trained, from its file or trained again; None when told to stop.

        It comes with the workload on the split that it was trained on.

        Raises:
            Diverged: trained again, it diverged.
        """
        recipe = Recipe.from_params(record.params)
        workload = workload.on_split(record.split_seed).on_sample(record.sample_rows)
        model = workload.specimen(recipe.model)
        if not self.load(record.number, model):
            trained = _trained_again(recipe, record, workload, device, stop)
            if trained is None:
                return None
            model = trained
            self.save(record.number, model)
        return Checkpoint(
            number=record.number,
            recipe=recipe,
            seed=record.seed,
            model=model.to(device).eval(),
            workload=workload,
            device=torch.device(device),
        )

    def path(self, number: int) -> Path:
        """Return the file of a trial's weights."""
        return self.folder / f"{number}.pt"

    def paused(self, number: int) -> Path:
        """Return the file in which a trial waits between rungs."""
        return self.folder / f"{number}.paused"


def _trained_again(
    recipe: Recipe, record: Record, workload: LoadedWorkload, device: str, stop: Callable[[], bool]
) -> nn.Module | None:
    from studies.train import Training

    training = Training(recipe, workload, seed=record.seed, device=device)
    if not training.advance(recipe.epochs, stop=stop):
        return None
    training.restore_best()
    return training.model
