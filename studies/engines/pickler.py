"""Pickler of workloads: arrays and tensors beside the stream, code of `__main__` inside it."""

from __future__ import annotations

import copyreg
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import cloudpickle
import numpy as np

from studies.engines.memmaps import reduced_memmap
from studies.engines.segments import Segment
from studies.engines.travelling_code import TravellingCode
from studies.imports import USER_MODULES

IN_STREAM_BYTES: Final = 16_384
"""Arrays up to this size are copied by every reader: mapping is for what is worth sharing."""


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickler that takes functions and classes of `__main__` along, and writes no large array twice.

    Args:
        file: the stream.
        buffers: gets the arrays and tensors that lie beside the stream; None to have all in the stream.
        code: is told of every object.
    """

    def __init__(
        self, file: BytesIO, *, buffers: list[Segment] | None = None, code: TravellingCode | None = None
    ) -> None:
        self._buffers, self._code = buffers, code
        super().__init__(file, protocol=5, buffer_callback=None if buffers is None else self._beside)

    def reducer_override(self, obj: Any) -> Any:
        """Return how an object is pickled, or NotImplemented for the usual way."""
        if self._code is not None:
            self._code.note(obj)
        reduced = _reduced(obj)
        return super().reducer_override(obj) if reduced is NotImplemented else reduced

    def _beside(self, buffer: pickle.PickleBuffer) -> bool:
        """Take an array out of the stream; True for one that stays in it."""
        raw = buffer.raw()
        if self._buffers is None or raw.nbytes <= IN_STREAM_BYTES:
            return True
        self._buffers.append(raw)
        return False


@contextmanager
def users_code_inside() -> Iterator[None]:
    """Have functions and classes of the user's files pickled by value, as those of `__main__` always are."""
    modules = [module for name, module in list(sys.modules.items()) if name.startswith(USER_MODULES)]
    for module in modules:
        cloudpickle.register_pickle_by_value(module)
    try:
        yield
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)


def _reduced(obj: Any) -> Any:
    if isinstance(obj, type):
        return vars(obj).get("remade_by") or NotImplemented
    if type(obj) is np.ndarray:
        return _reduced_array(obj)
    if type(obj) is np.memmap:
        return reduced_memmap(obj)
    return _reduced_torch(obj) if "torch" in sys.modules else NotImplemented


def _reduced_torch(obj: Any) -> Any:
    """Have tensors lie beside the stream: torch pickles a tensor by its storage, which others may share."""
    import torch
    from torch.nn.utils.parametrize import is_parametrized

    if type(obj) is torch.storage.TypedStorage and obj._untyped_storage.device.type == "cpu":
        return _typed, (obj._untyped_storage, obj.dtype)
    if type(obj) is torch.UntypedStorage and obj.device.type == "cpu":
        return _storage, (_bytes_of(obj),)
    if isinstance(obj, torch.jit.ScriptModule):
        return _scripted, (_saved(obj),)
    if isinstance(obj, torch.nn.Module) and is_parametrized(obj):  # which refuses to be pickled
        return copyreg.__newobj__, (type(obj),), dict(vars(obj))  # type: ignore[attr-defined]
    return NotImplemented


def _reduced_array(array: np.ndarray[Any, Any]) -> Any:
    """Have large arrays of dates and those with gaps in memory pickled so that they can be mapped."""
    if array.dtype.hasobject or array.nbytes <= IN_STREAM_BYTES:
        return NotImplemented
    if not (array.flags.c_contiguous or array.flags.f_contiguous):
        return np.asarray, (np.ascontiguousarray(array),)
    if array.dtype.kind in "mM":
        return _as_dates, (array.view(np.int64), array.dtype)
    return NotImplemented


def _as_dates(numbers: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    return numbers.view(dtype)


def _bytes_of(storage: Any) -> np.ndarray[Any, Any]:
    """Return the memory of a storage, which several tensors may lie in, as an array."""
    import torch

    array: np.ndarray[Any, Any] = torch.empty(0, dtype=torch.uint8).set_(storage).numpy()
    return array


def _storage(memory: np.ndarray[Any, Any]) -> Any:
    """Return the storage in the form that torch's functions for tensors of new types want of a pickle."""
    import torch

    storage = torch.from_numpy(memory).untyped_storage()
    made = torch.storage.TypedStorage
    return made(wrap_storage=storage, dtype=torch.uint8, _internal=True)  # type: ignore[no-untyped-call]


def _typed(storage: Any, dtype: Any) -> Any:
    import torch

    made = torch.storage.TypedStorage
    return made(wrap_storage=storage._untyped_storage, dtype=dtype, _internal=True)  # type: ignore[no-untyped-call]


def _saved(scripted: Any) -> bytes:
    import torch

    file = BytesIO()
    torch.jit.save(scripted, file)
    return file.getvalue()


def _scripted(saved: bytes) -> Any:
    import torch

    return torch.jit.load(BytesIO(saved))  # type: ignore[no-untyped-call]
