"""Raw data: its targets read, its rows split and encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from studies.data.as_given import encode_as_given, free_targets
from studies.datasets import Raw
from studies.errors import BadWorkload
from studies.rows.nested import NestedRows
from studies.rows.reading import STEPS

if TYPE_CHECKING:
    import pandas as pd

    from studies.data.encode import Encoded
    from studies.data.splits import Split, Targets
    from studies.split_by import SplitBy
    from studies.split_facts import DateColumn, KeyColumn


def targets_of(raw: Raw, task: str, notes: list[str]) -> Targets:
    """Return the targets, classes or numbers; what was done to them goes to the notes.

    Raises:
        BadWorkload: targets that cannot be trained on.
    """
    import pandas as pd

    from studies.data.splits import read_amounts, read_targets

    targets, rows = raw.targets, int(raw.inputs.shape[0])
    if raw.free:
        return free_targets(raw)
    if targets is None or isinstance(targets, NestedRows):
        what = "no targets" if targets is None else "several targets a row in a dict or tuple"
        raise BadWorkload(f"there are {what}; give Workload(loss=...), which says what to learn from them")
    if len(targets) != rows:
        raise BadWorkload(f"{rows} rows of inputs but {len(targets)} targets; give one target a row")
    if not isinstance(targets, np.ndarray):
        return read_targets(targets.reset_index(drop=True), task, notes, raw.missing)
    if targets.size == len(targets):
        return read_targets(pd.Series(targets.ravel()), task, notes, raw.missing)
    if targets.ndim == 2 and task != "regression" and _one_hot(targets):
        notes.append(f"Took the {targets.shape[1]} columns of the target, one 1 a row, for classes.")
        return read_targets(pd.Series(targets.argmax(axis=1)), "classification", notes)
    if targets.ndim != 2:
        raise BadWorkload(
            f"targets of the shape {targets.shape} are not (rows,) or (rows, outputs); reshape them, "
            "or give Workload(loss=...), which takes them as they are"
        )
    if task != "regression" and np.isin(targets, (0, 1)).all():
        notes.append(
            "Took the columns of zeros and ones for numbers, trained with squared error; for several "
            "classes a row give Workload(loss=torch.nn.BCEWithLogitsLoss())."
        )
    return read_amounts(targets, task, notes)


def _one_hot(targets: NDArray[Any]) -> bool:
    return targets.dtype.kind in "fiub" and bool(
        np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all()
    )


def split_by_column(raw: Raw, by: SplitBy | None) -> Raw:
    """Return the data with what its split goes by; as it is where no column was named.

    Raises:
        BadWorkload: no such column, or values that cannot be split by.
    """
    from studies.data.split_ways import marked

    if by is None or not by.way:
        return raw
    arrays = isinstance(raw.inputs, np.ndarray | NestedRows)
    named = raw.kind == "table" or (raw.kind == "text" and not arrays)
    return marked(raw, _frame(raw) if named else None, by)


def split_of(raw: Raw, targets: Targets, seed: int, notes: list[str]) -> Split:
    """Return which rows train, validate and test: as the data came, by a column, or drawn by the seed.

    Raises:
        BadWorkload: too few rows.
    """
    from studies.data.part_differences import label_notes
    from studies.data.split_ways import split_groups, split_times
    from studies.data.splits import keep_rows, note_rare, split_rows

    if raw.times is not None:
        notes.append(f"Trains on the earliest rows by '{raw.split_column}' and tests on the latest.")
        return split_times(raw.times[targets.rows], seed=seed, column=raw.split_column)
    if raw.groups is not None:
        notes.append(f"Rows with the same '{raw.split_column}' are in one part only.")
        return split_groups(raw.groups[targets.rows], targets.codes, seed=seed, column=raw.split_column)
    if raw.parts is None:
        note_rare(targets, notes)
        return split_rows(targets.codes, seed=seed)
    drawn = [part for number, part in enumerate(("validation", "test"), start=1) if number not in raw.parts]
    if drawn:
        notes.append(
            f"Drew the {' and '.join(drawn)} rows from the training rows; the other parts are as given."
        )
    split = keep_rows(raw.parts[targets.rows], targets.codes, seed=seed)
    notes += label_notes(targets, split)
    return split


def columns_across(
    raw: Raw, table: Mapping[str, pd.Series[Any]] | None, targets: Targets, split: Split
) -> tuple[tuple[DateColumn, ...], tuple[KeyColumn, ...]]:
    """Return the columns of dates and of keys that a random split runs across; none for any other split."""
    from studies.data.split_columns import date_columns, key_columns

    if table is None or raw.split_way != "random":
        return (), ()
    return date_columns(table, split), key_columns(table, targets, split)


def validation_given(raw: Raw) -> bool:
    """Tell whether the rows that validate came with the data, or follow from times or groups."""
    if raw.split_way in {"time", "group"}:
        return True
    return raw.parts is not None and bool((raw.parts == 1).any())


def encode_raw(raw: Raw, rows: NDArray[np.int64], split: Split) -> Encoded:
    """Encode the rows that have a target; the split counts only these.

    Raises:
        BadWorkload: rows that cannot be turned into numbers.
    """
    from studies.data.encode import Encoded
    from studies.data.mapped_rows import encode_mapped
    from studies.data.row_encoders.sparse_columns import SparseColumns
    from studies.data.row_encoders.token_ids import TokenIds
    from studies.data.text import check_ids
    from studies.datasets.files.mapped import mapped_array
    from studies.datasets.files.sparse_rows import mostly_zeros

    if (array := mapped_array(raw.inputs)) is not None and not raw.free:
        return encode_mapped(raw, array, rows, split.train)
    if isinstance(raw.inputs, NestedRows) or (raw.free and isinstance(raw.inputs, np.ndarray)):
        return encode_as_given(raw, rows)
    if raw.kind in {"image", "signal"}:
        return _standardise(np.asarray(raw.inputs)[rows], split.train, raw)
    if raw.kind == "text" and isinstance(raw.inputs, np.ndarray):
        ids = check_ids(raw.inputs)
        token_ids = TokenIds(length=ids.shape[1], vocabulary=int(ids.max()))
        return Encoded(inputs=ids[rows], kind="text", vocabulary=token_ids.vocabulary, encoder=token_ids)
    if mostly_zeros(raw.inputs):
        notes = list[str]()
        sparse = SparseColumns.fit(raw.inputs, rows[split.train], notes)
        inputs = sparse.transform(raw.inputs[rows])
        train = inputs[split.train]
        return Encoded(
            inputs=inputs,
            encoder=sparse,
            raw_density=train.count_nonzero() / max(np.prod(train.shape), 1),
            notes=(*notes, "Kept the table sparse, each column from -1 to 1."),
        )
    return _encode_table(raw, rows, split)


def _encode_table(raw: Raw, rows: NDArray[np.int64], split: Split) -> Encoded:
    from studies.data.encode import encode, encode_text
    from studies.data.part_differences import level_notes

    frame = _frame(raw)
    if raw.kind == "text":
        if frame.shape[1] != 1:
            raise BadWorkload(
                f"text in {frame.shape[1]} columns is not one text a row; give one column, or leave kind out"
            )
        return encode_text(frame.iloc[rows, 0], split.train, missing=raw.missing)
    chosen = frame if len(rows) == len(frame) else frame.iloc[rows]
    encoded = encode(chosen, split.train, centre_sparse=raw.centre_sparse, missing=raw.missing)
    if raw.parts is None:
        return encoded
    return replace(encoded, notes=(*encoded.notes, *level_notes(encoded.table or {}, encoded.columns, split)))


def _frame(raw: Raw) -> pd.DataFrame:
    import pandas as pd

    from studies.datasets.files.packing import check_fits

    frame: Any = raw.inputs
    if hasattr(frame, "nnz"):
        rows, columns = frame.shape
        check_fits(rows * columns * frame.dtype.itemsize, f"a table of {rows:,} sparse rows, made dense,")
        frame = frame.toarray()
    if isinstance(frame, np.ndarray):
        if frame.ndim != 2:
            raise BadWorkload(
                f"a table of the shape {frame.shape} has not two dimensions, rows and columns; "
                "give it as (rows, columns)"
            )
        frame = pd.DataFrame(frame, columns=list(raw.column_names))
    names = [_name(name, number) for number, name in enumerate(frame.columns)]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise BadWorkload(f"more than one column is named '{twice[0]}'; give each column its own name")
    named: pd.DataFrame = frame.set_axis(names, axis="columns").reset_index(drop=True)
    return named


def _name(name: object, number: int) -> str:
    """Return what a column is called; one without a name as pandas calls it in a file."""
    nameless = name is None or (isinstance(name, float) and np.isnan(name))
    return ("" if nameless else " ".join(str(name).split())) or f"Unnamed: {number}"


def _standardise(values: NDArray[Any], train: NDArray[np.int64], raw: Raw) -> Encoded:
    """Take out mean and deviation of the training rows, of images as a whole, of signals by channel.

    What is sparse keeps its mean, so that its zeros stay zeros.
    """
    from studies.data.encode import Encoded
    from studies.data.inputs import SPARSE
    from studies.data.row_encoders.placed import finite
    from studies.data.row_encoders.scaled_arrays import NOUNS, ScaledArrays

    kind = raw.kind
    shape = {"image": "(rows, channels, height, width)", "signal": "(rows, channels, length)"}[kind]
    if values.ndim != shape.count(",") + 1:
        raise BadWorkload(f"{kind}s of the shape {values.shape} are not {shape}; reshape them")
    numbers = finite(values, kind, NOUNS[kind])
    axes = None if kind == "image" else (0, 1) if raw.reading == STEPS else (0, 2)
    mean = numbers[train].mean(dtype=np.float64, axis=axes, keepdims=True)
    deviation = numbers[train].std(dtype=np.float64, axis=axes, keepdims=True)
    nonzero = (numbers[train] != 0).mean(axis=axes, keepdims=True)
    sparse = (nonzero < SPARSE) & (not raw.centre_sparse)
    mean = np.where(sparse, 0.0, mean)
    few = f"Scaled the {kind}s without centring, as under {100 * SPARSE:.0f} % of their numbers are not zero."
    encoder = ScaledArrays(
        rows=kind, shape=values.shape[1:], mean=mean, scale=np.where(deviation > 0, deviation, 1.0)
    )
    return Encoded(
        inputs=encoder.scaled(numbers),
        kind=kind,
        raw_density=float(nonzero.mean()),
        notes=(few,) if sparse.any() else (),
        encoder=encoder,
    )
