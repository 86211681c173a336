"""Memory of a large table: the most bytes that a process holds while it opens one, over the size of the file.

    python -m benchmarks.table_size              # a million rows of 30 columns
    python -m benchmarks.table_size 200000 60s   # so many rows, then a search with that budget

Every step runs in one fresh process that has opened and profiled a small dataset before, so that imports are
not counted; what is said of a step is the peak since the process began.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from studies.quantities import format_bytes

ROWS, COLUMNS = 1_000_000, 30
BLOCK = 50_000
"""Rows written at a time."""
STEPS = ("open", "split facts", "profile", "plain models", "one epoch")
CHILD = "from benchmarks.table_size import child; child({path!r})"


def main() -> None:
    """Print what each step holds and, if a budget is given, the trials that end within it."""
    rows, budget = [*sys.argv[1:], "", ""][:2]
    report(int(rows or ROWS), budget)


def smoke() -> None:
    """Smallest form: a thousand rows."""
    report(1_000, "")


def report(rows: int, budget: str) -> None:
    """Write a table, open it in a fresh process and print what that held; then search it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.csv"
        write_table(path, rows)
        size = path.stat().st_size
        print(f"{rows:,} rows x {COLUMNS} columns, a file of {format_bytes(size)}")
        peaks = _peaks(path)
        print(f"imports {format_bytes(peaks['imports'])}, not counted below")
        for step in STEPS:
            grown = peaks[step] - peaks["imports"]
            print(f"{step:<14}{format_bytes(grown):>10}{grown / size:>7.2f} times the file")
        if budget:
            print(_searched(path, Path(folder), budget))


def write_table(path: Path, rows: int, columns: int = COLUMNS) -> None:
    """Write a table of numbers, a fifth of them whole, and a class that some of them tell."""
    generator = np.random.default_rng(0)
    names = [f"column_{number}" for number in range(columns)]
    with path.open("w") as file:
        file.write(",".join([*names, "label"]) + "\n")
        for first in range(0, rows, BLOCK):
            values = generator.normal(size=(min(BLOCK, rows - first), columns))
            whole = columns // 5
            values[:, :whole] = np.round(values[:, :whole] * 100)
            labels = values[:, -4:].sum(axis=1) + generator.normal(size=len(values)) > 0
            table = np.column_stack([values, labels])
            np.savetxt(file, table, delimiter=",", fmt=[*["%d"] * whole, *["%.6f"] * (columns - whole), "%d"])


def child(path: str) -> None:
    """Go through the steps in this process and print the peak after each, as JSON."""
    for _ in _steps("iris", None):
        pass
    peaks = {"imports": peak_bytes()}
    for step in _steps(path, "label"):
        peaks[step] = peak_bytes()
    print(json.dumps(peaks))


def peak_bytes() -> int:
    """Return the most memory that this process has held so far."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _steps(source: str, target: str | None) -> Iterator[str]:
    from studies.limits import Budget
    from studies.measure.yardsticks import yardsticks
    from studies.optimizers.adamw import AdamW
    from studies.profiling.profile import profile
    from studies.profiling.split import split_facts
    from studies.recipe import Recipe
    from studies.schedules.cosine import Cosine
    from studies.train import Training
    from studies.workload_opening import open_source

    workload = open_source(source, target=target)
    yield STEPS[0]
    split_facts(workload.dataset)
    yield STEPS[1]
    profile(workload, batch_size=256, epochs=1, probing=Budget(seconds=60))
    yield STEPS[2]
    yardsticks(workload, Budget(seconds=60))
    yield STEPS[3]
    recipe = Recipe(optimizer=AdamW(), schedule=Cosine(), batch_size=1024, epochs=1)
    Training(recipe, workload, seed=0).advance(1)
    yield STEPS[4]


def _peaks(path: Path) -> dict[str, int]:
    command = [sys.executable, "-c", CHILD.format(path=str(path))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name: int(peak) for name, peak in json.loads(done.stdout.splitlines()[-1]).items()}


def _searched(path: Path, home: Path, budget: str) -> str:
    command = [sys.executable, "-m", "advisor", "search", str(path), "--target", "label", "--home", str(home)]
    command += ["--budget", budget, "--tracking-uri", "off", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    advice, states = answer["recommendation"], answer["trials"]
    counts = ", ".join(f"{count} {state}" for state, count in states.items() if count)
    return f"search with a budget of {budget}: {counts}; {advice['optimizer']}, {advice['label']}"


if __name__ == "__main__":
    main()
