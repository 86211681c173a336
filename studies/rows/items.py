"""Items of a torch Dataset: which part of a dict or tuple is the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studies.errors import BadWorkload

TARGETS: Final = ("y", "targets", "target", "labels", "label")
"""Names of the target, in a dict as in a table."""


def pair_of_item(item: Any) -> tuple[Any, Any]:
    """Return the inputs and the targets of an item or a batch; None for no targets.

    A dict has its target under one of the usual names, and a single input loses its name; of a tuple the last
    is the target.

    Raises:
        BadWorkload: neither a dict, a tuple nor a tensor.
    """
    if isinstance(item, Mapping):
        target = next((name for name in TARGETS if name in item), None)
        inputs = {name: value for name, value in item.items() if name != target}
        if not inputs:
            raise BadWorkload(f"items hold nothing but '{target}'; add what it is predicted from")
        values = next(iter(inputs.values())) if len(inputs) == 1 else inputs
        return _tuples(values), None if target is None else _tuples(item[target])
    if isinstance(item, tuple | list) and len(item) > 1:
        *inputs_before, target = item
        before = inputs_before[0] if len(inputs_before) == 1 else tuple(inputs_before)
        return _tuples(before), _tuples(target)
    if isinstance(item, tuple | list) and len(item) == 1:
        return _tuples(item[0]), None
    if hasattr(item, "shape"):
        return item, None
    raise BadWorkload(
        f"items of the type {type(item).__name__} are not understood; "
        f"give (inputs, targets), or a dict with the target under one of {', '.join(TARGETS)}"
    )


def _tuples(values: Any) -> Any:
    """Return the lists that torch makes of tuples when it collates a batch as tuples again."""
    if isinstance(values, list | tuple) and values and all(hasattr(value, "shape") for value in values):
        return tuple(values)
    return values
