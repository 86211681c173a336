"""Reducers of torch: how tensors, scripted, parametrized and compiled code are pickled."""

from __future__ import annotations

import copyreg
from io import BytesIO
from types import FunctionType
from typing import Any

import numpy as np


def reduced_of_torch(obj: Any) -> Any:
    """Return how an object of torch's is pickled, or NotImplemented for its usual way.

    Tensors lie beside the stream: torch pickles a tensor by its storage, which others may share.
    """
    import torch

    if type(obj) is torch.storage.TypedStorage and obj._untyped_storage.device.type == "cpu":
        return _typed, (obj._untyped_storage, obj.dtype)
    if type(obj) is torch.UntypedStorage and obj.device.type == "cpu":
        return _storage, (_bytes_of(obj),)
    return _reduced_code(obj)


def _reduced_code(obj: Any) -> Any:
    """Return how modules, compiled functions and loaders are pickled."""
    import torch
    from torch.nn.utils.parametrize import is_parametrized

    if isinstance(obj, torch.jit.ScriptModule | torch.jit.ScriptFunction):
        return _scripted, (_saved(obj),)
    if isinstance(obj, torch.nn.Module) and is_parametrized(obj):  # which refuses to be pickled
        return _with_state(obj, {})
    if isinstance(obj, torch.utils.data.DataLoader) and obj._iterator is not None:
        return _with_state(obj, {"_iterator": None})  # workers that wait for the next epoch
    if isinstance(obj, FunctionType) and hasattr(obj, "_torchdynamo_orig_callable"):
        return _reduced_compiled(obj)
    return NotImplemented


def _with_state(obj: Any, changes: dict[str, Any]) -> Any:
    return copyreg.__newobj__, (type(obj),), vars(obj) | changes  # type: ignore[attr-defined]


def _reduced_compiled(function: Any) -> Any:
    """Have a function inside `torch.compile` compiled anew, with the settings that it was compiled with."""
    names = function.__code__.co_freevars
    if "self" not in names:
        return NotImplemented
    compiler = function.__closure__[names.index("self")].cell_contents
    return compiler, (function._torchdynamo_orig_callable,)


def _bytes_of(storage: Any) -> np.ndarray[Any, Any]:
    """Return the memory of a storage, which several tensors may lie in, as an array."""
    import torch

    array: np.ndarray[Any, Any] = torch.empty(0, dtype=torch.uint8).set_(storage).numpy()
    return array


def _storage(memory: np.ndarray[Any, Any]) -> Any:
    import torch

    return _wrapped(torch.from_numpy(memory).untyped_storage(), torch.uint8)


def _typed(storage: Any, dtype: Any) -> Any:
    return _wrapped(storage._untyped_storage, dtype)


def _wrapped(storage: Any, dtype: Any) -> Any:
    """Return a storage in the form that torch's functions for tensors of new types want of a pickle."""
    import torch

    made = torch.storage.TypedStorage
    return made(wrap_storage=storage, dtype=dtype, _internal=True)  # type: ignore[no-untyped-call]


def _saved(scripted: Any) -> bytes:
    import torch

    file = BytesIO()
    torch.jit.save(scripted, file)
    return file.getvalue()


def _scripted(saved: bytes) -> Any:
    import torch

    return torch.jit.load(BytesIO(saved))  # type: ignore[no-untyped-call]
