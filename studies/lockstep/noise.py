"""Dropout noise of stacked models: each model's masks, drawn as it would draw them by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from studies.lockstep.unstackable import Unstackable

DROPOUTS: Final = (torch.dropout, functional.dropout)


@dataclass(frozen=True, kw_only=True)
class Dropped:
    """Call of dropout in a model's forward pass."""

    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: torch.dtype
    rate: float
    """Share of the entries that is zeroed, from 0 to below 1."""


class _Calls(TorchFunctionMode):
    """Notes every call of dropout in training."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Dropped] = []

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if function in DROPOUTS and (call := _call(args, kwargs or {})):
            inputs, rate = call
            self.calls.append(
                Dropped(shape=tuple(inputs.shape), strides=inputs.stride(), dtype=inputs.dtype, rate=rate)
            )
        return function(*args, **(kwargs or {}))


class _Masked(TorchFunctionMode):
    """Multiplies by masks that are there already, where dropout would draw one."""

    def __init__(self, masks: Sequence[torch.Tensor]) -> None:
        super().__init__()
        self.masks = iter(masks)

    def __torch_function__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if function in DROPOUTS and (call := _call(args, kwargs or {})) and call[1] > 0:
            return call[0] * next(self.masks)
        return function(*args, **(kwargs or {}))


def dropped(forward: Callable[[], Any]) -> tuple[Dropped, ...]:
    """Return the calls of dropout in a forward pass."""
    with _Calls() as noting:
        forward()
    return tuple(noting.calls)


@contextmanager
def masked(masks: Sequence[torch.Tensor]) -> Iterator[None]:
    """Have the calls of dropout inside the block multiply by these masks, in their order."""
    if not masks:
        yield
        return
    with _Masked(masks):
        yield


def empty_masks(calls: Sequence[Sequence[Dropped]], device: torch.device) -> list[torch.Tensor]:
    """Return memory for the masks of each call, (models, *shape).

    Args:
        calls: of each model, the same but for their rates.
        device: where the models are.
    """
    return [
        torch.empty_strided(
            (len(calls), *call.shape),
            (_span(call), *call.strides),
            dtype=call.dtype,
            device=device,
        )
        for call in calls[0]
    ]


def draw(masks: Sequence[torch.Tensor], calls: Sequence[Dropped]) -> None:
    """Draw the masks of one model from torch's global generator, as torch's dropout does.

    Args:
        masks: rows of the stacked masks.
        calls: of the model.
    """
    for mask, call in zip(masks, calls, strict=True):
        if call.rate > 0:
            mask.bernoulli_(1 - call.rate).div_(1 - call.rate)
        else:
            mask.fill_(1.0)


def noisy(calls: Sequence[Sequence[Dropped]]) -> list[tuple[Dropped, ...]]:
    """Return the calls in which at least one model zeroes anything.

    Args:
        calls: of each model.

    Raises:
        Unstackable: the models call dropout differently, in more than their rates.
    """
    forms = [[(call.shape, call.strides, call.dtype) for call in of_model] for of_model in calls]
    if not all(form == forms[0] for form in forms):
        raise Unstackable("their models call dropout differently")
    active = [any(of_model[index].rate > 0 for of_model in calls) for index in range(len(forms[0]))]
    return [tuple(compress(of_model, active)) for of_model in calls]


def switch_on(template: nn.Module, models: Sequence[nn.Module]) -> None:
    """Have a template call dropout in every layer in which one of the models does."""
    rates = [_rates(model) for model in models]
    for name, module in template.named_modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.5 if any(of_model[name] > 0 for of_model in rates) else 0.0


def _rates(model: nn.Module) -> dict[str, float]:
    return {name: module.p for name, module in model.named_modules() if isinstance(module, nn.Dropout)}


def _call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[torch.Tensor, float] | None:
    """Return inputs and rate of a call of dropout in training, from the arguments that it was given."""
    arguments = dict(zip(("input", "p", "training"), args, strict=False)) | dict(kwargs)
    training = arguments.get("training", arguments.get("train", True))
    return (arguments["input"], arguments.get("p", 0.5)) if training else None


def _span(call: Dropped) -> int:
    """Return the numbers between two rows: what the entries of one lie within."""
    return 1 + sum((size - 1) * stride for size, stride in zip(call.shape, call.strides, strict=True))
