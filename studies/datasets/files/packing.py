"""Compressed files: opened as the bytes in them, and their sizes looked at before memory is taken."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import math
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from studies.datasets.files.mapped import read_array_head
from studies.errors import BadWorkload, one_line
from studies.machine.memory import free_bytes
from studies.quantities import format_bytes

if TYPE_CHECKING:
    from studies.datasets.files import Place

BLOCK: Final = 1 << 20
SHARE: Final = 0.8
"""Of the memory that is free: what data may take as it is read."""


def check_fits(bytes_needed: int, what: str) -> None:
    """Check that so many bytes are free before they are asked for.

    Raises:
        BadWorkload: they are not; the line names both numbers.
    """
    limit = int(SHARE * free_bytes())
    if bytes_needed > limit:
        raise BadWorkload(
            f"{what} takes {format_bytes(bytes_needed)} in memory, and {format_bytes(limit)} may be used; "
            "give fewer rows or columns, or a machine with more memory"
        )


def opened(place: Place) -> IO[bytes]:
    """Open a file to read, a compressed one as the bytes in it; too many of these are refused as they come.

    Raises:
        BadWorkload: a zip with no file or several in it.
    """
    if not place.packing:
        return place.path.open("rb")
    return cast("IO[bytes]", io.BufferedReader(_Bounded(_unpacked(place), place.path.name), BLOCK))


def blocks(place: Place) -> Iterator[bytes]:
    """Yield the bytes of a file one block after the other."""
    with opened(place) as file:
        while block := file.read(BLOCK):
            yield block


def check_archive(path: Path, besides: Collection[str] = ()) -> None:
    """Check that a zip of data, as .npz and .xlsx are, does not unpack to more than memory holds.

    Args:
        path: of the zip.
        besides: arrays by name that are not unpacked.

    Raises:
        BadWorkload: it does, by its own directory or by the shapes in the heads of its arrays.
    """
    with zipfile.ZipFile(path) as archive:
        members = [
            member for member in archive.infolist() if member.filename.removesuffix(".npy") not in besides
        ]
        check_fits(sum(member.file_size for member in members), f"'{path.name}', unpacked,")
        needed = sum(_array_bytes(archive, member) for member in members if member.filename.endswith(".npy"))
    check_fits(needed, f"'{path.name}', its arrays unpacked,")


def _array_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """Return the bytes that an array takes by its own head."""
    with archive.open(member) as file:
        array_head = read_array_head(file)
    if array_head is None:
        return member.file_size
    shape, _, form = array_head
    count = math.prod(shape)
    if not form.hasobject and count * form.itemsize > member.file_size:
        raise BadWorkload(
            f"array '{one_line(member.filename, longest=40)}' has the shape {one_line(shape, longest=60)} "
            f"by its head, and {format_bytes(member.file_size)} of numbers; save the file anew"
        )
    return count * form.itemsize


def _unpacked(place: Place) -> IO[bytes]:
    path = place.path
    match place.packing:
        case ".gz":
            return cast("IO[bytes]", gzip.open(path, "rb"))
        case ".bz2":
            return cast("IO[bytes]", bz2.open(path, "rb"))
        case ".xz":
            return lzma.open(path, "rb")
        case ".zst":
            import pyarrow as pa

            return cast("IO[bytes]", pa.input_stream(str(path), compression="zstd"))
    archive = zipfile.ZipFile(path)
    names = [
        name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(names) != 1:
        listed = one_line(", ".join(names[:5]), longest=100) or "nothing"
        archive.close()
        raise BadWorkload(f"'{path.name}' holds {listed}; give a zip with one file in it, or unpack it")
    return archive.open(names[0])


class _Bounded(io.RawIOBase):
    """Stream that refuses to give more bytes than memory holds: few bytes may unpack to very many."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.stream, self.name, self.left_bytes = stream, name, int(SHARE * free_bytes())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        block = self.stream.read(len(buffer))
        self.left_bytes -= len(block)
        if self.left_bytes < 0:
            raise BadWorkload(
                f"'{self.name}' unpacks to more than the {format_bytes(int(SHARE * free_bytes()))} of memory "
                "that may be used; give fewer rows"
            )
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self.stream.close()
        super().close()
