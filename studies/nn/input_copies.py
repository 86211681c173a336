"""Input copies: a module of the user's own may change its batch in place, for it gets a copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


def on_copies(model: nn.Module) -> nn.Module:
    """Return the module itself, from now on called with copies of the tensors that it is given."""
    if _copy_inputs not in model._forward_pre_hooks.values():
        model.register_forward_pre_hook(_copy_inputs, with_kwargs=True)
    return model


def without_copies(model: nn.Module) -> nn.Module:
    """Return the module itself, from now on called with the tensors themselves, as its author wrote it."""
    for number, hook in list(model._forward_pre_hooks.items()):
        if hook is _copy_inputs:
            del model._forward_pre_hooks[number]
            model._forward_pre_hooks_with_kwargs.pop(number, None)
    return model


def cloned(value: Any) -> Any:
    """Return tensors copied, also those inside lists, tuples and mappings; all else as it is."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, Mapping):
        return {name: cloned(item) for name, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(cloned, value))
    return type(value)(map(cloned, value)) if type(value) in {list, tuple} else value


def _copy_inputs(
    module: nn.Module,  # noqa: ARG001 - what torch hands to a hook
    arguments: tuple[Any, ...],
    options: dict[str, Any],
) -> tuple[Any, Any]:
    return cloned(arguments), cloned(options)
