"""Array rows: rows in a file of arrays, or the images below a folder, that are to be predicted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from advisor.jobs.predicting.row_block import RowBlock, RowSource
from studies.errors import BadWorkload, named_line, one_line

if TYPE_CHECKING:
    from studies.bundle.bundle import Bundle

ARRAYS: Final = (".npy", ".npz")
BLOCK_NUMBERS: Final = 1 << 21
"""Numbers that are predicted at once."""


def has_arrays(path: Path) -> bool:
    """Tell whether a path is a file of arrays or a folder."""
    return path.is_dir() or (path.suffix.lower() in ARRAYS and path.is_file())


def array_rows(path: Path, bundle: Bundle) -> RowSource:
    """Return the rows in a file of arrays, or the images below a folder.

    Raises:
        BadWorkload: none there, or they cannot be read.
    """
    if path.is_dir():
        return RowSource(blocks=_images(path, bundle))
    return RowSource(blocks=_blocks(_array(path)))


def _array(path: Path) -> NDArray[Any]:
    from studies.datasets.files.arrays import INPUTS

    name = one_line(path.name, longest=80)
    try:
        file = np.load(path, mmap_mode="r", allow_pickle=False)
        if isinstance(file, np.ndarray):
            return file
        names = [array for array in INPUTS if array in file.files] or file.files
        if len(names) == 1 or names[0] in INPUTS:
            array: NDArray[Any] = file[names[0]]
            return array
    except (OSError, ValueError) as error:
        raise BadWorkload(
            f"'{name}' cannot be read: {named_line(error, longest=200)}; save it anew"
        ) from error
    raise BadWorkload(f"'{name}' holds {one_line(', '.join(file.files), longest=200)}; name the rows X")


def _blocks(rows: NDArray[Any]) -> Iterator[RowBlock]:
    import pandas as pd

    count = max(1, BLOCK_NUMBERS // max(1, int(np.prod(rows.shape[1:]))))
    for start in range(0, max(len(rows), 1), count):
        block = np.asarray(rows[start : start + count])
        yield RowBlock(columns=pd.DataFrame({"row": np.arange(start, start + len(block))}), arrays=block)


def _images(folder: Path, bundle: Bundle) -> Iterator[RowBlock]:
    """Yield the images below a folder in the size that the model takes, in the order of their names."""
    import pandas as pd

    from studies.datasets.files.folder import ENDINGS, read_images

    shape = bundle.about.input_shape
    if bundle.about.kind != "image" or len(shape) != 3:
        raise BadWorkload(f"'{one_line(folder.name, longest=80)}' is a folder, and the model takes no images")
    files = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in ENDINGS and not path.name.startswith(".")
    ]
    if not files:
        raise BadWorkload(f"'{one_line(folder.name, longest=80)}' is a folder without images in it")
    count = max(1, BLOCK_NUMBERS // int(np.prod(shape)))
    for start in range(0, len(files), count):
        some = files[start : start + count]
        names = [path.relative_to(folder).as_posix() for path in some]
        yield RowBlock(columns=pd.DataFrame({"file": names}), arrays=read_images(some, shape))
