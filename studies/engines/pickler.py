"""Pickler of workloads: arrays and tensors beside the stream, code of `__main__` inside it."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import RLock
from typing import Any, Final

import cloudpickle

from studies.engines.reducers import reduced
from studies.engines.segments import IN_STREAM_BYTES, Segment
from studies.engines.travelling_code import TravellingCode
from studies.imports import USER_MODULES

_REGISTERING: Final = RLock()
"""What pickles by value is one register for the process."""


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
        way = reduced(obj)
        return super().reducer_override(obj) if way is NotImplemented else way

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
    with _REGISTERING:
        registered = cloudpickle.list_registry_pickle_by_value()
        files = [
            module
            for name, module in list(sys.modules.items())
            if name.startswith(USER_MODULES) and name not in registered
        ]
        for module in files:
            cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            for module in files:
                cloudpickle.unregister_pickle_by_value(module)
