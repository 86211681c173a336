"""Models of the contest, as plain functions of a user's own: the same for every contestant."""

from __future__ import annotations

from typing import Any

from torch import nn

VOCABULARY = 6200
"""Words that a text may have, at most."""


def table(columns: int, outputs: int) -> nn.Module:
    """Return a net of two hidden layers."""
    return nn.Sequential(
        nn.Linear(columns, 128), nn.ReLU(), nn.Dropout(0.0), nn.Linear(128, 128), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(128, outputs),
    )  # fmt: skip


def image(shape: Any, outputs: int) -> nn.Module:
    """Return two convolutions and a hidden layer over images of 8 x 8."""
    return nn.Sequential(
        nn.Conv2d(shape[0], 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * (shape[1] // 4) * (shape[2] // 4), 64), nn.ReLU(), nn.Dropout(0.0),
        nn.Linear(64, outputs),
    )  # fmt: skip


def signal(shape: Any, outputs: int) -> nn.Module:
    """Return two convolutions with batch norm, and the mean over time."""
    return nn.Sequential(
        nn.Conv1d(shape[0], 16, 5, padding=2), nn.BatchNorm1d(16), nn.ReLU(), nn.MaxPool1d(2),
        nn.Conv1d(16, 32, 5, padding=2), nn.BatchNorm1d(32), nn.ReLU(), nn.AdaptiveAvgPool1d(1),
        nn.Flatten(), nn.Dropout(0.0), nn.Linear(32, outputs),
    )  # fmt: skip


class Words(nn.Module):
    """A window of three words over embeddings, and the largest answer over the text."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 32)
        self.window = nn.Conv1d(32, 32, 3, padding=1)
        self.dropout = nn.Dropout(0.0)
        self.head = nn.Linear(32, outputs)

    def forward(self, ids: Any) -> Any:
        """Return the logits of texts of (rows, words) ids."""
        words = self.window(self.embedding(ids).transpose(1, 2)).relu().amax(dim=2)
        return self.head(self.dropout(words))


def text(shape: Any, outputs: int) -> nn.Module:  # noqa: ARG001 - as the others are called
    """Return a net over token ids."""
    return Words(outputs)
