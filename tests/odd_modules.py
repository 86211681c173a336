"""Modules that are hard to look at, of the kinds that people have, and a small table that they all take."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, spectral_norm, weight_norm
from torch.utils.checkpoint import checkpoint

from studies.loaded_workload import LoadedWorkload
from studies.workload import Workload
from studies.workload_opening import workload_from_code

COLUMNS, CLASSES = 6, 3
ROWS = np.random.default_rng(0).normal(size=(60, COLUMNS)).astype(np.float32)
LABELS = np.digitize(ROWS[:, 0] + ROWS[:, 1], [-0.6, 0.6])


def workload_of(model, rows=ROWS, labels=LABELS) -> LoadedWorkload:
    return workload_from_code(Workload(train=(rows, labels), model=model), source="__main__:odd")


def plain():
    return nn.Sequential(nn.Linear(COLUMNS, 8), nn.ReLU(), nn.Linear(8, CLASSES))


def normed(norm):
    return lambda: nn.Sequential(norm(nn.Linear(COLUMNS, 8)), nn.ReLU(), norm(nn.Linear(8, CLASSES)))


def between(*layers, width=8):
    """Return a function that makes a net with layers between its first and its last one."""
    return lambda: nn.Sequential(
        nn.Linear(COLUMNS, width), *(layer() for layer in layers), nn.Linear(width, CLASSES)
    )


def lazy():
    return nn.Sequential(nn.LazyLinear(8), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(CLASSES))


def lazy_convolution():
    return nn.Sequential(
        nn.Unflatten(1, (1, COLUMNS)), nn.LazyConv1d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(CLASSES)
    )


class Scalars(nn.Module):
    """A gain and a temperature without dimensions."""

    def __init__(self):
        super().__init__()
        self.gain, self.net = nn.Parameter(torch.tensor(1.0)), plain()
        self.temperature = nn.Parameter(torch.tensor(0.5))

    def forward(self, inputs):
        return self.net(self.gain * inputs) * self.temperature


class OnlyScalars(nn.Module):
    def __init__(self):
        super().__init__()
        self.slopes = nn.ParameterList([nn.Parameter(torch.tensor(0.1 * n)) for n in range(CLASSES)])

    def forward(self, inputs):
        return torch.stack([inputs.sum(dim=1) * slope for slope in self.slopes], dim=1)


class Shapes(nn.Module):
    """Parameters of every number of dimensions, some of size one and one without any number in it."""

    def __init__(self):
        super().__init__()
        self.none = nn.Parameter(torch.zeros(0))
        self.row = nn.Parameter(torch.randn(1, COLUMNS))
        self.cube = nn.Parameter(torch.randn(2, COLUMNS, 4) * 0.3)
        self.six = nn.Parameter(torch.ones(1, 1, 1, 1, 1, 4))
        self.turned = nn.Parameter(torch.randn(CLASSES, 8).t())
        self.head = nn.Linear(8, CLASSES)

    def forward(self, inputs):
        hidden = torch.einsum("bc,kcd->bkd", inputs * self.row, self.cube) * self.six.reshape(4)
        hidden = hidden.flatten(1)
        return self.head(hidden) + hidden @ self.turned + self.none.sum()


class Shared(nn.Module):
    """One layer used twice, and a weight that two layers hold."""

    def __init__(self):
        super().__init__()
        self.first, self.again = nn.Linear(COLUMNS, COLUMNS), nn.Linear(COLUMNS, COLUMNS)
        self.again.weight = self.first.weight
        self.head = nn.Linear(COLUMNS, CLASSES)

    def forward(self, inputs):
        return self.head(self.again(self.first(self.first(inputs).relu()).relu()))


class Tied(nn.Module):
    """A table of embeddings that is the output layer too."""

    def __init__(self):
        super().__init__()
        self.table, self.out = nn.Embedding(17, 8), nn.Linear(8, 17, bias=False)
        self.out.weight = self.table.weight
        self.head = nn.Linear(17, CLASSES)

    def forward(self, inputs):
        return self.head(self.out(self.table(ids(inputs)).mean(dim=1)))


def ids(inputs):
    return (inputs * 4).long().clamp(-8, 8) + 8


class Sparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.head = nn.Embedding(17, 8, sparse=True), nn.Linear(8, CLASSES)

    def forward(self, inputs):
        return self.head(self.table(ids(inputs)).mean(dim=1))


class OnlySparse(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.EmbeddingBag(17, CLASSES, sparse=True, mode="sum")

    def forward(self, inputs):
        return self.table(ids(inputs))


class Frozen(nn.Module):
    """A backbone that is not trained, one of its layers without a gradient ever."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(COLUMNS, 8), nn.BatchNorm1d(8), nn.ReLU()).requires_grad_(
            requires_grad=False
        )
        self.head = nn.Linear(8, CLASSES)

    def forward(self, inputs):
        with torch.no_grad():
            hidden = self.body(inputs)
        return self.head(hidden)


class Buffers(nn.Module):
    """Random features as buffers, of whole numbers and truths too, and one vector that is trained."""

    def __init__(self):
        super().__init__()
        self.register_buffer("features", torch.randn(COLUMNS, CLASSES))
        self.register_buffer("passes", torch.tensor(0))
        self.register_buffer("mask", torch.ones(CLASSES, dtype=torch.bool))
        self.register_buffer("absent", None)
        self.shift = nn.Parameter(torch.zeros(CLASSES))

    def forward(self, inputs):
        self.passes += 1
        return (inputs @ self.features + self.shift) * self.mask


class Unused(nn.Module):
    """Layers that no pass goes through: their gradients are None."""

    def __init__(self):
        super().__init__()
        self.net, self.spare = plain(), nn.Linear(5, 5)
        self.table, self.scale = nn.Embedding(7, 3), nn.Parameter(torch.tensor(2.0))

    def forward(self, inputs):
        return self.net(inputs)


class Viewing(nn.Module):
    """Answers with a view of what it keeps, turned and expanded."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(COLUMNS, CLASSES)

    def forward(self, inputs):
        return self.net(inputs).t().contiguous().t()[:, None].expand(-1, 1, -1)[:, 0]


class Meddling(nn.Module):
    """Prints, seeds and changes torch's defaults, as code out of notebooks does."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.set_default_dtype(torch.float64)
        torch.set_num_threads(1)
        self.net = plain().float()

    def forward(self, inputs):
        torch.manual_seed(2)
        return self.net(inputs) + 0.01 * torch.randn(len(inputs), 1, dtype=inputs.dtype)


class Recurrent(nn.Module):
    """A recurrent net with a state made anew at every pass."""

    def __init__(self, kind, **settings):
        super().__init__()
        self.net = kind(2, 6, batch_first=True, **settings)
        self.head = nn.Linear(6 * (1 + self.net.bidirectional), CLASSES)

    def forward(self, inputs):
        return self.head(self.net(inputs.view(-1, 3, 2))[0][:, -1])


class Stateful(nn.Module):
    """Keeps a cache of its first pass and its last state, and makes its start from torch's default type."""

    def __init__(self):
        super().__init__()
        self.net, self.cache, self.last = nn.GRUCell(COLUMNS, 8), None, None
        self.head = nn.Linear(8, CLASSES)

    def forward(self, inputs):
        if self.cache is None:
            self.cache = torch.linspace(-1, 1, COLUMNS).to(inputs)
        self.last = self.net(inputs * self.cache, torch.zeros(len(inputs), 8))
        return self.head(self.last)


class Checkpointed(nn.Module):
    """Computes its hidden layer again in the backward pass."""

    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(COLUMNS, 8), nn.Tanh()), nn.Linear(8, CLASSES)

    def forward(self, inputs):
        return self.head(checkpoint(self.body, inputs, use_reentrant=False))


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(context, inputs):
        context.save_for_backward(inputs)
        return inputs.sign()

    @staticmethod
    def backward(context, gradient):
        (inputs,) = context.saved_tensors
        return gradient * (inputs.abs() <= 1)


class OwnGradient(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.head = nn.Linear(COLUMNS, 8), nn.Linear(8, CLASSES)

    def forward(self, inputs):
        return self.head(Sign.apply(self.first(inputs)))


class Spectrum(nn.Module):
    """Complex numbers inside, real parameters."""

    def __init__(self):
        super().__init__()
        self.filter, self.head = nn.Parameter(torch.ones(COLUMNS // 2 + 1)), nn.Linear(COLUMNS, CLASSES)

    def forward(self, inputs):
        return self.head(torch.fft.irfft(torch.fft.rfft(inputs) * self.filter, n=COLUMNS))


class Functional(nn.Module):
    """Weights as bare parameters, used by functions."""

    def __init__(self):
        super().__init__()
        self.weights = nn.ParameterDict(
            {
                "in": nn.Parameter(torch.randn(8, COLUMNS) * 0.3),
                "out": nn.Parameter(torch.randn(CLASSES, 8) * 0.3),
            }
        )

    def forward(self, inputs):
        return functional.linear(functional.linear(inputs, self.weights["in"]).relu(), self.weights["out"])


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.layer = nn.Linear(1, 8), nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.start, self.head = nn.Parameter(torch.randn(1, 1, 8)), nn.Linear(8, CLASSES)

    def forward(self, inputs):
        tokens = torch.cat([self.start.expand(len(inputs), -1, -1), self.embed(inputs.unsqueeze(-1))], dim=1)
        return self.head(self.layer(tokens)[:, 0])


class Locked(nn.Module):
    """Holds what no copy can be made of."""

    def __init__(self):
        super().__init__()
        import threading

        self.net, self.lock = plain(), threading.Lock()

    def forward(self, inputs):
        with self.lock:
            return self.net(inputs)


KINDS = {
    "weight norm, hook": normed(weight_norm),
    "weight norm": normed(parametrizations.weight_norm),
    "spectral norm, hook": normed(spectral_norm),
    "spectral norm": normed(parametrizations.spectral_norm),
    "orthogonal": normed(parametrizations.orthogonal),
    "lazy": lazy,
    "lazy convolution": lazy_convolution,
    "scripted": lambda: torch.jit.script(plain()),
    "scripted part": lambda: nn.Sequential(torch.jit.script(plain()), nn.Linear(CLASSES, CLASSES)),
    "traced": lambda: torch.jit.trace(plain(), torch.ones(2, COLUMNS)),
    "compiled": lambda: torch.compile(plain(), backend="eager"),
    "parallel": lambda: nn.DataParallel(plain()),
    "double": lambda: plain().double(),
    "bfloat16": lambda: plain().bfloat16(),
    "double with state": lambda: Stateful().double(),
    "norm without statistics": between(lambda: nn.BatchNorm1d(8, track_running_stats=False)),
    "norm without weights": between(lambda: nn.LayerNorm(8, elementwise_affine=False), nn.Tanh),
    "batch norm": between(lambda: nn.BatchNorm1d(8), nn.ReLU),
    "cumulative batch norm": between(lambda: nn.BatchNorm1d(8, momentum=None)),
    "scalars": Scalars,
    "only scalars": OnlyScalars,
    "shapes": Shapes,
    "shared": Shared,
    "tied": Tied,
    "sparse": Sparse,
    "only sparse": OnlySparse,
    "frozen": Frozen,
    "buffers": Buffers,
    "unused": Unused,
    "viewing": Viewing,
    "meddling": Meddling,
    "RNN": lambda: Recurrent(nn.RNN),
    "LSTM": lambda: Recurrent(nn.LSTM, bidirectional=True, num_layers=2),
    "projected LSTM": lambda: Recurrent(nn.LSTM, proj_size=0, bias=False),
    "GRU": lambda: Recurrent(nn.GRU),
    "stateful": Stateful,
    "checkpointed": Checkpointed,
    "own gradient": OwnGradient,
    "spectrum": Spectrum,
    "functional": Functional,
    "attention": Attending,
    "locked": Locked,
    "PReLU": between(nn.PReLU),
    "one unit": lambda: nn.Sequential(nn.Linear(COLUMNS, 1), nn.Tanh(), nn.Linear(1, CLASSES)),
    "half frozen weight norm": lambda: nn.Sequential(
        parametrizations.weight_norm(nn.Linear(COLUMNS, 8)).requires_grad_(requires_grad=False),
        nn.Linear(8, CLASSES),
    ),
}
"""A function for each that makes one."""
