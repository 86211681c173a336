"""Building of a bundle's model: its module from the catalogue or from the user's own source."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studies.errors import BadWorkload

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.bundle.about import About
    from studies.data.inputs import Inputs
    from studies.models import ModelChoice

CODE: Final = "code/"
"""In front of a reference to a file that lies in the bundle's own folder."""


def build(about: About, folder: Path) -> nn.Module:
    """Return the module that a bundle's weights belong to; torch's global generator is left as it was.

    Raises:
        StudyError: the user's own code cannot be imported, or does not make the module.
    """
    import torch

    from studies.models.fitting import fitted
    from studies.nn.input_copies import on_copies

    model = choice_of(about.model, folder)
    with torch.random.fork_rng(devices=[]):
        module = model.build(about.inputs, about.outputs)
        module = fitted(module, model.name(), lambda: example_rows(about.inputs))
    return (on_copies(module) if model.is_users else module).eval()


def choice_of(model: Mapping[str, Any], folder: Path) -> ModelChoice:
    """Return the model that a bundle names, its own files found in the bundle's folder."""
    from studies import catalogue
    from studies.models import ModelChoice

    code = str((folder / CODE).resolve())
    if (folder / CODE).is_dir() and code not in sys.path:
        sys.path.append(code)  # for what the files there import, and for a model that is named by its module
    fields = {name: _placed(value, folder) for name, value in model["fields"].items()}
    choice = catalogue.find("model", _placed(model["name"], folder)).from_fields(fields)
    if not isinstance(choice, ModelChoice):
        raise BadWorkload(f"{model['name']} is no model")
    return choice


def _placed(value: Any, folder: Path) -> Any:
    is_ours = isinstance(value, str) and value.startswith(CODE)
    return str((folder / value).resolve()) if is_ours else value


def example_rows(inputs: Inputs, rows: int = 2) -> torch.Tensor:
    """Return made-up rows in the form of a model's inputs, (rows, *shape), the same ones each time."""
    import torch

    generator = torch.Generator().manual_seed(0)
    if inputs.kind == "text":
        return torch.randint(1, max(inputs.vocabulary, 1) + 1, (rows, *inputs.shape), generator=generator)
    return torch.randn((rows, *inputs.shape), generator=generator)
