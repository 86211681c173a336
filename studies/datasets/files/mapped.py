"""Mapped arrays: inputs that stay in their file, read by rows.

Arrays that NumPy maps (`np.load(path, mmap_mode="r")`) are taken so from 256 MiB on; smaller ones are read
like any other.
"""

from __future__ import annotations

import mmap
import struct
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, Literal

import numpy as np
from numpy.typing import NDArray

MAPPED_BYTES: Final = 2**28
"""Arrays below this are read into memory: they fit, and are then encoded like any table."""
PAGES_BYTES: Final = 2**26
"""Mapped pages that may stay in this process before they are handed back to the system."""
AROUND_BYTES: Final = 2**20
"""What the system may map around a row that is read by itself."""
LOCAL_HEAD: Final = 30
"""Bytes of the head that a zip writes before each member, up to its name."""
HEADS: Final = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
"""Readers of an array's own head, by its version."""


@dataclass(frozen=True, kw_only=True, eq=False)
class MappedArray:
    """One or several mapped arrays below each other, read by rows as they lie in the file."""

    blocks: tuple[NDArray[Any], ...]
    _touched: list[int] = field(default_factory=lambda: [0], repr=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Return the shape of all rows together."""
        return (sum(len(block) for block in self.blocks), *self.blocks[0].shape[1:])

    @property
    def ndim(self) -> int:
        """Return how many dimensions there are."""
        return self.blocks[0].ndim

    def __len__(self) -> int:
        return self.shape[0]

    def read(self, rows: NDArray[np.int64]) -> NDArray[Any]:
        """Return rows by number as they are in the file."""
        values = np.empty((len(rows), *self.shape[1:]), np.result_type(*self.blocks))
        first = 0
        for block in self.blocks:
            inside = np.flatnonzero((rows >= first) & (rows < first + len(block)))
            for places in self._pieces(rows, inside):
                values[places] = block[rows[places] - first]
                self._hand_back(block, rows[places])
            first += len(block)
        return values

    @property
    def _row_bytes(self) -> int:
        return int(self.blocks[0][:1].nbytes)

    def _pieces(self, rows: NDArray[np.int64], inside: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """Return the places to read at once: all where the rows lie near each other, else few."""
        if not len(inside):
            return []
        if self._pages_bytes(rows[inside]) <= PAGES_BYTES:
            return [inside]
        count = max(1, PAGES_BYTES // (self._row_bytes + AROUND_BYTES))
        return [inside[start : start + count] for start in range(0, len(inside), count)]

    def _pages_bytes(self, rows: NDArray[np.int64]) -> int:
        """Return at most how many bytes the system maps to read these rows."""
        across = int(rows.max() - rows.min() + 1) * self._row_bytes + AROUND_BYTES
        return min(across, len(rows) * (self._row_bytes + AROUND_BYTES))

    def _hand_back(self, block: NDArray[Any], rows: NDArray[np.int64]) -> None:
        """Let the system take back pages once many were read; it reads them again if need be."""
        self._touched[0] += self._pages_bytes(rows)
        if self._touched[0] < PAGES_BYTES:
            return
        self._touched[0] = 0
        pages = getattr(block, "_mmap", None)
        if pages is not None and getattr(block, "mode", "c") != "c" and hasattr(mmap, "MADV_DONTNEED"):
            pages.madvise(mmap.MADV_DONTNEED)


def mapped_array(values: Any) -> MappedArray | None:
    """Return an array that is to stay in its file, else None: it is not mapped, or small enough to read."""
    if isinstance(values, MappedArray):
        return values
    large = isinstance(values, np.memmap) and values.nbytes >= MAPPED_BYTES
    return MappedArray(blocks=(values,)) if large and values.dtype.kind in "fiub" else None


def map_archive(path: Path) -> dict[str, NDArray[Any]]:
    """Return the large arrays of an .npz file that are stored uncompressed, by name, mapped there."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        large = [
            member
            for member in archive.infolist()
            if member.compress_type == zipfile.ZIP_STORED and member.file_size >= MAPPED_BYTES
        ]
        entries = {member.filename.removesuffix(".npy"): _map_member(file, member) for member in large}
    return {name: array for name, array in entries.items() if array is not None}


def read_array_head(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]] | None:
    """Return an array's shape, whether it lies by column, and its type; None for an unknown version."""
    read_head = HEADS.get(np.lib.format.read_magic(file))
    return None if read_head is None else read_head(file)


def _map_member(file: BinaryIO, member: zipfile.ZipInfo) -> NDArray[Any] | None:
    """Return a stored array of an archive; None where it is no plain array of numbers."""
    file.seek(member.header_offset)
    head = file.read(LOCAL_HEAD)
    name_bytes, extra_bytes = struct.unpack("<HH", head[26:30])
    file.seek(member.header_offset + LOCAL_HEAD + name_bytes + extra_bytes)
    array_head = read_array_head(file)
    if array_head is None or array_head[2].hasobject:
        return None
    shape, by_column, form = array_head
    order: Literal["C", "F"] = "F" if by_column else "C"
    return np.memmap(file.name, dtype=form, mode="r", offset=file.tell(), shape=shape, order=order)
