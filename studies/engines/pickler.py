"""Pickler of workloads: arrays and tensors beside the stream, code of `__main__` inside it."""

from __future__ import annotations

import pickle
import sys
from io import BytesIO
from typing import Any, Final

import cloudpickle
import numpy as np

from studies.imports import USER_MODULES

IN_STREAM_BYTES: Final = 16_384
"""Arrays up to this size are copied by every reader: mapping is for what is worth sharing."""


class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """Pickler that takes functions and classes of `__main__` along, and writes no large array twice.

    Args:
        file: the stream.
        buffers: gets the arrays and tensors that lie beside the stream; None to have all in the stream.
    """

    def __init__(self, file: BytesIO, *, buffers: list[bytes | memoryview] | None = None) -> None:
        self.of_main: dict[str, Any] = {}
        """What `__main__` defines and the stream holds, by name: other pickles of a worker look there."""
        self.user_modules: set[str] = set()
        """Files of the user's own, run as modules, that the stream refers to."""
        self._buffers = buffers
        super().__init__(file, protocol=5, buffer_callback=None if buffers is None else self._beside)

    def reducer_override(self, obj: Any) -> Any:
        """Return how an object is pickled, or NotImplemented for the usual way."""
        if (name := getattr(obj, "__module__", None)) and isinstance(name, str):
            self._note(obj, name)
        reduced = _reduced(obj)
        return super().reducer_override(obj) if reduced is NotImplemented else reduced

    def _note(self, obj: Any, module: str) -> None:
        if module.startswith(USER_MODULES):
            self.user_modules.add(module)
        name = getattr(obj, "__qualname__", None)
        if module == "__main__" and name and getattr(sys.modules[module], name, None) is obj:
            self.of_main[name] = obj

    def _beside(self, buffer: pickle.PickleBuffer) -> bool:
        """Take an array out of the stream; True for one that stays in it."""
        raw = buffer.raw()
        if raw.nbytes <= IN_STREAM_BYTES:
            return True
        assert self._buffers is not None  # noqa: S101 - else this is not called
        self._buffers.append(raw)
        return False


def _reduced(obj: Any) -> Any:
    if type(obj) is np.ndarray:
        return _reduced_array(obj)
    if (torch := sys.modules.get("torch")) is None:
        return NotImplemented
    if type(obj) is torch.storage.TypedStorage and obj._untyped_storage.device.type == "cpu":
        return _typed, (obj._untyped_storage, obj.dtype)
    if type(obj) is torch.UntypedStorage and obj.device.type == "cpu":
        return _storage, (_bytes_of(obj),)
    if isinstance(obj, torch.jit.ScriptModule):
        return _scripted, (_saved(obj),)
    return NotImplemented


def _reduced_array(array: np.ndarray[Any, Any]) -> Any:
    """Have an array that lies in memory with gaps pickled as one without; others are pickled as usual."""
    whole = array.flags.c_contiguous or array.flags.f_contiguous
    if whole or array.dtype.hasobject or array.nbytes <= IN_STREAM_BYTES:
        return NotImplemented
    return np.asarray, (np.ascontiguousarray(array),)


def _bytes_of(storage: Any) -> np.ndarray[Any, Any]:
    """Return the memory of a storage, which several tensors may lie in, as an array."""
    import torch

    array: np.ndarray[Any, Any] = torch.empty(0, dtype=torch.uint8).set_(storage).numpy()
    return array


def _storage(memory: np.ndarray[Any, Any]) -> Any:
    import torch

    return torch.from_numpy(memory).untyped_storage()


def _typed(storage: Any, dtype: Any) -> Any:
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
