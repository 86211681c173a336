"""Written row encoders: plain values with the name of their kind, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studies.data.columns.table_encoder import TableEncoder
from studies.data.row_encoders import RowEncoder
from studies.data.row_encoders.rows_as_given import RowsAsGiven
from studies.data.row_encoders.scaled_arrays import ScaledArrays
from studies.data.row_encoders.scaled_numbers import ScaledNumbers
from studies.data.row_encoders.sparse_columns import SparseColumns
from studies.data.row_encoders.token_ids import TokenIds

KINDS: Final[tuple[type[RowEncoder], ...]] = (
    TableEncoder, ScaledArrays, TokenIds, SparseColumns, ScaledNumbers, RowsAsGiven,
)  # fmt: skip
BY_KIND: Final = {encoder.kind: encoder for encoder in KINDS}


def encoder_to_dict(encoder: RowEncoder) -> dict[str, Any]:
    """Return plain values, ready for JSON."""
    return {"kind": encoder.kind} | encoder.to_dict()


def encoder_from_dict(values: Mapping[str, Any]) -> RowEncoder:
    """Return the encoder that `encoder_to_dict` made plain."""
    return BY_KIND[values["kind"]].from_dict({name: v for name, v in values.items() if name != "kind"})
