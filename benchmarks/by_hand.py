"""Compression study against what people do by hand with torchao and torch-pruning, in equal time.

pip install 'optimizer-advisor[compression,quant]'
python -m benchmarks.by_hand [--seconds 60] [--seeds 0,1,2] [WORKLOAD ...]

By hand is with the defaults of those libraries. Both start from the same trained weights and splits, on one
thread. The share of the possible that a front fills (hypervolume) is taken three ways; the reference is the
uncompressed model, 5 % more costly and 5 points worse, the far corner no error at all and:

- bytes: a thousandth of the uncompressed state dict; of the deployed ONNX file here, of the saved state dict
  there; logarithmic.
- gain: 100 times faster than 32 bits in the same runtime, at 64 rows; logarithmic.
- seconds: a thousandth of eager torch's, at 64 rows, the runtime included (ONNX Runtime here, eager torch
  there); logarithmic.

Latencies of both sides are taken alike, in turns with the uncompressed model in the same runtime. Time is
processor time, that of child processes included: what an idle machine's clock would show, since all of it is
work on one thread.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import torch

from advisor.jobs.compress import CompressionRequest, open_compression
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from advisor.jobs.work import work
from benchmarks.hand import BATCHES, HAND, Point, by_hand, in_turns, spent_seconds
from studies.data.rows import first_rows, tensors
from studies.deployment.export import quiet, run, session
from studies.limits import Budget
from studies.models.cnn import CNN
from studies.models.mlp import MLP
from studies.recipe import COMPRESSION_AXES, Recipe
from studies.search.clock import Clock
from studies.search.confirm import finalists
from studies.storage import journal
from studies.trials.checkpoints import Checkpoints

if TYPE_CHECKING:
    from studies.compression.checkpoint import Checkpoint
    from studies.loaded_workload import LoadedWorkload
    from studies.record import Record
    from studies.search.event import Event

WORKLOADS: Final[dict[str, dict[str, Any]]] = {
    "digits mlp": {"source": "digits", "model": MLP(width=256), "epochs": 27},
    "digits cnn": {"source": "digits", "model": CNN(channels=32, hidden=128), "epochs": 18},
    "table mlp": {"source": "image_segments", "model": MLP(width=256), "epochs": 27},
}
WORSE: Final = 0.05
"""Quality of the reference point below the uncompressed model's."""
DEARER: Final = 1.05
TOLERATED: Final = 0.01
"""Validation quality that may be given up for bytes."""
FARTHEST: Final = {"bytes": 1000.0, "gain": 100.0, "seconds": 1000.0}
"""Times cheaper than the uncompressed model that fills the axis."""
PACKAGES: Final = ("torchao.quantization", "torch_pruning", "onnx", "onnxruntime", "onnxscript")


@dataclass(kw_only=True)
class ProcessorClock(Clock):
    """A study's clock that counts processor time."""

    _started: float = field(default_factory=spent_seconds)

    @property
    def spent_seconds(self) -> float:
        """Return the processor time worked on this study."""
        return self.spent_before + spent_seconds() - self._started


@dataclass(frozen=True, kw_only=True)
class Contest:
    """What both made of one trained model."""

    ours: tuple[Point, ...]
    theirs: tuple[Point, ...]
    spent: tuple[float, float]
    refused: int
    """Ways of theirs that a library refused."""

    @property
    def start(self) -> Point:
        """Return the uncompressed model in torch."""
        return next(point for point in self.theirs if point.way == HAND)

    def placed(self, points: Sequence[Point], view: str) -> list[tuple[float, float, Point]]:
        """Return what each point gains over the reference in cost and in quality, from 0 to 1, if it does."""
        error = 1 - self.start.quality + WORSE
        gains = []
        for point in points:
            cheaper = {
                "bytes": self.start.bytes / point.bytes,
                "gain": point.gain,
                "seconds": self.start.seconds / point.seconds,
            }[view]
            cost = math.log(DEARER * cheaper) / math.log(DEARER * FARTHEST[view])
            quality = (error - (1 - point.quality)) / error
            if cost > 0 and quality > 0:
                gains.append((min(cost, 1.0), quality, point))
        return gains

    def volumes(self, view: str) -> tuple[float, float]:
        """Return the hypervolume of our front and of theirs."""
        ours, theirs = ([(x, y) for x, y, _ in self.placed(side, view)] for side in (self.ours, self.theirs))
        return hypervolume(ours), hypervolume(theirs)

    def unmatched(self, view: str) -> list[Point]:
        """Return the points of their front that none of ours equals or beats in both."""
        ours, theirs = self.placed(self.ours, view), self.placed(self.theirs, view)
        front = [
            (x, y, p)
            for x, y, p in theirs
            if not any(a >= x and b >= y and (a, b) != (x, y) for a, b, _ in theirs)
        ]
        return [p for x, y, p in front if not any(a >= x and b >= y for a, b, _ in ours)]

    def chosen(self, points: Sequence[Point]) -> Point:
        """Return the smallest that validates within the tolerance of the uncompressed model."""
        tolerable = [point for point in points if point.quality >= self.start.quality - TOLERATED]
        return min(tolerable or [self.start], key=lambda point: (point.bytes, -point.quality))


def hypervolume(points: Sequence[tuple[float, float]]) -> float:
    """Return the area that rectangles from the origin to the points cover together."""
    area = height = 0.0
    for x, y in sorted(points, reverse=True):
        area += x * max(0.0, y - height)
        height = max(height, y)
    return area


def searched(workload: dict[str, Any], seed: int, home: Path) -> tuple[Checkpoint, Record]:
    """Train the model as a search does; return it and the run it is from."""
    request = Request(
        **workload,
        seed=seed,
        study="s",
        optimizers=("AdamW",),
        schedules=("Cosine",),
        budget=Budget(trials=1),
        tracking_uri="off",
    )
    launched = prepare(request, home)
    journal.change_manifest(journal.open_study(home, "s"), threads=1)
    work(replace(launched, plan=replace(launched.plan, threads=1)))
    records = journal.records(journal.open_study(home, "s"))
    first = finalists(
        records, launched.plan.candidates, launched.workload.metric.direction, launched.plan.limits
    )[0][0]
    source = Checkpoints.of(home, "s").load_or_train(first, launched.workload, device="cpu")
    if source is None:
        raise RuntimeError("nothing stops a training here")
    return source, first


def by_study(
    home: Path, first: Record, workload: LoadedWorkload, seconds: float
) -> tuple[tuple[Point, ...], float]:
    """Compress with the study; return its points from that model and the seconds it took."""
    files = home / "kept"
    files.mkdir()

    def keep(event: Event) -> None:
        path = event.record.footprint.path if event.record and event.record.footprint else None
        if path:
            copyfile(home / "models" / "s" / path, files / path)

    launched = open_compression(home, "s", CompressionRequest(budget=Budget(seconds=seconds)))
    start = spent_seconds()
    with patch("advisor.jobs.compress.Clock", ProcessorClock):
        work(launched, listen=keep, searching=False)
    spent = spent_seconds() - start
    records = [
        record for record in journal.records(journal.open_study(home, "s")) if record.stage == "compress"
    ]
    return tuple(_points(records, first, files, workload)), spent


def _points(
    records: Sequence[Record], first: Record, files: Path, workload: LoadedWorkload
) -> Iterator[Point]:
    whole = [
        record
        for record in records
        if record.source == first.number and record.state == "complete" and record.footprint
    ]
    plain = next(record for record in whole if not Recipe.from_params(record.params).compresses)
    inputs, targets = tensors(workload.dataset, "test", torch.device("cpu"))
    rows = first_rows(workload.dataset.valid, max(BATCHES)).numpy()
    reference = _session(files, plain)
    for record in whole:
        running = _session(files, record)
        (row_seconds, row_reference), (rows_seconds, rows_reference) = (
            in_turns(partial(running.run, None, feed), partial(reference.run, None, feed))
            for feed in ({running.get_inputs()[0].name: rows[:batch]} for batch in BATCHES)
        )
        yield Point(
            way=_named(record),
            quality=record.measured_quality,
            bytes=int(record.model_bytes or 0),
            seconds=rows_seconds,
            gain=rows_reference / rows_seconds,
            gain_of_one_row=row_reference / row_seconds,
            test_quality=workload.score(torch.from_numpy(run(running, inputs[:].numpy())), targets),
        )


def _session(files: Path, record: Record) -> Any:
    name = record.footprint.path if record.footprint else None
    return session((files / str(name)).read_bytes())


def _named(record: Record) -> str:
    """Return what was done, with its settings."""
    recipe = Recipe.from_params(record.params)
    axes = [getattr(recipe, axis) for axis in COMPRESSION_AXES]
    done = [
        f"{choice.name()}({', '.join(map(str, choice.fields().values()))})"
        for choice in axes
        if choice.name() != "none"
    ]
    return " + ".join(
        [f"{recipe.model.name()}({', '.join(map(str, recipe.model.fields().values()))})", *done]
    )


def contest(workload: dict[str, Any], seed: int, seconds: float, *, hand_seconds: float) -> Contest:
    """Let both work on one trained model."""
    with tempfile.TemporaryDirectory() as folder:
        source, first = searched(workload, seed, Path(folder))
        tried = by_hand(source.model, source.workload, seconds=hand_seconds, seed=seed)
        ours, spent = by_study(Path(folder), first, source.workload, seconds)
    return Contest(ours=ours, theirs=tried.points, spent=(spent, tried.seconds), refused=tried.refused)


def print_contest(seed: int, contested: Contest) -> None:
    """Print what came of one trained model."""
    start = contested.start
    print(
        f"\nseed {seed}: uncompressed {start.quality:.4f} (test {start.test_quality:.4f}), "
        f"{start.bytes:,} bytes; ours {len(contested.ours)} points in {contested.spent[0]:.0f} s, "
        f"by hand {len(contested.theirs)} in {contested.spent[1]:.0f} s ({contested.refused} refused)"
    )
    for side, points in (("ours", contested.ours), ("by hand", contested.theirs)):
        print(f"  smallest within a point, {side}: {contested.chosen(points)}")
    for view in FARTHEST:
        ours, theirs = contested.volumes(view)
        print(f"  {view}: ours {ours:.3f}, by hand {theirs:.3f}")
        for point in contested.unmatched(view):
            print(f"    not reached: {point}")


def summary(name: str, contests: Sequence[Contest]) -> str:
    """Return a workload's rows of the table."""
    lines = []
    for view in FARTHEST:
        pairs = [contested.volumes(view) for contested in contests]
        means = [
            f"{statistics.mean(side):.3f} ({', '.join(f'{volume:.3f}' for volume in side)})"
            for side in zip(*pairs, strict=True)
        ]
        wins = sum(left >= right for left, right in pairs)
        missed = sum(len(contested.unmatched(view)) for contested in contests)
        lines.append(f"| {name} | {view} | {' | '.join(means)} | {wins} of {len(pairs)} | {missed} |")
    return "\n".join(lines)


def smoke() -> None:
    """Print a contest of five seconds over a tiny model; by hand it is left as trained, without torchao."""
    tiny = {"source": "iris", "model": MLP(width=16, depth=1), "epochs": 2}
    with quiet():
        for package in ("onnx", "onnxruntime", "onnxscript"):
            import_module(package)
    contested = contest(tiny, 0, 5.0, hand_seconds=0.0)
    print_contest(0, contested)
    print(summary("iris", [contested]))


def main() -> None:
    """Print the contests asked for, and a table of them all."""
    missing = [
        name for name in (package.partition(".")[0] for package in PACKAGES) if find_spec(name) is None
    ]
    if missing:
        print(
            f"{', '.join(missing)} missing; pip install 'optimizer-advisor[compression,quant]'",
            file=sys.stderr,
        )
        sys.exit(2)
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument(
        "workloads", nargs="*", default=list(WORKLOADS), metavar="WORKLOAD", help=", ".join(WORKLOADS)
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time of each side, a seed")
    parser.add_argument("--seeds", default="0,1,2", help="of the split and the training")
    options = parser.parse_args()
    if unknown := [name for name in options.workloads if name not in WORKLOADS]:
        parser.error(f"{', '.join(unknown)} is none of {', '.join(WORKLOADS)}")
    torch.set_num_threads(1)
    with quiet():
        for package in PACKAGES:  # whoever measures second would find them loaded
            import_module(package)
    rows = []
    for name in options.workloads:
        print(f"\n### {name}")
        contests = []
        for seed in map(int, options.seeds.split(",")):
            seconds = options.seconds
            contests.append(contest(WORKLOADS[name], seed, seconds, hand_seconds=seconds))
            print_contest(seed, contests[-1])
            sys.stdout.flush()
        rows.append(summary(name, contests))
    heads = "ours, mean (seeds) | by hand | ours at least as large | of theirs not reached"
    print(f"\n| workload | view | {heads} |")
    print("|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
