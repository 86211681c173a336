"""Written row encoders: plain values with the name of their kind, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studies.data.columns.table_encoder import TableEncoder
from studies.data.row_encoders import RowEncoder

KINDS: Final[tuple[type[RowEncoder], ...]] = (TableEncoder,)
BY_KIND: Final = {encoder.kind: encoder for encoder in KINDS}


def encoder_to_dict(encoder: RowEncoder) -> dict[str, Any]:
    """Return plain values, ready for JSON."""
    return {"kind": encoder.kind} | encoder.to_dict()


def encoder_from_dict(values: Mapping[str, Any]) -> RowEncoder:
    """Return the encoder that `encoder_to_dict` made plain."""
    return BY_KIND[values["kind"]].from_dict({name: v for name, v in values.items() if name != "kind"})
