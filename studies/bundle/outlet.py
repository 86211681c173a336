"""Outlet of a model: its outputs as labels with probabilities, or as amounts in the target's own units."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

LOGITS: Final = "logits"
SCORES: Final = "scores"
AMOUNTS: Final = "amounts"
AS_THEY_ARE: Final = "outputs"


def probabilities_of(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Return the softmax of each row, (rows, classes)."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def logits_of(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    """Return logits that a softmax makes these probabilities of; of 0 a finite one."""
    logits: NDArray[np.float64] = np.log(np.maximum(probabilities, 1e-300))
    return logits


def amounts_of(
    outputs: NDArray[Any], means: tuple[float, ...], scales: tuple[float, ...]
) -> NDArray[np.float64]:
    """Return standardised outputs, (rows, outputs), in the target's own units."""
    amounts: NDArray[np.float64] = outputs.astype(np.float64) * np.array(scales) + np.array(means)
    return amounts


def labels_at(codes: NDArray[np.int64], classes: tuple[str, ...]) -> NDArray[np.object_]:
    """Return the label of each code."""
    labels: NDArray[np.object_] = np.array(classes, dtype=object)[codes]
    return labels
