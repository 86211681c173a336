"""Row kind of a file: its rows taken for the kind that the user named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from studies.datasets import Raw
from studies.errors import BadWorkload


def of_kind(raw: Raw, kind: str | None) -> Raw:
    """Return data of a file as the kind that was named; as it is where none was, or that one.

    Raises:
        BadWorkload: what the file holds cannot be taken so.
    """
    if not kind or kind == raw.kind:
        return raw
    if raw.kind == "table" and kind == "text":
        return replace(raw, kind="text", reading=kind)
    if raw.kind == "table" and kind == "signal" and hasattr(raw.inputs, "select_dtypes"):
        numbers: Any = raw.inputs.select_dtypes("number")
        if numbers.shape[1] == raw.inputs.shape[1] and not numbers.isna().any(axis=None):
            return replace(raw, inputs=numbers.to_numpy()[:, None], kind="signal", reading=kind)
    raise BadWorkload(
        f"the file holds a {raw.kind} that cannot be taken for {kind}; leave --kind {kind} out, "
        "or give the rows as arrays in an .npz file"
    )
