"""Weights of a module in a safetensors file: plain tensors by name, which no code is run to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.errors import BadWorkload, StoreError, named_line, shown

if TYPE_CHECKING:
    import torch
    from torch import nn

SHARED: Final = "shared"
"""In a file's metadata: names of tensors that are the same as another one, with the name of that."""


def save(module: nn.Module, path: Path) -> None:
    """Write the weights and buffers of a module; tensors that are shared are written once.

    Raises:
        BadWorkload: it keeps more beside tensors, which could only be pickled.
    """
    from safetensors.torch import save_file

    tensors, shared = _apart(module)
    save_file(tensors, path, metadata={"format": "pt", SHARED: json.dumps(shared)})


def _apart(module: nn.Module) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    import torch

    tensors: dict[str, torch.Tensor] = {}
    shared: dict[str, str] = {}
    names: dict[tuple[int, tuple[int, ...], tuple[int, ...], torch.dtype], str] = {}
    for name, tensor in module.state_dict().items():
        if not isinstance(tensor, torch.Tensor):
            raise BadWorkload(
                f"model {type(module).__name__} keeps {shown(name)} beside its tensors, which a bundle "
                "cannot hold without pickle; keep it in a buffer"
            )
        place = (tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        first = names.setdefault(place, name) if tensor.numel() else name
        if first != name:
            shared[name] = first
        else:
            tensors[name] = tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
    return tensors, shared


def load(module: nn.Module, path: Path) -> None:
    """Put the weights of a file into a module.

    Raises:
        StoreError: no such file, or weights of another module.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
            shared = json.loads((file.metadata() or {}).get(SHARED, "{}"))
        module.load_state_dict(tensors | {name: tensors[first] for name, first in shared.items()})
    except (OSError, SafetensorError, RuntimeError, LookupError) as error:
        raise StoreError(
            f"weights {shown(str(path))} cannot be put into the model: {named_line(error, longest=200)}"
        ) from error
