"""Soak: a long search of a tiny table with the mirror on; memory, files and processes stay flat.

    python -m benchmarks.soak [--minutes 30] [--trials 2000]

It samples every process of the search: bytes that are its own, open files, threads. What each part holds in
the last fifth of the time is compared with the first fifth after the start, which takes 5 minutes of 30.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.fault_commands import STUDY, Command, written

MINUTES: Final = 30.0
TRIALS: Final = 2000
START_SHARE: Final = 1 / 6
"""Of the time, which is not looked at."""
PAUSE_SECONDS: Final = 1.0
KINDS: Final = ("coordinator", "fork server", "worker", "mirror")
MOST_GROWTH: Final = 0.02


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Sample of the processes of a kind at one moment."""

    private_bytes: int
    files: int
    threads: int
    processes: int


def sample(command: Command, kind: str) -> Sample:
    """Return what the processes of a kind hold now, and how many there are."""
    size = files = threads = count = 0
    for process in command.processes(kind):
        with suppress(psutil.Error):
            size += process.memory_full_info().uss
            files += process.num_fds()
            threads += process.num_threads()
            count += 1
    return Sample(private_bytes=size, files=files, threads=threads, processes=count)


def soak(place: Path, seconds: float, trials: int) -> tuple[dict[str, list[Sample]], Command]:
    """Search for so long, or so many trials, and return the samples of every kind in the order of time."""
    words = ("--budget", f"{trials}trials", "--exhaust", "--epochs", "2", "--workers", "2", "--study", STUDY)
    command = Command(place, "search", "iris", *words, "--no-earlier")
    command.wait_for(lambda: bool(command.announced()))
    samples: dict[str, list[Sample]] = {kind: [] for kind in KINDS}
    until = time.monotonic() + seconds
    while len(command.announced()) < trials and command.status is None and time.monotonic() < until:
        for kind in KINDS:
            samples[kind].append(sample(command, kind))
        time.sleep(PAUSE_SECONDS)
    if command.status is None:
        command.signal(signal.SIGINT)
    command.wait()
    return samples, command


def growth(values: Sequence[float]) -> float:
    """Return by which share the last fifth of some values is above the first fifth of those after the start.

    Example:
        >>> growth([50.0] * 10 + [100.0] * 40 + [110.0] * 10)
        0.1
    """
    settled = list(values)[int(len(values) * START_SHARE) :]
    fifth = max(1, len(settled) // 5)
    first, last = statistics.median(settled[:fifth]), statistics.median(settled[-fifth:])
    return round(last / first - 1, 6) if first else 0.0


def row(kind: str, samples: Sequence[Sample]) -> str:
    """Return a row of the table, with a star where something grows."""
    sizes = [each.private_bytes for each in samples]
    counts = [(each.processes, each.files, each.threads) for each in samples]
    grown = growth(sizes)
    first, last = counts[int(len(counts) * START_SHARE)], counts[-1]
    star = " *" if grown > MOST_GROWTH else ""
    numbers = " | ".join(f"{before} to {after}" for before, after in zip(first, last, strict=True))
    return f"| {kind} | {max(sizes) / 2**20:.0f} MiB | {grown:+.1%}{star} | {numbers} |"


def measure(seconds: float, trials: int) -> None:
    """Soak and print the table."""
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        samples, command = soak(Path(folder), seconds, trials)
        print(f"{len(written(Path(folder)))} trials; {command.last_line}")
    print("| process | most of its own | growth | processes | open files | threads |")
    print("| --- | --- | --- | --- | --- | --- |")
    for kind in KINDS:
        if samples[kind]:
            print(row(kind, samples[kind]))
    print(f"a star: more than {MOST_GROWTH:.0%} from the first fifth after the start to the last")


def smoke() -> None:
    """Smallest form: two seconds."""
    measure(2.0, 20)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--trials", type=int, default=TRIALS)
    arguments = parser.parse_args()
    measure(60 * arguments.minutes, arguments.trials)


if __name__ == "__main__":
    main()
