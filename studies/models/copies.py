"""Copies of modules: of those too that hold computed weights or scripted parts, where plain copying fails."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from typing import Any

import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized


def copied(module: nn.Module) -> nn.Module:
    """Return a copy of a module, its weights as they are.

    Raises:
        Exception: whatever one of its parts raises when it is copied, as locks and open files do.
    """
    copies: dict[int, Any] = {}
    for scripted in _outermost_scripted(module):
        copies[id(scripted)] = _reloaded(scripted)
    for lazy in (*module.parameters(), *module.buffers()):
        if nn.parameter.is_lazy(lazy):
            copies[id(lazy)] = type(lazy)(**_settings(lazy))
    for part in module.modules():
        for value in [] if isinstance(part, torch.jit.ScriptModule) else vars(part).values():
            # computed anew at every pass, as a normed weight is
            if isinstance(value, torch.Tensor) and not value.is_leaf:
                copies[id(value)] = value.detach().clone()
    copy = deepcopy(module, copies)
    for part in copy.modules():
        if is_parametrized(part):
            part.__class__ = _own_class(type(part))
    return copy


def _own_class(kind: type) -> type:
    """Return a class like one that torch made for a single parametrized module.

    A copy shares it with its original, which loses its weight when those of the copy are made plain.
    """
    names = {name: value for name, value in vars(kind).items() if name not in {"__dict__", "__weakref__"}}
    return type(kind.__name__, kind.__bases__, names)


def _settings(lazy: torch.Tensor) -> dict[str, Any]:
    """Return what a tensor without a shape yet is made with."""
    return {"requires_grad": lazy.requires_grad, "device": lazy.device, "dtype": lazy.dtype}


def _outermost_scripted(module: nn.Module) -> Iterator[torch.jit.ScriptModule]:
    if isinstance(module, torch.jit.ScriptModule):
        yield module
        return
    for child in module.children():
        yield from _outermost_scripted(child)


def _reloaded(scripted: torch.jit.ScriptModule) -> torch.jit.ScriptModule:
    """Return a scripted module through a file in memory: copied otherwise its weights cannot be trained."""
    file = BytesIO()
    torch.jit.save(scripted, file)
    file.seek(0)
    copy: torch.jit.ScriptModule = torch.jit.load(file)  # type: ignore[no-untyped-call]
    return copy
