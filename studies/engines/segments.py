"""Segments: a file of byte strings, each at an address that arrays may start at; read by mapping it."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

Segment = bytes | memoryview

IN_STREAM_BYTES: Final = 16_384
"""Arrays up to this size get no segment of their own: sharing them between readers is not worth it."""
ALIGNED_BYTES: Final = 64
"""What torch aligns its own arrays to: a line of the processor's cache."""
COUNT: Final = struct.Struct("<Q")


def written(path: Path, segments: Sequence[Segment]) -> None:
    """Write segments to a file that only this user can read; where that fails, none is left behind.

    Raises:
        OSError: it cannot be written.
    """
    path.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(COUNT.pack(len(segments)))
            for segment in segments:
                file.write(COUNT.pack(memoryview(segment).nbytes))
            for segment in segments:
                file.write(bytes(-file.tell() % ALIGNED_BYTES))
                file.write(segment)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def mapped(path: Path) -> list[memoryview]:
    """Return the segments of a file, mapped: read when they are looked at, changed for this process alone.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        sizes = list(_sizes(file))
        start = file.tell()
        # closed with the last array that lies in it
        whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
    segments = []
    for size in sizes:
        start += -start % ALIGNED_BYTES
        segments.append(whole[start : start + size])
        start += size
    return segments


def _sizes(file: BinaryIO) -> Iterator[int]:
    (count,) = COUNT.unpack(file.read(COUNT.size))
    for size in COUNT.iter_unpack(file.read(count * COUNT.size)):
        yield size[0]
