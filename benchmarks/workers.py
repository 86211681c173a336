"""Worth of a second worker: wall seconds of the same search with one worker and with two, in turns.

    python -m benchmarks.workers [--trials 40] [--repeats 3]

A budget in trials gives the same trials for any number of workers, which is checked; so the quotient of the
wall seconds, from the first trial handed over to the last one written, is how many times the trials two
workers do.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import advisor
from studies.storage.follow import Journal

TRIALS: Final = 40
REPEATS: Final = 3
GOAL: Final = 1.8
TABLE: Final = "friedman"


def measure(data: str, trials: int, workers: int) -> tuple[float, list[tuple[Any, ...]]]:
    """Return the wall seconds of a search's trials, and what must not depend on the workers."""
    moments: list[float] = []

    def note(event: Any) -> None:  # noqa: ARG001 - when it comes is all
        moments.append(time.monotonic())

    with tempfile.TemporaryDirectory() as home:
        study = advisor.search(
            data, budget=f"{trials}trials", epochs=9, exhaust=True, workers=workers, home=home,
            tracking_uri="off", earlier=False, listen=note,
        )  # fmt: skip
        records = Journal(Path(home), str(study)).read().records
    same = [(record.number, record.state, record.params, record.quality) for record in records]
    return moments[-1] - moments[0], same


def compare(data: str, trials: int, repeats: int) -> str:
    """Return a line on one dataset.

    Raises:
        AssertionError: the trials differ.
    """
    quotients = []
    for _ in range(repeats):
        (alone, ours), (together, theirs) = (measure(data, trials, workers) for workers in (1, 2))
        if ours != theirs:
            raise AssertionError(f"{data}: one worker and two gave different trials")
        quotients.append(alone / together)
    spread = ", ".join(f"{quotient:.2f}" for quotient in quotients)
    return (
        f"{data}: {median(quotients):.2f} times the trials (goal {GOAL}; {spread}), {len(ours)} equal records"
    )


def smoke() -> None:
    """Smallest form: six trials, once."""
    print(compare("iris", 6, 1))


def main() -> None:
    """Print a line for each dataset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    arguments = parser.parse_args()
    for data in ("digits", TABLE):
        print(compare(data, arguments.trials, arguments.repeats))


if __name__ == "__main__":
    main()
