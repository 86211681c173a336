"""Models for a compression pass: those that ship here, and odd ones of the kinds that people have."""

from __future__ import annotations

import copy

import torch
from torch import nn

from studies.data.dataset import Dataset, Part
from studies.data.inputs import Inputs
from studies.infeasible import CannotCompress
from studies.loaded_workload import LoadedWorkload
from studies.metrics import metric
from studies.models.linear import Linear
from studies.weights.trained_model import TrainedModel

from model_inputs import KINDS, MODELS, TAKEN, build, rows

CLASSES = 5
TABLE, IMAGE = KINDS["table"], KINDS["image"]


def workload_of(inputs: Inputs, count: int = 64) -> LoadedWorkload:
    """Return a workload of random rows whose class is that of the outputs of a random linear map."""

    def part(seed):
        drawn = rows(inputs, count, seed)
        weights = torch.randn(inputs.size, CLASSES, generator=torch.Generator().manual_seed(9))
        return Part(inputs=drawn.numpy(), targets=(drawn.flatten(1).float() @ weights).argmax(dim=1).numpy())

    dataset = Dataset(
        name="random",
        kind=inputs.kind,
        task="classification",
        train=part(0),
        valid=part(1),
        test=part(2),
        classes=tuple("abcde"),
        feature_names=(),
        vocabulary=inputs.vocabulary,
        missing_share=0.0,
        digest="",
        notes=(),
    )
    return LoadedWorkload(dataset=dataset, model=Linear(), metric=metric(None, "classification", None))


class Own(nn.Module):
    """A layer with a matrix of its own, read as (inputs, outputs)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(inputs, outputs) * 0.3)
        self.scale = nn.Parameter(torch.ones(outputs))

    def forward(self, inputs):
        return inputs @ self.matrix * self.scale


class Vectors(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale, self.shift = nn.Parameter(torch.rand(7)), nn.Parameter(torch.zeros(7))

    def forward(self, inputs):
        return (inputs * self.scale + self.shift)[:, :CLASSES]


class Tied(nn.Module):
    """Two layers that share a weight, each with its own bias."""

    def __init__(self):
        super().__init__()
        self.first, self.one, self.other = nn.Linear(7, 16), nn.Linear(16, 16), nn.Linear(16, 16)
        self.other.weight = self.one.weight
        self.head = nn.Linear(16, CLASSES)

    def forward(self, inputs):
        hidden = self.first(inputs).relu()
        return self.head(self.other(self.one(hidden).relu()).relu())


class Encoder(nn.Module):
    """Torch's own encoder, which looks into its attention for a shortcut."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(1, 16)
        layer = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, batch_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(16, CLASSES)

    def forward(self, inputs):
        return self.head(self.encoder(self.embed(inputs.unsqueeze(-1))).mean(dim=1))


ODD = {
    "tied": (Tied, TABLE),
    "own matrix": (
        lambda: nn.Sequential(
            nn.Linear(7, 16), nn.ReLU(), Own(16, 16), nn.ReLU(), nn.Linear(16, CLASSES)
        ),
        TABLE,
    ),
    "own matrix alone": (lambda: Own(7, CLASSES), TABLE),
    "only vectors": (Vectors, TABLE),
    "nothing trained": (lambda: nn.Sequential(nn.Linear(7, CLASSES)).requires_grad_(False), TABLE),
    "only convolutions": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Conv2d(8, CLASSES, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        ),
        IMAGE,
    ),
    "grouped": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 16, 3), nn.Conv2d(16, 16, 3, groups=16), nn.Conv2d(16, 16, 1, groups=4), nn.ReLU(),
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, CLASSES),
        ),
        IMAGE,
    ),
    "encoder": (Encoder, TABLE),
    "recurrent": (lambda: Recurrent(), TABLE),  # noqa: PLW0108 - defined below
}  # fmt: skip


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.recurrent, self.head = nn.LSTM(1, 12, batch_first=True), nn.Linear(12, CLASSES)

    def forward(self, inputs):
        return self.head(self.recurrent(inputs.unsqueeze(-1))[0][:, -1])


def subject(name: str, **fields) -> TrainedModel:
    """Return a model that ships here, or an odd one, by its name."""
    if name in ODD:
        make, inputs = ODD[name]
        torch.manual_seed(0)
        model = make()
    else:
        inputs = KINDS[next(kind for kind in KINDS if kind in TAKEN[name])]
        model = build(MODELS[name](**fields), inputs, CLASSES)
    return TrainedModel(model=model.eval(), workload=workload_of(inputs))


def parameters(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: copy.deepcopy(value.detach()) for name, value in model.state_dict().items()}


def pruned_pair(choice, name):
    """Prune a model and return (before, after), or None where it says that it cannot."""
    before = subject(name)
    after = TrainedModel(model=copy.deepcopy(before.model), workload=before.workload)
    try:
        choice().prune(after)
    except CannotCompress:
        assert all(
            torch.equal(a, b)
            for a, b in zip(before.model.parameters(), after.model.parameters(), strict=True)
        )
        return None
    return before, after


def at_best(trained):
    """Make the model's own answers the targets, so that any change of them costs; return them."""
    wanted = trained.model(trained.rows[0]).detach()
    trained.rows = trained.rows[0], wanted.softmax(dim=1)
    return wanted
