"""Rows in: rows as they came, of any form that a bundle takes, turned into the inputs of its model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from studies.data.columns.table_encoder import TableEncoder

if TYPE_CHECKING:
    from studies.bundle.row_remarks import RowRemarks
    from studies.data.row_encoders import RowEncoder


def inputs_of(encoder: RowEncoder, rows: Any, remarks: RowRemarks) -> Any:
    """Return the inputs of rows, in their order.

    Args:
        encoder: as it was fitted.
        rows: a DataFrame, an array or whatever the study's own data was; for a table also a list of dicts.
        remarks: what is to be said of the rows is added to it.

    Raises:
        BadWorkload: a column is missing, or holds values of another type throughout.
    """
    if not isinstance(encoder, TableEncoder):
        if isinstance(rows, pd.DataFrame):  # its columns are the numbers of a row, in their order
            columns = rows.drop(columns=list(remarks.passed_over), errors="ignore")
            rows = columns.apply(pd.to_numeric, errors="coerce").to_numpy()
        inputs = encoder.transform(rows)
        remarks.rows += inputs.shape[0]
        return inputs
    from studies.bundle.table_rows import as_frame, table_inputs

    return table_inputs(encoder, as_frame(encoder, rows), remarks)
