"""Mapped arrays of the user's own: their file is mapped again, instead of being written anew."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided


def reduced_memmap(array: np.memmap[Any, Any]) -> Any:
    """Return how a mapped array is pickled: by its place in the file, else by its numbers.

    Changes that it keeps to itself, mapped with mode "c", are no longer in the file, and go along as numbers.
    """
    pages = getattr(array, "_mmap", None)
    if pages is None or array.mode == "c" or array.dtype.hasobject or not _lies_there(array, len(pages)):
        return np.asarray, (np.array(array),)
    first = np.frombuffer(pages, np.uint8).ctypes.data
    start = array.offset - array.offset % mmap.ALLOCATIONGRANULARITY
    mode = "r" if array.mode == "r" else "r+"
    place = array.ctypes.data - first
    return _mapped, (
        str(array.filename),
        mode,
        start,
        len(pages),
        place,
        array.dtype,
        array.shape,
        array.strides,
    )


def _lies_there(array: np.memmap[Any, Any], size: int) -> bool:
    try:
        return array.size > 0 and Path(str(array.filename)).stat().st_size >= size
    except OSError:
        return False


def _mapped(  # noqa: PLR0913, PLR0917 - as pickle calls it
    file: str,
    mode: Any,
    start: int,
    size: int,
    place: int,
    dtype: np.dtype[Any],
    shape: tuple[int, ...],
    strides: tuple[int, ...],
) -> np.ndarray[Any, Any]:
    pages = np.memmap(file, dtype=np.uint8, mode=mode, offset=start, shape=(size,))
    first = pages[place : place + dtype.itemsize].view(dtype)
    return as_strided(first, shape=shape, strides=strides, subok=True, writeable=mode != "r")
