"""Retraining: the recommended recipe trained once more, on the rows that trained and those that validated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studies.compression.checkpoint import Checkpoint
from studies.errors import BadValue, NothingFeasible
from studies.infeasible import Diverged

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.record import Record


def retrained(record: Record, workload: LoadedWorkload, *, device: str) -> Checkpoint:
    """Return the model of a run's recipe and seed, trained on all rows but those that test.

    No row is left to choose an epoch by: it stops at the epoch that was best in the run, on the same
    schedule.

    Args:
        record: the run that is trained again.
        workload: on the study's own split.
        device: cpu, cuda or mps.

    Raises:
        BadValue: the data has no rows that could be joined.
        NothingFeasible: it diverged.
    """
    import torch

    from studies.recipe import Recipe
    from studies.train import Training

    on_all = workload.on_all_rows()
    if on_all is None:
        raise BadValue("the rows that validated cannot be joined with those that trained; leave retrain out")
    recipe, epoch = Recipe.from_params(record.params), best_epoch(record, workload)
    training = Training(recipe, on_all, seed=record.seed, device=device)
    try:
        training.advance(epoch - 1)
        training.forget_best()
        training.advance(epoch)
    except Diverged as error:
        raise NothingFeasible(
            f"trained on all rows the recipe diverged: {error}; leave retrain out"
        ) from error
    training.restore_best()
    return Checkpoint(
        number=record.number,
        recipe=recipe,
        seed=record.seed,
        model=training.model.eval(),
        workload=on_all,
        device=torch.device(device),
    )


def best_epoch(record: Record, workload: LoadedWorkload) -> int:
    """Return the epoch whose weights a run kept: the best by metric, then by loss."""
    loss = workload.metric.direction.loss
    best = min(record.curve, key=lambda point: (loss(point.valid_metric), point.valid_loss))
    return best.epoch


def note(record: Record, source: Checkpoint, epoch: int) -> str:
    """Return how it was trained, in a sentence."""
    rows, epochs = f"{source.workload.rows:,}", source.recipe.epochs
    return (
        f"Trained once more on the {rows} rows that trained or validated, with the recipe and the seed of "
        f"trial {record.number}, up to epoch {epoch} of {epochs}, which was the best there; columns are "
        "scaled by all of these rows. The figures are those of the study's runs: only the test rows could "
        "judge this model."
    )
