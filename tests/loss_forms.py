"""Forms of inputs, targets and outputs that a loss of the user's own allows, each a workload."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import Dataset

from studies.workload import Workload
from studies.workload_opening import workload_from_code

DRAW = np.random.default_rng(0)
TABLE = DRAW.normal(size=(60, 5)).astype(np.float32)
LABELS = (TABLE[:, 0] > 0).astype(int)
MANY_LABELS = (TABLE @ DRAW.normal(size=(5, 3)) > 0).astype(np.float32)
IMAGES = DRAW.normal(size=(40, 1, 8, 8)).astype(np.float32)
IDS = DRAW.integers(1, 20, size=(50, 6))


class NextToken(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(20, 8), nn.Linear(8, 20)

    def forward(self, ids):
        return self.head(self.table(ids))


class Pair(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(5, 4)

    def forward(self, left, right):
        return self.encoder(left), self.encoder(right)


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(7, 2)

    def forward(self, *, wide, narrow):
        return self.head(torch.cat([wide, narrow], dim=1))


class InOrder(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(10, 2)

    def forward(self, first, second):
        return self.head(torch.cat([first, second], dim=1))


class Answer:
    def __init__(self, logits):
        self.logits = logits


class WithLogits(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(5, 2)

    def forward(self, rows):
        return Answer(self.head(rows))


class MainAndAuxiliary(nn.Module):
    def __init__(self):
        super().__init__()
        self.main, self.auxiliary = nn.Linear(5, 2), nn.Linear(5, 2)

    def forward(self, rows):
        return self.main(rows), self.auxiliary(rows)


class Items(Dataset):
    def __len__(self):
        return len(TABLE)

    def __getitem__(self, row):
        inputs = torch.from_numpy(TABLE[row])
        return {"wide": inputs, "narrow": inputs[:2], "label": int(LABELS[row])}


def conv():
    return nn.Conv2d(1, 2, 3, padding=1)


def autoencoder():
    return nn.Sequential(nn.Linear(5, 2), nn.Linear(2, 5))


def next_token_loss(outputs, targets):
    return functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def contrastive(outputs, targets):
    left, right = outputs
    return functional.cross_entropy(left @ right.T, torch.arange(len(left)))


def contrastive_of_labels(outputs, targets):
    return contrastive(outputs, targets) + 0.0 * targets.sum()


def both(outputs, targets):
    main, auxiliary = outputs
    return functional.cross_entropy(main, targets) + 0.3 * functional.cross_entropy(auxiliary, targets)


def pair_of_targets(outputs, targets):
    return functional.cross_entropy(outputs[0], targets["class"]) + functional.mse_loss(
        outputs[1], targets["amount"]
    )


FORMS = {
    "multi-label": Workload(train=(TABLE, MANY_LABELS), loss=nn.BCEWithLogitsLoss()),
    "segmentation": Workload(
        train=(IMAGES, (IMAGES[:, 0] > 0).astype(np.int64)), loss=functional.cross_entropy, model=conv
    ),
    "next token": Workload(train=(IDS, np.roll(IDS, -1, axis=1)), loss=next_token_loss, model=NextToken),
    "inputs as targets": Workload(train=(TABLE, TABLE), loss=functional.mse_loss, model=autoencoder),
    "no targets": Workload(train=(TABLE, None), loss=nn.MSELoss, model=autoencoder),
    "pairs": Workload(train=((TABLE, TABLE + 0.1), None), loss=contrastive, model=Pair),
    "pairs with labels": Workload(
        train=((TABLE, TABLE + 0.1), LABELS), loss=contrastive_of_labels, model=Pair
    ),
    "inputs by name": Workload(train=({"wide": TABLE, "narrow": TABLE[:, :2]}, LABELS), model=ByName),
    "inputs in order": Workload(train=((TABLE, -TABLE), LABELS), model=InOrder),
    "an object with logits": Workload(train=(TABLE, LABELS), model=WithLogits),
    "main and auxiliary outputs": Workload(train=(TABLE, LABELS), loss=both, model=MainAndAuxiliary),
    "items in dicts": Workload(train=Items(), model=ByName),
    "several targets": Workload(
        train=(TABLE, {"class": LABELS, "amount": TABLE[:, :2]}), loss=pair_of_targets, model=MainAndAuxiliary
    ),
}
"""A workload for each form of inputs, outputs, targets and loss."""


def opened(workload):
    return workload_from_code(workload, source="__main__:workload")
