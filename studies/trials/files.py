"""Trial files: the state of a paused trial, and the weights of a whole one."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from studies.measure.model import state_bytes
from studies.train import Training
from studies.trials.state_file import save

if TYPE_CHECKING:
    from studies.trials.trial import Trial


def can_be_saved(trial: Trial) -> bool:
    """Tell whether a paused trial can be written to a file: a training of ours can, a function cannot."""
    return _training(trial) is not None


def held_bytes(trial: Trial) -> int:
    """Return the bytes of weights and state that a paused training holds; 0 for what cannot be let go."""
    training = _training(trial)
    return 0 if training is None else training.kept_bytes + state_bytes(training.optimizer)


def save_paused(path: Path, trial: Trial) -> bool:
    """Write the state of a paused trial, and tell whether it could be."""
    training = _training(trial)
    if training is None:
        return False
    return save(path, training.state_dict())  # else it goes on where it is, or from its start


def load_paused(path: Path, trial: Trial) -> None:
    """Let a trial go on from its file; one without a readable file begins anew, with the same result."""
    try:
        state = torch.load(path, weights_only=False)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError):
        return
    trial.begin()
    training = _training(trial)
    if training is not None:
        training.load_state_dict(state)


def save_weights(path: Path, trial: Trial) -> None:
    """Write the weights that a trial ended with; a training function keeps its own to itself.

    Where they cannot be written they are trained again when they are needed.
    """
    model = getattr(trial.training, "model", None)
    if model is not None:
        save(path, model.state_dict())


def _training(trial: Trial) -> Training | None:
    """Return the training within a trial, also of one that compresses what it has trained."""
    run: Any = trial.training
    inner = getattr(run, "training", run)
    return inner if isinstance(inner, Training) else None
