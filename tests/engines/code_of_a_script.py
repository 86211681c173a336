"""A script with code of every kind: run, it writes a payload for each, with what it does here.

python code_of_a_script.py FOLDER
"""

from __future__ import annotations

import abc
import collections
import dataclasses
import enum
import functools
import logging
import operator
import pickle
import random
import re
import sys
import typing
import warnings
import weakref
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from studies.engines.payload import write_payload

ONES = torch.ones(1, 3)
counter = {"value": 7}
log = logging.getLogger("script")


@functools.cache
def cached(number):
    return number * 2


@functools.lru_cache(maxsize=3)
def cached_few(number):
    return number * 3


@functools.singledispatch
def dispatched(value):
    return "other"


@dispatched.register
def _(value: int):
    return "whole"


def doubled(rows: torch.Tensor) -> torch.Tensor:
    return rows * 2


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Flags(enum.IntFlag):
    FIRST = 1
    SECOND = 2


Pair = collections.namedtuple("Pair", "left right")


class Named(typing.NamedTuple):
    left: int
    right: float = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    left: int
    right: list[int] = dataclasses.field(default_factory=list)


Kind = typing.TypeVar("Kind")


class Holding(typing.Generic[Kind]):
    def __init__(self, value):
        self.value = value


class Base(abc.ABC):
    @abc.abstractmethod
    def call(self):
        """Do something."""


class Derived(Base):
    @property
    def own_name(self):
        return super().__class__.__name__

    @classmethod
    def class_name(cls):
        return cls.__name__

    @staticmethod
    def colour():
        return Colour.RED

    @functools.cached_property
    def cached(self):
        return 5

    def call(self):
        return self.colour() is Colour.RED and counter["value"]


class Slots:
    __slots__ = ("__weakref__", "value")

    def __init__(self):
        self.value = 1


class Meta(type):
    def __call__(cls, *arguments):
        made = super().__call__(*arguments)
        made.made = True
        return made


class WithMeta(metaclass=Meta):
    pass


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(_, rows):
        return rows.sign()

    @staticmethod
    def backward(_, gradient):
        return gradient


class OwnTensor(torch.Tensor):
    pass


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first = nn.Linear(3, 3)
        self.act = functional.gelu
        self.first.register_forward_hook(lambda module, inputs, outputs: outputs * 2)

    def forward(self, rows):
        return self.act(self.first(rows)) + Sign.apply(rows)


def counting():
    count = 0

    def bump():
        nonlocal count
        count += 1
        return count

    return bump


def factorial(number):
    return 1 if number < 2 else number * factorial(number - 1)


def used_loader():
    loader = DataLoader(
        TensorDataset(torch.arange(8.0)), batch_size=2, num_workers=1, persistent_workers=True
    )
    list(loader)
    return loader


def weak_keys():
    keys = weakref.WeakKeyDictionary()
    keys[Colour] = 1
    return keys, weakref.WeakSet([Colour]), Colour


def generators():
    return (
        np.random.default_rng(3),
        torch.Generator().manual_seed(4),
        random.Random(5),  # noqa: S311
        np.random.RandomState(2),
    )


KINDS = {
    "cached function": (lambda: cached, lambda call: call(4)),
    "function with a small cache": (lambda: cached_few, lambda call: (call(4), call.cache_info().maxsize)),
    "dispatched function": (lambda: dispatched, lambda call: (call(1), call("a"))),
    "scripted function": (lambda: torch.jit.script(doubled), lambda call: call(ONES).tolist()),
    "compiled function": (lambda: torch.compile(doubled, backend="eager"), lambda call: call(ONES).tolist()),
    "compiled module": (lambda: torch.compile(Net(), backend="eager"), lambda call: call(ONES).tolist()),
    "enumerations": (lambda: (Colour.RED, Flags.FIRST | Flags.SECOND), repr),
    "tuples with names": (lambda: (Pair(1, 2), Named(1)), repr),
    "data class": (lambda: Frozen(1, [2]), repr),
    "generic class": (lambda: Holding[int](3), lambda part: part.value),
    "abstract class": (
        Derived,
        lambda part: (part.call(), part.own_name, part.class_name(), part.cached),
    ),
    "slots": (Slots, lambda part: part.value),
    "class of a class": (lambda: WithMeta, lambda make: make().made),
    "module with hooks and own gradients": (Net, lambda net: net(ONES).tolist()),
    "pickled again": (Net, lambda net: type(pickle.loads(pickle.dumps(net.act))).__name__),  # noqa: S301
    "own tensor": (lambda: ONES.as_subclass(OwnTensor), lambda own: (type(own).__name__, own.tolist())),
    "closure that counts": (counting, lambda call: (call(), call())),
    "recursion": (lambda: factorial, lambda call: call(5)),
    "loader in use": (used_loader, lambda loader: [batch[0].tolist() for batch in loader]),
    "weak references": (weak_keys, lambda parts: (len(parts[0]), len(parts[1]))),
    "logger": (lambda: lambda: log.name, lambda call: call()),
    "built-in functions": (
        lambda: (
            torch.relu,
            functional.gelu,
            np.mean,
            operator.itemgetter(1),
            re.compile("a"),
            torch.float16,
        ),
        lambda parts: (parts[0](-ONES).tolist(), parts[2]([1, 2]), parts[3]("ab")),
    ),
    "random generators": (
        generators,
        lambda parts: (
            parts[0].random(),
            torch.rand(1, generator=parts[1]).item(),
            parts[2].random(),
            parts[3].rand(),
        ),
    ),
    "optimizer": (
        lambda: torch.optim.Adam([nn.Parameter(ONES.clone())], lr=0.1),
        lambda optimizer: optimizer.param_groups[0]["lr"],
    ),
    "open file to read": (lambda: Path(__file__).open(), lambda file: len(file.read())),  # noqa: SIM115
    "nested tensor": (
        lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        lambda nested: [part.tolist() for part in nested.unbind()],
    ),
}
"""What makes each kind, and what is looked at."""


def main(folder: Path) -> None:
    warnings.simplefilter("ignore")
    for number, (make, look) in enumerate(KINDS.values()):
        write_payload(folder / f"{number}.payload", (make(), look, repr(look(make()))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
