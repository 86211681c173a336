"""Forward pass: a model called with the inputs in their form, and the main output of what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from studies.errors import BadWorkload
from studies.rows.nested import NestedRows, plain

if TYPE_CHECKING:
    import torch
    from torch import nn

LOGITS: Final = "logits"
"""Name of the main output where a model returns an object or a dict, as in Hugging Face's libraries."""


def answer(model: nn.Module, inputs: Any) -> Any:
    """Return all that a model returns: a dict of inputs goes to it by name, a tuple in order."""
    inputs = plain(inputs)
    if isinstance(inputs, Mapping):
        return model(**inputs)
    if isinstance(inputs, tuple):
        return model(*inputs)
    return model(inputs)


def main_output(outputs: Any) -> torch.Tensor:
    """Return the main output: `.logits` or ["logits"] of an object or dict, the first of a tuple.

    Raises:
        BadWorkload: an object or a dict without logits.
    """
    import torch

    if isinstance(outputs, torch.Tensor):
        return outputs
    if isinstance(outputs, tuple | list) and outputs and not hasattr(outputs, LOGITS):
        return main_output(outputs[0])
    logits = outputs.get(LOGITS) if isinstance(outputs, Mapping) else getattr(outputs, LOGITS, None)
    if isinstance(logits, torch.Tensor):
        return logits
    keys = f" with {', '.join(map(str, outputs))}" if isinstance(outputs, Mapping) else ""
    raise BadWorkload(
        f"the model returns {type(outputs).__name__}{keys}; return a tensor, a tuple whose first is the main "
        f"output, or an object or dict with '{LOGITS}'"
    )


def gives_tensor(model: nn.Module, rows: Any) -> bool:
    """Tell whether a model takes one tensor for these rows and returns one."""
    import torch

    with torch.inference_mode():
        return not isinstance(rows, NestedRows) and isinstance(model(rows), torch.Tensor)
