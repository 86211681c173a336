"""What a training run left behind: its quality and costs, as the fields of a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studies import measure
from studies.evaluate import outputs_of, tensors
from studies.routing import route

if TYPE_CHECKING:
    from studies.train import Training


def weigh(training: Training, *, whole: bool, test: bool) -> dict[str, Any]:
    """Return the fields of a record that were measured.

    Args:
        training: a run that has started; a whole one holds the weights of its best epoch afterwards.
        whole: whether it ran to its end, and so is worth timing.
        test: whether the test split may be looked at.
    """
    found = {
        "quality": training.quality, "train_seconds": training.seconds, "peak_bytes": training.peak_bytes,
        "optimizer_state_bytes": measure.state_bytes(training.optimizer), "model_bytes": measure.model_bytes(training.model),
        "routing": _routing(training),
    }  # fmt: skip
    if not whole:
        return found
    training.restore_best()
    return found | {
        "test_quality": _test_quality(training) if test else None,
        "sparsity": measure.sparsity(training.model), "latency_seconds": _latency_seconds(training),
    }  # fmt: skip


def _test_quality(training: Training) -> float:
    """Return the metric of the weights as they are on the test split."""
    inputs, targets = tensors(training.workload.dataset, "test", training.device)
    return training.workload.score(outputs_of(training.model, inputs), targets)


def _latency_seconds(training: Training) -> float:
    """Return the median seconds of one forward pass over one row."""
    inputs, _ = tensors(training.workload.dataset, "valid", training.device)
    return measure.latency_seconds(training.model, inputs[:1])


def _routing(training: Training) -> dict[str, str]:
    recipe = training.recipe
    counts = route(training.model).counts()
    return {f"{role} ({count:,})": recipe.optimizer.serves(role) for role, count in counts.items()}
