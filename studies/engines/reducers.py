"""Reducers: how objects are pickled that cloudpickle copies needlessly, or cannot pickle."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from studies.engines.memmaps import reduced_memmap
from studies.engines.segments import IN_STREAM_BYTES
from studies.engines.torch_reducers import reduced_of_torch
from studies.imports import USER_MODULES


def reduced(obj: Any) -> Any:
    """Return how an object is pickled, or NotImplemented for the usual way."""
    if isinstance(obj, type):
        return vars(obj).get("remade_by") or NotImplemented
    if (reducer := REDUCERS.get(type(obj))) is not None:
        return reducer(obj)
    return reduced_of_torch(obj) if "torch" in sys.modules else NotImplemented


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


def _reduced_cache(cached: Any) -> Any:
    """Have a function inside `functools.cache` go along by value where no import finds it."""
    module = cached.__module__ or ""
    if module != "__main__" and not module.startswith(USER_MODULES) and "<locals>" not in cached.__qualname__:
        return NotImplemented
    return _cached, (cached.__wrapped__, cached.cache_parameters())


def _cached(function: Callable[..., Any], parameters: dict[str, Any]) -> Any:
    return functools.lru_cache(**parameters)(function)


def _reduced_property(cached: functools.cached_property[Any]) -> Any:
    """Have a cached property go along without its lock."""
    return _property, (cached.func, cached.attrname)


def _property(function: Callable[..., Any], name: str | None) -> functools.cached_property[Any]:
    cached = functools.cached_property(function)
    if name is not None:
        cached.__set_name__(object, name)
    return cached


def _reduced_weak_dict(weak: Any) -> Any:
    return type(weak), (dict(weak),)


def _reduced_weak_set(weak: Any) -> Any:
    return type(weak), (list(weak),)


REDUCERS: Final[dict[type, Callable[[Any], Any]]] = {
    np.ndarray: _reduced_array,
    np.memmap: reduced_memmap,
    type(functools.cache(len)): _reduced_cache,
    functools.cached_property: _reduced_property,
    weakref.WeakKeyDictionary: _reduced_weak_dict,
    weakref.WeakValueDictionary: _reduced_weak_dict,
    weakref.WeakSet: _reduced_weak_set,
}
"""By the class of an object, not of its subclasses."""
