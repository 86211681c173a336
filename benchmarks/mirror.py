"""Cost of the MLflow mirror: its own time for a large study, and what it adds to the time of a search.

    python -m benchmarks.mirror

First 300 trials of 20 epochs, mirrored to SQLite by the process that mirrors them beside a search. Then the
same small search with the mirror and without, in turns; the ratio within a pair is what the mirror adds, with
whatever else the machine does in it.
"""

from __future__ import annotations

import math
import os
import resource
import statistics
import tempfile
import time
from pathlib import Path

import optuna

from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import work
from studies.limits import Budget
from studies.record import Measurement, Record
from studies.storage import journal
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import RECORD
from studies.tracking.process import Mirror

TRIALS = 300
EPOCHS = 20
MOST_SECONDS = 15.0
PAIRS = 4
SEARCH_TRIALS = 8
SEARCH_EPOCHS = 9
MOST_ADDED = 0.02


def record(number: int) -> Record:
    """Return a trial as a search leaves it behind: a recipe, every cost and a whole curve."""
    curve = tuple(
        Measurement(
            epoch=epoch,
            step=40 * epoch,
            seconds=0.1 * epoch,
            train_loss=1 / epoch,
            valid_loss=1.1 / epoch,
            valid_metric=1 - 0.3 / (epoch + number % 7),
        )
        for epoch in range(1, EPOCHS + 1)
    )
    params = {
        "optimizer": "AdamW", "optimizer.AdamW.lr": 1e-3 * (1 + number % 10), "optimizer.AdamW.beta1": 0.9,
        "optimizer.AdamW.beta2": 0.999, "optimizer.AdamW.weight_decay": 0.01, "schedule": "Cosine",
        "schedule.Cosine.warmup": 0.05, "batch_size": 32, "epochs": EPOCHS, "regularizers": "Dropout",
        "regularizers.Dropout.p": 0.1, "model": "CNN", "model.CNN.channels": 16, "model.CNN.hidden": 64,
    }  # fmt: skip
    return Record(
        number=number,
        state="complete",
        stage="race",
        seed=number,
        params=params,
        curve=curve,
        quality=curve[-1].valid_metric,
        train_seconds=2.0,
        peak_bytes=600_000,
        optimizer_state_bytes=100_000,
        model_bytes=50_000,
        sparsity=0.0,
        macs=100_000,
        latency_seconds=1e-4,
    )


def whole_study(trials: int = TRIALS) -> tuple[float, float]:
    """Return the wall and the processor seconds of the process that mirrors a study, its start included."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = journal.create_study(
            home, "large", direction="maximize", manifest=StudyManifest(id="1", metric="accuracy")
        )
        for number in range(trials):
            attributes = {RECORD: record(number).to_dict()}
            study.add_trial(
                optuna.trial.create_trial(value=0.5, params={}, distributions={}, user_attrs=attributes)
            )
        before, start = _children_seconds(), time.perf_counter()
        problem = Mirror.start(home, "large").finish(600)
        if problem:
            raise SystemExit(problem)
        return time.perf_counter() - start, _children_seconds() - before


def search(
    tracking_uri: str | None, trials: int = SEARCH_TRIALS, epochs: int = SEARCH_EPOCHS
) -> tuple[float, float, float]:
    """Return wall and own processor seconds of a search, and the seconds its mirror needed after that."""
    with tempfile.TemporaryDirectory() as folder:
        request = Request(
            source="digits",
            budget=Budget(trials=trials),
            epochs=epochs,
            optimizers=("AdamW",),
            tracking_uri=tracking_uri,
        )
        launched = prepare(request, Path(folder))
        start, used = time.perf_counter(), time.process_time()
        mirror = work(launched)
        wall, processor = time.perf_counter() - start, time.process_time() - used
        start = time.perf_counter()
        if mirror is not None:
            mirror.finish(120)
        return wall, processor, time.perf_counter() - start


def smoke() -> None:
    """Smallest form: a study of two trials mirrored, and a search of one without a mirror."""
    print(whole_study(trials=2), search("off", trials=1, epochs=1))


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print both figures, each with its goal."""
    load = os.getloadavg()[0]
    wall, processor = whole_study()
    print(
        f"{TRIALS} trials of {EPOCHS} epochs to SQLite: {wall:.1f} s, "
        f"of these {processor:.1f} s of the processor",
        end=" ",
    )
    print(f"(load of the machine {load:.1f}); goal below {MOST_SECONDS:g} s", flush=True)
    search("off")  # what the first search loads, no later one does
    taken: dict[str | None, list[tuple[float, float, float]]] = {"off": [], None: []}
    for pair in range(PAIRS):
        for uri in ("off", None) if pair % 2 else (None, "off"):
            taken[uri].append(search(uri))
        without, beside = taken["off"][-1], taken[None][-1]
        print(f"pair {pair + 1}: {without[0]:.2f} s without, {beside[0]:.2f} s with the mirror; ", end="")
        print(f"processor {without[1]:.2f} s and {beside[1]:.2f} s", flush=True)
    for label, column in (("wall time", 0), ("processor time of its own", 1)):
        ratios = [
            beside[column] / without[column]
            for without, beside in zip(taken["off"], taken[None], strict=True)
        ]
        middle, spread = statistics.median(ratios) - 1, statistics.stdev(ratios) / math.sqrt(PAIRS)
        print(
            f"the mirror adds {middle:+.1%} to a search's {label} "
            f"(median of {PAIRS} pairs, standard error {spread:.1%})"
        )
    after = statistics.median(beside[2] for beside in taken[None])
    print(f"goal below {MOST_ADDED:.0%}; after the search the mirror needed {after:.1f} s more")


if __name__ == "__main__":
    main()
