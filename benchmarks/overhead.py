"""Overhead of a search beside training: proposals, journal and MLflow mirror as a share of wall time.

    python -m benchmarks.overhead

One search on digits in one worker, with trials of about a second; the time that it trains and evaluates is
counted apart from the rest, of which the start of the worker is a part and the start of the command is none.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import work
from studies.engines.engine import Ending, Handle
from studies.engines.local import Local
from studies.limits import Budget
from studies.storage import journal
from studies.trials.task import TrialResult

TRIALS = 30
EPOCHS = 36


def measure(
    tracking_uri: str | None, trials: int = TRIALS, epochs: int = EPOCHS
) -> tuple[float, float, float]:
    """Return the share of wall time outside training, the mean seconds of a trial and those of the mirror.

    The mirror's are what it needs after the search.
    """
    inside: list[float] = []
    wait = Local.wait

    def timed(self: Local, handles: Collection[Handle], seconds: float) -> list[Ending]:
        endings = wait(self, handles, seconds)
        inside.extend(ending.seconds for ending in endings if isinstance(ending.result, TrialResult))
        return endings

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        budget = Budget(trials=trials)
        launched = prepare(
            Request(source="digits", budget=budget, epochs=epochs, tracking_uri=tracking_uri, workers="1"),
            home,
        )
        Local.wait = timed  # type: ignore[method-assign]
        start = time.perf_counter()
        mirror = work(launched)
        wall = time.perf_counter() - start
        Local.wait = wait  # type: ignore[method-assign]
        count = len(journal.records(journal.open_study(home, launched.name)))
        start = time.perf_counter()
        if mirror is not None:
            mirror.finish(120)
        after = time.perf_counter() - start
    return 1 - sum(inside) / wall, sum(inside) / count, after


def smoke() -> None:
    """Smallest form: a search of one trial of one epoch, without a mirror."""
    print(measure("off", trials=1, epochs=1))


def main() -> None:
    """Print the table."""
    print(
        f"{TRIALS} trials + confirmation on digits, cnn, {EPOCHS} epochs; "
        "overhead = wall time outside training and evaluation"
    )
    walls = {}
    for label, uri in (("journal only", "off"), ("journal + mirror", None)):
        share, seconds, after = measure(uri)
        walls[label] = share
        print(
            f"{label:<18} overhead {share:6.2%}   mean trial {seconds:.2f} s   "
            f"mirror needs {after:.1f} s more at the end"
        )
    print(
        f"mean overhead {statistics.mean(walls.values()):.2%}, goal below 5 % when a trial takes 1 s or more"
    )


if __name__ == "__main__":
    main()
