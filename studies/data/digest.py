"""Digest of data: the same one, the same arrays and split."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from studies.data.dataset import Part
from studies.data.mapped_rows import MappedRows
from studies.rows.nested import leaves_of


def digest_of(parts: Iterable[Part], *, repeatable: bool = True) -> str:
    """Return a digest of all arrays; of their shapes alone where no seed makes two readings alike."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part.inputs, MappedRows):  # some rows stand for a file that may be larger than memory
            sha.update(f"{part.inputs.shape}".encode())
        for values in (*leaves_of(_looked_at(part)), *leaves_of(part.targets)):
            if not repeatable:
                sha.update(f"{values.dtype}{values.shape}".encode())
                continue
            arrays = (
                (values,) if isinstance(values, np.ndarray) else (values.data, values.indices, values.indptr)
            )
            for array in arrays:
                sha.update(f"{array.dtype}{array.shape}".encode())
                sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()[:16]


def _looked_at(part: Part) -> Any:
    return part.inputs.some() if isinstance(part.inputs, MappedRows) else part.inputs
