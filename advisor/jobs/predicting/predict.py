"""Predict: the rows of a file with a column more, by a study's model or a saved bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TextIO

from advisor.jobs.predicting.answer_columns import AnswerColumns
from advisor.jobs.predicting.judgement import Judgement
from advisor.jobs.predicting.row_file import row_file
from advisor.jobs.predicting.row_source import row_source

if TYPE_CHECKING:
    from advisor.jobs.predicting.row_block import RowBlock
    from studies.bundle.bundle import Bundle


def predict_rows(bundle: Bundle, rows: str, *, out: str | TextIO, proba: bool = False) -> tuple[str, ...]:
    """Write the rows of a file with a bundle's predictions; return what to know of them, in sentences.

    Args:
        bundle: what predicts.
        rows: a file, or `-` for CSV on standard input.
        out: a .csv, .tsv, .parquet or .jsonl file, or a stream for CSV.
        proba: whether each class has a column with its probability.

    Raises:
        StudyError: rows that the bundle cannot take, or a file that cannot be written.
    """
    from studies.bundle.row_remarks import RowRemarks

    remarks, judgement = RowRemarks(), Judgement(bundle=bundle)
    columns: AnswerColumns | None = None
    with (
        row_source(rows, bundle) as source,
        row_file(out, delimiter=source.delimiter, decimal=source.decimal) as write,
    ):
        for block in source.blocks:
            remarks.short += block.short_rows
            names = map(str, block.columns.columns)
            columns = columns or AnswerColumns.of(bundle.about, names, proba=proba)
            predictions = bundle.predict(_as_read(bundle, block, source.decimal), remarks=remarks)
            judgement.add(block.columns, predictions)
            write(columns.beside(block.columns, predictions))
    named = columns.note() if columns else ""
    said = (*bundle.about.notes, *source.notes, *remarks.notes(), named, judgement.note())
    return tuple(note for note in said if note)


def _as_read(bundle: Bundle, block: RowBlock, decimal: str) -> Any:
    """Return rows of text as those that trained were read, whose decimal commas a reader of files knows."""
    from studies.bundle.table_rows import with_points
    from studies.data.columns.table_encoder import TableEncoder

    encoder = bundle.members[0].encoder
    if decimal == "," and isinstance(encoder, TableEncoder):
        return with_points(encoder, block.columns)
    return block.rows
