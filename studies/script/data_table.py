"""Table read by the script itself: each column as the study encoded it, checked on the rows of the study."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from studies.data.columns.category import Category
from studies.data.columns.date import Date
from studies.data.columns.number import Number
from studies.data.columns.table_encoder import TableEncoder
from studies.data.columns.token_text import TokenText
from studies.data.columns.truth import Truth
from studies.script.definitions import Definitions
from studies.script.import_lines import import_lines
from studies.script.literals import CannotWrite, literal
from studies.script.table_code import HELPERS, LOAD

if TYPE_CHECKING:
    from studies.data.columns.column import FittedColumn
    from studies.data.dataset import Dataset

SPLIT_FILE: Final = "split.npz"
IMPORTS: Final = ("from pathlib import Path", "import numpy as np", "import pandas as pd", "import torch")
READERS: Final = (
    "pd.read_csv(path)",
    'pd.read_csv(path, keep_default_na=False, na_values=[""])',
    'pd.read_csv(path, sep=";")',
    'pd.read_csv(path, sep=";", decimal=",")',
    r'pd.read_csv(path, sep="\t")',
    'pd.read_csv(path, sep=None, engine="python")',
    "pd.read_parquet(path)",
)
"""Ways to read a file, the first that gives the study's rows is taken."""


def write_table(dataset: Dataset, source: Path, target: str, folder: Path) -> str:
    """Write data.py and the row numbers of the split; return the line by which the file is read.

    Raises:
        CannotWrite: no way gives the rows as the study has them.
    """
    if (
        not isinstance(dataset.encoder, TableEncoder)
        or dataset.target_encoder is None
        or dataset.positions is None
    ):
        raise CannotWrite("the rows come from no table that a script can read again")
    text = _source(dataset, dataset.encoder, target)
    parts = dict(zip(("train", "valid", "test"), dataset.positions, strict=True))
    for reader in READERS:
        if (rows := _rows(reader, source)) is None:
            continue
        np.savez_compressed(folder / SPLIT_FILE, rows=rows, **parts)  # type: ignore[arg-type]
        written = text.replace("@READER@", reader)
        (folder / "data.py").write_text(written, encoding="utf-8")
        if _gives(written, folder / "data.py", source, dataset):
            return reader
    for name in ("data.py", SPLIT_FILE):
        (folder / name).unlink(missing_ok=True)
    raise CannotWrite("no plain way to read the file gives the rows as the study has them")


def _rows(reader: str, source: Path) -> int | None:
    """Return how many rows a file has, read in a way; None where it cannot be read so."""
    import pandas as pd

    try:
        return len(eval(reader, {"pd": pd, "path": source}))  # noqa: S307 - one of the ways above
    except Exception:  # noqa: BLE001 - whatever reading a file the wrong way raises
        return None


def _gives(text: str, file: Path, source: Path, dataset: Dataset) -> bool:
    """Tell whether a script reads the study's rows, bit for bit."""
    scope: dict[str, Any] = {"__name__": "data", "__file__": str(file)}
    try:
        exec(compile(text, str(file), "exec"), scope)  # noqa: S102 - the text that was just written
        parts = scope["load"](source, torch.device("cpu"))
    except Exception:  # noqa: BLE001 - whatever reading a file the wrong way raises
        return False
    return all(
        np.array_equal(parts[part][0].numpy(), np.asarray(getattr(dataset, part).inputs))
        and np.array_equal(parts[part][1].numpy(), np.asarray(getattr(dataset, part).targets))
        for part in ("train", "valid", "test")
    )


def _source(dataset: Dataset, encoder: TableEncoder, target: str) -> str:
    definitions = Definitions()
    entries = [entry for column in encoder.columns for entry in _entries(column, definitions)]
    entries.sort(key=lambda entry: entry[0])
    listed = "".join(f"        {expression},\n" for _, expression in entries)
    kind = "int64" if encoder.is_text else "float32"
    body = f"    columns = [\n{listed}    ]\n    return np.column_stack(columns).astype(np.{kind})"
    encode = f'def encode(frame):\n    """Return the inputs of rows, (rows, inputs)."""\n{body}'
    targets = _targets(dataset)
    needed = _needed(encode + targets)
    words = [definitions.text()] if definitions.blocks else []
    imports = {*definitions.imports, *IMPORTS}
    head = '"""Rows of the table as tensors, encoded as in the study: all fitted on the rows that train."""'
    top = f"{head}\n\n{import_lines(imports)}"
    load = LOAD.replace("@TARGET@", literal(target))
    return "\n\n\n".join([top, *words, *needed, encode, targets, load]) + "\n"


def _needed(text: str) -> list[str]:
    """Return the helpers that a text calls, and those that they call, in their order."""
    names = {name for name in HELPERS if f"{name}(" in text}
    for name, source in reversed(HELPERS.items()):
        if name in names:
            names |= {other for other in HELPERS if f"{other}(" in source}
    return [source for name, source in HELPERS.items() if name in names]


def _entries(column: FittedColumn, definitions: Definitions) -> Iterator[tuple[int, str]]:
    """Yield the place of each run of inputs of a column, and its source."""
    if not column.names:
        return
    cell = f"frame[{literal(column.name)}]"
    if isinstance(column, Number):
        yield from _numbers(column, cell)
    elif isinstance(column, Category):
        others = ", others=True" if column.different > len(column.levels) else ""
        yield column.places[0], f"*one_hot(text({cell}), {literal(list(column.levels))}{others})"
    elif isinstance(column, Date):
        dates = f"dates({cell}, {literal(getattr(column.writing, 'way', ''))})"
        for place, (part, scaling) in zip(column.places, column.parts, strict=False):
            values = f"calendar({dates}, {literal(part)}, {literal(column.first)})"
            yield place, _scaled(values, scaling)
        if column.marks_gaps:
            yield column.places[-1], f"np.isnan(calendar({dates}, 'year', {literal(column.first)}))"
    elif isinstance(column, TokenText):
        from studies.data.text import coded

        name = definitions.add(coded)
        definitions.blocks["WORDS"] = f"WORDS = {literal(list(column.words))}"
        codes = "{word: code for code, word in enumerate(WORDS, start=2)}"
        yield column.places[0], f"{name}({cell}, {codes}, {column.length})"
    else:
        raise CannotWrite(f"column '{column.name}' is {column.kind}, which data.py has no few lines for")


def _numbers(column: Number, cell: str) -> Iterator[tuple[int, str]]:
    writing: Any = column.writing
    if isinstance(column, Truth):
        values = f"truth({cell})"
    else:
        options = {"thousands": "", "decimal": ".", "unit": ""}
        values_of = {name: getattr(writing, name, usual) for name, usual in options.items()}
        further = [
            f", {name}={literal(values_of[name])}" for name in options if values_of[name] != options[name]
        ]
        values = f"number({cell}{''.join(further)})"
    if column.scaling is not None:
        yield column.places[0], _scaled(values, column.scaling)
    if column.marks_gaps:
        yield column.places[-1], f"np.isnan({values})"


def _scaled(values: str, scaling: Any) -> str:
    return f"scaled({values}, fill={scaling.fill!r}, mean={scaling.mean!r}, scale={scaling.scale!r})"


def _targets(dataset: Dataset) -> str:
    encoder: Any = dataset.target_encoder
    if encoder.classes:
        return (
            f"CLASSES = {literal(list(encoder.classes))}\n\n\n"
            'def encode_target(column):\n    """Return the number of each row\'s class."""\n'
            "    return pd.Index(CLASSES, dtype=object).get_indexer(pd.Index(labels(column), dtype=object))"
        )
    if len(encoder.means) > 1:
        raise CannotWrite("several targets a row are not read from a table")
    return (
        'def encode_target(column):\n    """Return the standardised targets, (rows, 1)."""\n'
        f"    amounts = (number(column) - {encoder.means[0]!r}) / {encoder.scales[0]!r}\n"
        "    return amounts.astype(np.float32)[:, None]"
    )
