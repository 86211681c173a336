"""Allocation tracing: the bytes of all tensors alive, followed through every operation, on any device."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Final

import torch
from torch.utils._python_dispatch import TorchDispatchMode

FOLLOWED_STEPS: Final = 2
"""Training steps on full batches that are followed; later ones repeat the second, but where an optimizer's
state still grows."""


class Allocations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows what is allocated and freed inside the block; what was there before is not counted.

    An operation's outputs are seen, what it borrows and gives back while it runs is not: on a CPU some bytes
    of a convolution, on a GPU the libraries' workspaces.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.alive_bytes = 0
        self.tape: list[int] = []
        """Bytes alive after each operation, in order."""
        self._alive: dict[int, weakref.ref[Any]] = {}

    @property
    def peak_bytes(self) -> int:
        """Return the most bytes that were alive at once."""
        return max(self.tape, default=0)

    def __torch_dispatch__(self, operation: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        before = {storage._cdata for storage in _storages((args, *kwargs.values()) if kwargs else args)}
        outputs = operation(*args, **(kwargs or {}))
        for storage in _storages((outputs,)):
            # else a view, or written in place
            if storage._cdata not in before and storage._cdata not in self._alive:
                self._follow(storage)
        self.tape.append(self.alive_bytes)
        return outputs

    def _follow(self, storage: torch.UntypedStorage) -> None:
        key, count = storage._cdata, storage.nbytes()

        def drop(_: object) -> None:
            del self._alive[key]
            self.alive_bytes -= count

        self._alive[key] = weakref.ref(storage, drop)  # torch keeps the object for as long as the memory
        self.alive_bytes += count


def _storages(values: Iterable[Any]) -> Iterator[torch.UntypedStorage]:
    """Yield the storages of all tensors in nested lists and tuples.

    Those inside sparse tensors and tensor subclasses too.
    """
    for value in values:
        if isinstance(value, list | tuple):
            yield from _storages(value)
        elif not isinstance(value, torch.Tensor):
            continue
        elif value.layout is torch.sparse_coo:
            yield from _storages((value._indices(), value._values()))
        elif (parts := getattr(value, "__tensor_flatten__", None)) is not None:
            yield from _storages([getattr(value, name) for name in parts()[0]])
        elif value.layout is torch.strided:
            yield value.untyped_storage()
