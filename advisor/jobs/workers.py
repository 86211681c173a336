"""Workers of a search: how many, on which device each, and how many bytes one may take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from advisor.jobs.room import SHARE, WORKER_BYTES
from studies.quantities import format_bytes, several

if TYPE_CHECKING:
    from advisor.jobs.room import Room
    from studies.limits import Limits

AUTO: Final = "auto"
SLACK_BYTES: Final = 512 * 2**20
"""What an honest trial takes besides its tensors: imported packages, what libraries borrow, its evaluation.

Seven trials whose tensors took 83 to 2,187 MiB, of dense nets, convolutions and attention, let their process
grow by 29 to 137 MiB more."""
SLACK: Final = 1.5
"""Bytes of a process for each of its tensors: an allocator gives back less than is let go of (judged; it was
1.01 to 1.75 times in those trials, the most where tensors were few)."""
COPIES: Final = 3
"""Times that a worker may hold the rows: a sample, those in order for another split, those that a plain model
is trained on (a worker grew by 2.5 times the 240 MB of a table)."""


def worker_count(asked_for: Literal["auto"] | int, room: Room) -> int:
    """Return how many workers train at a time.

    Args:
        asked_for: a number, which is taken; or `auto` for as many as the machine bears.
        room: what it has.

    Example:
        >>> from advisor.jobs.room import Room
        >>> worker_count("auto", Room(cores=4, threads=2, free_bytes=16 * 2**30))
        2
    """
    return room.workers if asked_for == AUTO else asked_for


def why_so_many(asked_for: Literal["auto"] | int, room: Room) -> str:
    """Return the sentence that says how many workers train at a time, and why.

    Example:
        >>> from advisor.jobs.room import Room
        >>> why_so_many("auto", Room(cores=4, threads=2, free_bytes=16 * 2**30))
        '2 workers: 4 cores, 2 threads each; memory would bear 16.'
    """
    count = worker_count(asked_for, room)
    if asked_for != AUTO:
        return f"{several(count, 'worker')}, as asked; auto would take {room.workers} ({_bounds(room)})."
    return f"{several(count, 'worker')}: {_bounds(room)}."


def devices(count: int, device: str, room: Room) -> tuple[str, ...]:
    """Return the device of each worker: in turn those of all GPUs, as long as trials fit on each.

    Args:
        count: of workers.
        device: of the plan: `cpu`, `cuda`, `cuda:1`, `mps`.
        room: with a number of free bytes for each GPU that `device` may mean.

    Example:
        >>> from advisor.jobs.room import Room
        >>> two_gpus = Room(cores=8, free_bytes=2**36, gpu_bytes=(2**34, 2**34))
        >>> devices(3, "cuda", two_gpus)
        ('cuda:0', 'cuda:1', 'cuda:0')
    """
    if device != "cuda" or len(room.gpu_bytes) < 2:
        return (device,) * count
    turns = [
        number for turn in range(max(room.by_gpu)) for number, most in enumerate(room.by_gpu) if turn < most
    ]
    return tuple(f"cuda:{turns[worker % len(turns)]}" for worker in range(count))


def most_bytes(limits: Limits, room: Room, count: int) -> int:
    """Return the bytes of a worker process above which it is ended.

    A limit on memory is about tensors, and a process holds more: above the limit it leaves room for what an
    honest trial takes besides. Without a limit each worker has its share of the free memory, or more where
    the forecast says that a trial needs it.

    Args:
        limits: of the search.
        room: of the machine, before any worker ran.
        count: of workers.

    Example:
        >>> from advisor.jobs.room import Room
        >>> from studies.limits import Limits
        >>> room = Room(cores=4, free_bytes=32 * 2**30)
        >>> most_bytes(Limits(), room, 4) == int(0.8 * 8 * 2**30)
        True
    """
    share = int(SHARE * room.free_bytes) // max(count, 1)
    if limits.train_bytes is not None:
        return honest_bytes(limits.train_bytes, room.data_bytes)
    return max(share, honest_bytes(0 if room.gpu_bytes else room.peak_bytes, room.data_bytes))


def honest_bytes(tensor_bytes: int, data_bytes: int) -> int:
    """Return the most bytes that a worker process takes whose tensors, and whose rows, take so many."""
    return WORKER_BYTES + SLACK_BYTES + int(SLACK * tensor_bytes) + COPIES * data_bytes


def _bounds(room: Room) -> str:
    """Return the numbers that decide, the one that binds first."""
    cores = f"{several(room.cores, 'core')}, {several(room.threads, 'thread')} each"
    memory = f"{format_bytes(room.free_bytes)} of free memory"
    if not room.gpu_bytes:
        if room.by_memory < room.by_cores:
            need = format_bytes(room.worker_bytes)
            return f"{memory}, {need} each at most; {several(room.cores, 'core')} would bear {room.by_cores}"
        return f"{cores}; memory would bear {room.by_memory}"
    fit = sum(room.by_gpu)
    gpus = f"{several(len(room.gpu_bytes), 'GPU')} with {format_bytes(sum(room.gpu_bytes))} free"
    if room.workers == fit:
        return f"{gpus} for {fit}; {cores} would bear {room.by_cores}"
    binding = cores if room.by_cores <= room.by_memory else memory
    return f"{binding}; {gpus} would bear {fit}"
