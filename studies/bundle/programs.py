"""Exported programs: a model as torch.export writes it, which torch runs without the model's source."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studies.errors import BadWorkload, StoreError, named_line, shown

if TYPE_CHECKING:
    import torch
    from torch import nn


def exported(module: nn.Module, rows: torch.Tensor) -> Any:
    """Return a module as a program that takes any number of rows.

    Raises:
        BadWorkload: it cannot be exported.
    """
    import torch

    from studies.models.copies import copied
    from studies.nn.input_copies import without_copies

    try:
        with warnings.catch_warnings(action="ignore"):
            plain = without_copies(copied(module)).eval()
            shapes = ({0: torch.export.Dim("batch")},)
            return torch.export.export(plain, (rows,), dynamic_shapes=shapes)
    except Exception as error:  # whatever torch's exporter raises on somebody's model
        raise BadWorkload(
            f"model {type(module).__name__} cannot be exported: {named_line(error, longest=200)}"
        ) from error


def graph_of(module: nn.Module, rows: torch.Tensor) -> bytes:
    """Return a module as an ONNX file that answers as it does.

    Raises:
        StudyError: it cannot be exported, or what that takes is not installed.
    """
    from studies.deployment.export import graph_of as graph
    from studies.infeasible import CannotCompress
    from studies.models.copies import copied
    from studies.nn.input_copies import without_copies

    try:
        _, proto = graph(without_copies(copied(module)).eval(), rows)
    except CannotCompress as error:
        raise BadWorkload(f"model {type(module).__name__} {error}") from error
    return bytes(proto.SerializeToString())


def module_of(program: Any) -> nn.Module:
    """Return the module that runs a program."""
    module: nn.Module = program.module()
    return module


def save(program: Any, path: Path) -> None:
    """Write a program."""
    import torch

    torch.export.save(program, path)


def load(path: Path) -> Any:
    """Return the program in a file.

    Raises:
        StoreError: no such file, or a program that this torch does not read.
    """
    import torch

    try:
        return torch.export.load(path)
    except Exception as error:  # whatever torch raises on a file that is torn or of another version
        raise StoreError(
            f"program {shown(str(path))} cannot be loaded: {named_line(error, longest=200)}"
        ) from error
