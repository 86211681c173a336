"""Smaller settings of a model's own fields."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import pytest
import torch
from torch import nn

from studies.compression.students import students
from studies.data.inputs import Inputs
from studies.models import ModelChoice
from studies.models.bag import Bag
from studies.models.cnn import CNN
from studies.models.custom import Custom
from studies.models.ft_transformer import FTTransformer
from studies.models.linear import Linear
from studies.models.mlp import MLP
from studies.models.tabular_resnet import TabularResNet
from studies.models.transformer import Transformer
from studies.space import one_of, ranges, whole

from choice_params import of


@pytest.mark.parametrize(
    ("model", "wanted"),
    [
        (MLP(width=128), (MLP(width=64), MLP(width=32))),
        (
            CNN(channels=16, hidden=64, norm="batch"),
            tuple(CNN(channels=c, hidden=h, norm="batch") for c, h in [(8, 32), (4, 16)]),
        ),
        (Bag(width=64, hidden=64), (Bag(width=32, hidden=32), Bag(width=16, hidden=16))),
        (MLP(width=24), (MLP(width=16),)),
        (MLP(width=16), ()),
        (MLP(width=4), ()),  # the user's own, below the range: never scaled up
        (CNN(channels=4, hidden=64), (CNN(channels=4, hidden=32), CNN(channels=4, hidden=16))),
        (
            FTTransformer(width=120, heads=8),
            (FTTransformer(width=48, heads=8), FTTransformer(width=24, heads=8)),
        ),
        (Linear(), ()),
        (Custom(factory="net.py:Net"), ()),
    ],
    ids=repr,
)
def test_sizes_are_scaled_and_the_rest_is_kept(model, wanted):
    assert students(model) == wanted


def test_shares_are_taken_largest_first():
    assert students(MLP(width=128), (0.125, 0.5)) == (MLP(width=64), MLP(width=16))


@pytest.mark.parametrize("choice", [param for param in of("model") if param.id != "Custom"])
def test_every_student_is_smaller_within_its_range_and_can_be_built(choice):
    kinds = {"text": ((8,), 30), "signal": ((2, 16), 0), "image": ((1, 8, 8), 0), "table": ((5,), 0)}
    takes = [Inputs(kind=kind, shape=shape, vocabulary=words) for kind, (shape, words) in kinds.items()]
    inputs = next(kind for kind in takes if choice.takes(kind))

    def size(model):
        return sum(prod(parameter.shape) for parameter in model.build(inputs, 3).parameters())

    last = size(choice())
    for student in students(choice()):
        assert size(student) < last
        last = size(student)
        assert all(
            span.low <= getattr(student, name)
            for name, span in ranges(choice).items()
            if hasattr(span, "low")
        )


@dataclass(frozen=True, kw_only=True)
class Attention(ModelChoice):
    """A model of the user's own, whose width has to divide by its heads."""

    width: int = whole(6, 240, default=96, log=True)
    heads: int = one_of(1, 3, 6, default=6)

    def build(self, inputs: Inputs, outputs: int) -> nn.Module:  # noqa: ARG002
        return nn.MultiheadAttention(self.width, self.heads)


@pytest.mark.parametrize("width", [12, 42, 96, 102, 240])
@pytest.mark.parametrize("heads", [1, 3, 6])
def test_what_divides_a_size_goes_on_dividing_it(width, heads):
    for student in students(Attention(width=width, heads=heads), (0.5, 0.25, 0.1)):
        with torch.random.fork_rng():
            student.build(Inputs(kind="table", shape=(3,)), 2)
        assert student.width < width


@pytest.mark.parametrize("heads", [1, 2, 4, 8])
def test_tokens_of_a_transformer_divide_by_its_heads(heads):
    widths = [student.width for student in students(Transformer(width=64, heads=heads))]

    assert widths == [32, 16]
    assert all(width % heads == 0 for width in widths)


def test_a_student_keeps_the_low_end_of_its_range():
    assert students(TabularResNet(width=48)) == (TabularResNet(width=32),)
