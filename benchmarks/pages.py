"""Waiting times of the dashboard on studies of 200 and of 10,000 trials.

    python -m benchmarks.pages [HOME]

With a home, its studies made-200 and made-10000 are used, and made if they are not there. Each study is made:
digits' own plan and space, random recipes, curves of 9 epochs, written trial by trial as a search writes
them. Every figure is taken in a fresh process.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

if TYPE_CHECKING:
    from studies.recipe import Recipe
    from studies.record import Record

SIZES: Final = (200, 10_000)
EPOCHS: Final = 9
Seconds = tuple[float, float]
CONFIRMED: Final = 15
SLIDES: Final = 12
VIEWS: Final = (
    "recommendation",
    "tradeoffs",
    "optimizers",
    "curves",
    "space",
    "compression",
    "memory",
    "evidence",
    "trials",
)


def fill(home: Path, trials: int) -> str:
    """Write a study of so many trials, the last few of them confirmation runs, and return its name."""
    import optuna

    from advisor.jobs.request import Request
    from advisor.jobs.session import prepare
    from studies.limits import Budget
    from studies.search.trial_params import params_line, search_params
    from studies.storage import journal, trial_lines

    request = Request(
        source="digits",
        study=f"made-{trials}",
        budget=Budget(trials=trials),
        tracking_uri="off",
        earlier=False,
    )
    launched = prepare(request, home)
    study, space = journal.open_study(home, launched.name), launched.plan.space(launched.workload)
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    chance, made = random.Random(0), []  # noqa: S311 - made up, and no secret
    for number in range(trials):
        recipe = space.recipe(drawn.ask(space.distributions).params)
        record = _made(number, recipe, space.units(recipe), chance, _source(made, number, trials))
        line = params_line(search_params(space, recipe, record.params), spent_seconds=float(number))
        with patch("os.fsync"):  # nothing is lost if this process dies
            trial_lines.tell(study, record, line)
        made.append(record)
    return launched.name


def _source(made: list[Record], number: int, trials: int) -> Record | None:
    """Return the trial that a run confirms: the last of all repeat each optimizer's best."""
    left = number - (trials - CONFIRMED)
    if left < 0:
        return None
    whole = [record for record in made if record.state == "complete" and record.searched]
    best = {record.optimizer: record for record in sorted(whole, key=lambda record: record.measured_quality)}
    return list(best.values())[-3:][left % 3]


def _made(
    number: int, recipe: Recipe, units: dict[str, float], chance: random.Random, source: Record | None
) -> Record:
    """Return a record with a quality that depends on the recipe, and plausible costs."""
    from studies.record import Measurement, Record

    params = recipe.to_params() if source is None else dict(source.params)
    units = units if source is None else dict(source.units)
    off = sum(value**2 for value in units.values()) / max(1, len(units))
    best = 0.985 - 0.004 * (len(str(params["optimizer"])) % 5) - 0.4 * off**2 + chance.gauss(0, 0.004)
    whole = source is not None or chance.random() < 0.4
    pace = 0.2 * (1 + len(str(params["optimizer"])) % 3) * chance.uniform(0.9, 1.1)
    curve = tuple(
        Measurement(
            epoch=epoch,
            step=30 * epoch,
            seconds=pace * epoch,
            train_loss=math.exp(-epoch / 3),
            valid_loss=0.1 + math.exp(-epoch / 3),
            valid_metric=best * (1 - math.exp(-epoch)),
        )
        for epoch in range(1, (EPOCHS if whole else 3) + 1)
    )
    state = 200_000 * (1 + len(str(params["optimizer"])) % 3)
    return Record(
        number=number,
        state="complete" if whole else "pruned",
        stage="confirm" if source else "race",
        seed=number if source else 0,
        source=source.number if source else None,
        params=params,
        units=units,
        curve=curve,
        quality=curve[-1].valid_metric,
        test_quality=best - 0.01 if source else None,
        train_seconds=curve[-1].seconds,
        peak_bytes=3_000_000 + chance.randrange(1000),
        optimizer_state_bytes=state,
        model_bytes=400_000,
        sparsity=0.0,
        macs=500_000,
        latency_seconds=chance.uniform(1e-4, 2e-4),
    )


def seconds_of(work: Callable[[], Any]) -> tuple[Seconds, Any]:
    """Return how long some work takes by the clock and of the processor, and what it returns."""
    start, busy = time.perf_counter(), time.process_time()
    returned = work()
    return (time.perf_counter() - start, time.process_time() - busy), returned


def measure(home: Path, name: str) -> dict[str, Seconds]:
    """Return the seconds of each step; run in a fresh process."""
    from advisor.decide.recommend import recommend
    from dashboard.snapshot import Study
    from studies.storage.follow import Journal

    took: dict[str, Seconds] = {}
    journal = Journal(home, name)
    took["read the journal"], study = seconds_of(lambda: Study.read(home, name, journal))
    took["recommend"], advice = seconds_of(lambda: recommend(study.evidence))
    peak = advice.costs["peak_bytes"] or 1
    limits = [
        replace(study.evidence.limits, train_bytes=round(peak * (1 + 0.1 * step))) for step in range(SLIDES)
    ]
    answers = [seconds_of(partial(recommend, replace(study.evidence, limits=limit)))[0] for limit in limits]
    took["answer a slider (median)"] = sorted(answers)[SLIDES // 2]
    took["answer a slider (slowest)"] = max(answers)
    _append(home, name)
    took["read on after one more trial"], _ = seconds_of(lambda: Study.read(home, name, journal))
    return took


def _append(home: Path, name: str) -> None:
    """Write the last lines of the journal again, as a trial that ends would."""
    path = home / "studies" / f"{name}.journal"
    with path.open("rb") as file:
        file.seek(-40_000, os.SEEK_END)
        lines = file.read().splitlines(keepends=True)[1:]
    with path.open("ab") as file:
        file.writelines(line for line in lines if line.startswith(b'{"op_code":2,'))


def page(home: Path, name: str, view: str) -> dict[str, Seconds]:
    """Return the seconds of a page, the first time and again; run in a fresh process, imports left out."""
    from streamlit.testing.v1 import AppTest

    def script(view: str, home: str, name: str) -> None:
        from importlib import import_module
        from pathlib import Path

        import_module(f"dashboard.views.{view}").show(Path(home), name)

    import_views()
    test = AppTest.from_function(script, args=(view, str(home), name), default_timeout=3600)
    test.query_params["studies"] = name  # or the page Optimizers would read all the others too
    first, test = seconds_of(test.run)
    if test.exception:
        raise RuntimeError(test.exception[0].message)
    return {f"page {view}": first, f"page {view}, again": seconds_of(test.run)[0]}


def import_views() -> None:
    """Import what the server has imported before its first visitor comes."""
    import pandas as pd
    import pyarrow as pa  # noqa: F401

    from advisor.decide.rulebook import rules
    from studies import catalogue

    for view in VIEWS:
        import_module(f"dashboard.views.{view}")
    pd.DataFrame()
    rules()
    catalogue.choices("optimizer")


def main() -> None:
    """Print the table: seconds by the clock, and of the processor in brackets.

    A busy machine stretches those of the processor less.
    """
    if len(sys.argv) > 2:
        home, name, *view = sys.argv[1:]
        print(json.dumps(page(Path(home), name, view[0]) if view else measure(Path(home), name)))
        return
    with tempfile.TemporaryDirectory() as made:
        folder = sys.argv[1] if len(sys.argv) == 2 else made
        names = [f"made-{size}" for size in SIZES]
        for size, name in zip(SIZES, names, strict=True):
            if not (Path(folder) / "studies" / f"{name}.journal").exists():
                fill(Path(folder), size)
        seconds = {name: _figures(folder, name) for name in names}
    print("| seconds |" + "".join(f" {size:,} trials |" for size in SIZES))
    print("| --- |" + " ---: |" * len(SIZES))
    for step in seconds[names[0]]:
        print(f"| {step} |" + "".join(" {:.2f} ({:.2f}) |".format(*seconds[name][step]) for name in names))


def smoke() -> None:
    """Smallest form: a study of 40 trials, one page, all in this process."""
    with tempfile.TemporaryDirectory() as folder:
        name = fill(Path(folder), 40)
        print(measure(Path(folder), name), page(Path(folder), name, VIEWS[-1]))


def _figures(folder: str, name: str) -> dict[str, Seconds]:
    took: dict[str, Seconds] = {}
    for view in ("", *VIEWS):
        command = [sys.executable, "-m", "benchmarks.pages", folder, name, *([view] if view else [])]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        took |= json.loads(done.stdout.splitlines()[-1])
    return took


if __name__ == "__main__":
    main()
