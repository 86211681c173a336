"""Fitting of a module to its data: lazy layers get their shapes, other float types meet float32 rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from studies.errors import BadWorkload
from studies.forward import answer
from studies.rows.nested import map_leaves, plain
from studies.user_code import code_line


def fitted(module: nn.Module, name: str, rows: Callable[[], Any]) -> nn.Module:
    """Return a module that takes float32 rows and answers in float32, all its parameters there.

    Args:
        module: fresh.
        name: what it is called, for messages.
        rows: returns two rows, asked for only where a layer is yet to see its shape.

    Raises:
        BadWorkload: lazy layers that fail on the rows, or parameters that cannot be trained as they are.
    """
    _check_numbers(module, name)
    if isinstance(module, torch.jit.ScriptModule):
        module = Scripted(module)
    dtype = _own_dtype(module)
    if dtype not in {None, torch.float32}:
        _meet(module, dtype)
    if any(nn.parameter.is_lazy(tensor) for tensor in (*module.parameters(), *module.buffers())):
        _fill(module, name, rows())
    return module


class Scripted(nn.Module):
    """A scripted module inside one that takes hooks, as it itself does not."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *arguments: Any, **options: Any) -> Any:
        """Call the scripted one."""
        return self.module(*arguments, **options)


def _check_numbers(module: nn.Module, name: str) -> None:
    for parameter_name, parameter in module.named_parameters():
        if parameter.is_complex():
            raise BadWorkload(
                f"model {name} has complex parameters ({parameter_name}); only real ones are trained: "
                "hold real and imaginary parts as two"
            )


def _own_dtype(module: nn.Module) -> torch.dtype | None:
    """Return the one type of a module's floating-point parameters; None where there are several or none."""
    dtypes = {parameter.dtype for parameter in module.parameters() if parameter.is_floating_point()}
    return dtypes.pop() if len(dtypes) == 1 else None


def _meet(module: nn.Module, dtype: torch.dtype) -> None:
    """Have a module cast what comes in to its own type and what goes out to float32."""
    bridge = _Bridge(dtype)
    module.register_forward_pre_hook(bridge.enter, with_kwargs=True)
    module.register_forward_hook(bridge.leave, always_call=True)


class _Bridge:
    """Bridge between float32 and a module's own type, which is torch's default inside its pass."""

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.outside = torch.float32

    def enter(self, _: nn.Module, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """Cast what a module is called with."""
        self.outside = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)
        return _cast(args, self.dtype), _cast(kwargs, self.dtype)

    def leave(self, _: nn.Module, __: Any, outputs: Any) -> Any:
        """Cast what it answers, which is None where its pass failed."""
        torch.set_default_dtype(self.outside)
        return _cast(outputs, torch.float32)


def in_float32(module: nn.Module) -> bool:
    """Make a module of another float type one of float32 throughout; tell whether it was of another."""
    hooks = (module._forward_pre_hooks, module._forward_hooks)
    bridges = [
        (kind, key) for kind in hooks for key, hook in kind.items() if isinstance(_holder(hook), _Bridge)
    ]
    for kind, key in bridges:
        del kind[key]
    if bridges:
        module.float()
        _cast_what_it_holds(module)
    return bool(bridges)


def _cast_what_it_holds(module: nn.Module) -> None:
    """Cast tensors that are neither parameters nor buffers: what a module holds back of a pass."""
    for part in module.modules():
        for name, value in list(vars(part).items()):
            if _is_float(value):
                setattr(part, name, value.float())


def _holder(hook: Any) -> object:
    """Return the object that a method belongs to; None for a function."""
    return getattr(hook, "__self__", None)


def _cast(values: Any, dtype: torch.dtype) -> Any:
    """Return nested values, the floating-point tensors among them as `dtype`."""
    return tree_map(lambda value: value.to(dtype) if _is_float(value) else value, values)


def _is_float(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point()


def _fill(module: nn.Module, name: str, rows: Any) -> None:
    """Give lazy layers their shapes by a pass over two rows."""
    training = module.training
    try:
        with torch.no_grad():
            answer(module.eval(), rows)
    except Exception as error:
        shapes = plain(map_leaves(rows, lambda tensor: tuple(tensor.shape)))
        raise BadWorkload(f"model {name} fails on inputs of shape {shapes}: {code_line(error)}") from error
    module.train(training)
