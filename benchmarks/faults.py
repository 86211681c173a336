"""Faults: each is really done to searches on the command line, and what it cost is counted; goal: lost 0.

python -m benchmarks.faults [--rounds 50] [part of a name ...]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Final, Protocol

from benchmarks.fault_commands import Toll
from benchmarks.fault_files import FILES
from benchmarks.fault_kills import KILLS
from benchmarks.fault_list import TRIALS

ROUNDS: Final = 50


class Fault(Protocol):
    """Fault that a search has to bear."""

    @property
    def name(self) -> str:
        """Return what is done."""

    def run(self, place: Path, rounds: int) -> Toll:
        """Do it so often, in an empty directory, and count what it costs."""


FAULTS: Final[tuple[Fault, ...]] = (*KILLS, *TRIALS, *FILES)


def toll(fault: Fault, rounds: int) -> Toll:
    """Return what a fault costs."""
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        return fault.run(Path(folder), rounds)


def row(fault: Fault, result: Toll) -> str:
    """Return a row of the table."""
    said = " ".join(result.said.replace("|", "/").split())
    return f"| {fault.name} | {result.rounds} | {result.survived} | {result.lost} | {said} |"


def smoke() -> None:
    """Smallest form: one trial that exits."""
    fault = next(fault for fault in FAULTS if fault.name == "os._exit")
    print(row(fault, toll(fault, 1)))


def main() -> None:
    """Print the table, of all faults or of those whose name holds a word that is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    print("| fault | rounds | survived | lost | said |")
    print("| --- | --- | --- | --- | --- |", flush=True)
    for fault in FAULTS:
        if not arguments.names or any(name in fault.name for name in arguments.names):
            print(row(fault, toll(fault, arguments.rounds)), flush=True)


if __name__ == "__main__":
    main()
