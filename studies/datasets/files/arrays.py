"""Data in memory or in an .npz file: arrays, tensors, frames and loaders brought to one form."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.datasets import Raw
from studies.datasets.files import Reader
from studies.datasets.files.mapped import MappedArray, map_archive, mapped_array
from studies.datasets.files.packing import check_archive
from studies.datasets.files.pairs import (
    Pair,
    ReadPair,
    is_own_target,
    joined,
    joined_pairs,
    joined_targets,
    pair_of,
    pair_of_batch,
)
from studies.errors import BadWorkload, shown
from studies.rows.free import are_classes, note_free
from studies.rows.items import TARGETS
from studies.rows.kinds import KINDS
from studies.rows.reading import STEPS, TURNED, note_reading, readings, shaped

INPUTS: Final = ("X", "x", "inputs", "images", "signals", "data", "features")

PARTS: Final = (("_train", "_training"), ("_valid", "_val", "_validation"), ("_test",))


def read_npz(path: Path, kind: str | None = None) -> Raw:
    """Read arrays X and y, or inputs and targets.

    Each may come with _train, _valid and _test; a `kind` may stand beside them, unless one is named.

    Raises:
        BadWorkload: arrays of other names.
    """
    entries = map_archive(path)
    check_archive(path, besides=entries)
    with np.load(path, allow_pickle=False) as file:
        entries |= {name: file[name] for name in file.files if name not in entries}
    return _from_entries(entries, path.name, kind)


def read_array_folder(folder: Path, kind: str | None = None) -> Raw | None:
    """Read the arrays X.npy and y.npy of a folder, large ones mapped; None where there are none.

    Raises:
        BadWorkload: arrays of other names.
    """
    files = sorted(folder.glob("*.npy"))
    if not files:
        return None
    entries = {file.stem: np.load(file, mmap_mode="r", allow_pickle=False) for file in files}
    return _from_entries(
        {name: array if mapped_array(array) else np.array(array) for name, array in entries.items()},
        folder.name,
        kind,
    )


def _from_entries(entries: dict[str, NDArray[Any]], name: str, kind: str | None) -> Raw:
    """Return the data in arrays by name."""
    stored = str(entries.pop("kind")) if "kind" in entries else None
    kind = kind or stored or kind
    pairs = [_named(entries, endings) for endings in PARTS]
    if (whole := _named(entries, ("",))) is not None:
        pairs = [whole, *pairs[1:]]
    if pairs[0] is None:
        raise BadWorkload(
            f"'{name}' holds {', '.join(entries) or 'nothing'}; "
            "name the arrays X and y, or X_train, y_train, X_test, y_test"
        )
    return gather(pairs, kind=kind)


def gather(
    pairs: Sequence[Any],
    *,
    kind: str | None = None,
    free: bool | None = False,
    steps: int | None = None,
) -> Raw:
    """Bring data for training, validation and test, the latter two None where there is none, to one form.

    Args:
        pairs: one a part.
        kind: what the rows are; None tells it from the shape, "" as versions did that wrote no kind.
        free: whether the targets are for an own loss, as they came; None where they are no classes.
        steps: of an epoch, where the training data is a stream that is not read to its end.

    Raises:
        BadWorkload: data of a form or shape that is not understood, or parts that do not fit together.
    """
    if kind and kind not in {*KINDS, STEPS, TURNED}:
        raise BadWorkload(f"kind {shown(kind)} is not one of {', '.join(KINDS)}")
    notes: list[str] = []
    if pairs[0] is None:
        raise BadWorkload("there are no training rows: train is None; give (inputs, targets)")
    pairs, live = _torch_read(pairs, steps, notes)
    parts_read = [(part, pair_of(source)) for part, source in enumerate(pairs) if source is not None]
    for _, (inputs, targets) in parts_read:
        if targets is not None and inputs.shape[0] != len(targets):
            raise BadWorkload(
                f"{inputs.shape[0]} rows of inputs but {len(targets)} targets; give one target a row"
            )
    blocks = [inputs for _, (inputs, _) in parts_read]
    if free is False and any(mapped_array(block) for block in blocks):
        return _in_their_files(parts_read, kind)
    raw_inputs = joined(blocks, "inputs")
    targets = joined_targets([targets for _, (_, targets) in parts_read])
    if free is not False and all(is_own_target(source) for source in pairs if source is not None):
        targets = None
    codes = free is None and are_classes(targets)
    if free is None:
        free = not codes
    first, *others = ("",) if kind is not None else readings(raw_inputs, as_given=free)
    inputs, form = shaped(raw_inputs, kind or first, notes)
    if first == "text" or (first and raw_inputs.ndim == 3):
        notes.append(note_reading(raw_inputs.shape, first))
    if free:
        notes.append(note_free(raw_inputs, targets))
    return Raw(
        inputs=inputs,
        targets=targets,
        kind=form,
        reading=kind or first,
        other_readings=tuple(others),
        task="classification" if codes else "auto",
        free=free,
        notes=tuple(notes),
        parts=_parts(parts_read),
        live=live,
        shape_rows=partial(_shaped_rows, kind=kind or first),
    )


def _shaped_rows(rows: Any, *, kind: str) -> Any:
    return shaped(rows, kind, [])[0]


def _parts(parts_read: Sequence[tuple[int, Pair]]) -> NDArray[np.int64] | None:
    """Return the part of each row, where more than one was given."""
    if len(parts_read) == 1:
        return None
    return np.concatenate([np.full(pair[0].shape[0], part, np.int64) for part, pair in parts_read])


def _in_their_files(parts_read: Sequence[tuple[int, Pair]], kind: str | None) -> Raw:
    """Return inputs that stay in their files, as they are mapped."""
    notes: list[str] = []
    blocks = [inputs for _, (inputs, _) in parts_read]
    if not all(isinstance(block, np.ndarray) for block in blocks):
        raise BadWorkload("a part of the inputs is mapped and another is no array; give all as arrays")
    first, *others = ("",) if kind is not None else readings(blocks[0])
    reading, shape = kind or first, blocks[0].shape
    turned = reading == TURNED  # a view of the file is enough
    blocks = [np.moveaxis(block, -1, 1) for block in blocks] if turned else blocks
    formed = [shaped(block, "signal" if turned else reading, notes) for block in blocks]
    if len({array.shape[1:] for array, _ in formed}) > 1:
        raise BadWorkload("the parts of the inputs have rows of different shapes; give them all the same")
    if first and len(shape) == 3:
        notes.append(note_reading(shape, first))
    return Raw(
        inputs=MappedArray(blocks=tuple(array for array, _ in formed)),
        targets=joined_targets([targets for _, (_, targets) in parts_read]),
        kind=formed[0][1],
        reading=reading,
        other_readings=tuple(others),
        notes=tuple(dict.fromkeys(notes)),
        parts=_parts(parts_read),
    )


def _named(entries: Mapping[str, NDArray[Any]], endings: Sequence[str]) -> Pair | None:
    for ending in endings:
        inputs = [entries[name + ending] for name in INPUTS if name + ending in entries]
        targets = [entries[name + ending] for name in TARGETS if name + ending in entries]
        if inputs and targets:
            return inputs[0], targets[0]
    return None


def _torch_read(pairs: Sequence[Any], steps: int | None, notes: list[str]) -> tuple[list[Any], Any]:
    """Return the parts with torch's Datasets and DataLoaders read, and where rows to train on come from."""
    if "torch" not in sys.modules:
        return list(pairs), None
    from studies.datasets.files.blocks import Forms
    from studies.datasets.files.torch_rows import read_torch

    forms = Forms(take=pair_of_batch, join=joined_pairs)
    read = [
        read_torch(source, forms, steps=steps if part == 0 else None) for part, source in enumerate(pairs)
    ]
    if steps is not None and (read[0] is None or read[0].whole):
        raise BadWorkload("steps_per_epoch is for streams, torch's IterableDatasets; leave it out")
    changing = bool(read[0] and read[0].changing)
    if any(rows and rows.whole and not rows.changing for rows in read) and not changing:
        notes.append("The torch data was read once and is kept in memory.")
    if any(rows and rows.changing for rows in read[1:]):
        notes.append("Rows that validate or test change at each reading; they were read once.")
    if read[0] and changing and read[0].live is None:
        notes.append(
            "The rows of the stream change at each reading and were read once: to have fresh ones in every "
            "epoch give Workload(steps_per_epoch=...)."
        )
    notes += [note for rows in read if rows for note in rows.notes]
    sources = [ReadPair(*rows.block) if rows else source for rows, source in zip(read, pairs, strict=True)]
    return sources, read[0] and read[0].live


READER: Final = Reader(
    form="NumPy arrays X and y in one file",
    endings=(".npz",),
    read=lambda place: read_npz(place.path),
    takes_target=False,
)
