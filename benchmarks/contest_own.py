"""Our own search in the contest: the command as a user types it, its journal read while it is written."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.contest_rows import Failed, Row
from benchmarks.contest_workloads import MODELS, Problem
from benchmarks.process_tree import processor_seconds
from studies.errors import StoreError
from studies.record import Record
from studies.storage.follow import Journal

STUDY: Final = "contest"
LOOK_SECONDS: Final = 0.1
"""Between two looks at the journal and the processes: what a moment may be late by."""
END_SECONDS: Final = 10
AFTER_SEARCH: Final = ("confirm", "compress")
ENDED: Final = ("complete", "pruned")


def command(problem: Problem, data: Path, home: Path, seed: int, *words: str) -> list[str]:
    """Return the command line of a search, whose portfolio is chosen without the runs on these data."""
    code = f"from benchmarks.contest_own import search_as_if_new; search_as_if_new({problem.name!r})"
    return [
        sys.executable, "-c", code, "search", str(data),
        "--kind", problem.kind, "--task", problem.task, "--metric", problem.metric,
        "--model", f"{MODELS}:{problem.model}", "--epochs", str(problem.epochs), "--seed", str(seed),
        "--home", str(home), "--study", STUDY, "--tracking-uri", "off", "--no-earlier", *words,
    ]  # fmt: skip


def search_as_if_new(data_set: str) -> None:
    """Run `advisor` as if the portfolio had been chosen without the runs that were recorded on a data set."""
    from advisor.cli import app
    from advisor.published import portfolio

    others = tuple(task for task in portfolio.tasks() if task.source != data_set)
    portfolio.tasks = lambda: others  # type: ignore[assignment]
    app.main()


def to_targets(
    problem: Problem,
    data: Path,
    seed: int,
    targets: Sequence[float],
    cap_seconds: float,
    words: Sequence[str],
) -> list[Row]:
    """Search until the last target or the cap of processor seconds; return a row for each target.

    Args:
        problem: what is trained.
        data: its file.
        seed: of the search.
        targets: from the easiest to the hardest.
        cap_seconds: of the processor, all processes of the search together.
        words: further options of the command.

    Raises:
        Failed: it ended before it had trained anything.
    """
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as home:
        journal = Journal(Path(home), STUDY)
        began = time.monotonic()
        with _running(command(problem, data, Path(home), seed, *words)) as process:
            processor = 0.0
            while len(rows) < len(targets):
                over = process.poll() is not None
                processor = max(processor, processor_seconds(process.pid))
                wall = time.monotonic() - began
                best, runs = _state(journal, Path(home), problem)
                reached = [target for target in targets[len(rows) :] if problem.reaches(best, target)]
                rows += [_row(processor, wall, runs, best, reached=True)] * len(reached)
                if over or processor > cap_seconds:
                    break
                time.sleep(LOOK_SECONDS)
    if best is None and over:
        raise Failed(f"the search ended with status {process.returncode} and no trial")
    return rows + [_row(processor, wall, runs, best, reached=False)] * (len(targets) - len(rows))


def hand_over(problem: Problem, data: Path, seed: int, seconds: float, words: Sequence[str]) -> Row:
    """Search with a budget; return the row of what was advised, without a test metric where nothing was."""
    with tempfile.TemporaryDirectory() as home:
        line = command(problem, data, Path(home), seed, "--budget", f"{seconds:g}s", "--json", *words)
        began = time.monotonic()
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        wall = time.monotonic() - began
    if done.returncode:
        return Row(wall=wall)
    answer = json.loads(done.stdout)
    test = answer["recommendation"]["test_quality"]
    return Row(reached=True, wall=wall, test=None if test is None else float(test))


def _row(processor: float, wall: float, runs: float, best: float | None, *, reached: bool) -> Row:
    return Row(reached=reached, processor=processor, wall=wall, runs=runs, best=best)


def _state(journal: Journal, home: Path, problem: Problem) -> tuple[float | None, float]:
    """Return the best validation metric of the search by now, and how many whole runs it has trained."""
    if not (home / "studies" / f"{STUDY}.journal").exists():
        return None, 0.0
    try:
        stored = journal.read()
    except StoreError:  # its first lines are still written
        return None, 0.0
    records: list[Record] = [
        record
        for record in stored.records
        if record.stage not in AFTER_SEARCH and record.state in ENDED and record.quality is not None
    ]
    epochs = sum(record.curve[-1].epoch for record in records if record.curve)
    qualities = [record.quality for record in records if record.quality is not None]
    best = max(qualities, key=lambda quality: problem.sign * quality, default=None)
    return best, epochs / problem.epochs


@contextmanager
def _running(line: list[str]) -> Iterator[subprocess.Popen[Any]]:
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    """End a search and every process below it."""
    try:
        tree = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        tree = []
    process.kill()
    process.wait()
    for child in tree:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(tree, timeout=END_SECONDS)
