"""What each way of making a trained model small costs and gives: bytes, latency and quality of the deployed file, three seeds.

python -m benchmarks.compression [WORKLOAD ...] [--only WORDS ...]     # ways whose name holds one of these

Every figure is held against the uncompressed file of the very same weights, timed in turns with it in the
same runtime; what the runtime itself gives over torch is its own column.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from studies.compression.checkpoint import Checkpoint
from studies.compression.pipeline import CompressionRun
from studies.distillation.hints import Hints
from studies.distillation.soft_targets import SoftTargets
from studies.finetuning.gradual import Gradual
from studies.finetuning.restart import Restart
from studies.finetuning.rewind import Rewind
from studies.infeasible import CannotCompress
from studies.loaded_workload import LoadedWorkload
from studies.models.cnn import CNN
from studies.models.mlp import MLP
from studies.models.transformer import Transformer
from studies.pruning.channels import Channels
from studies.pruning.heads import Heads
from studies.pruning.layers import Layers
from studies.pruning.magnitude import Magnitude
from studies.pruning.semi_structured import SemiStructured
from studies.pruning.sensitivity import SensitivityBounded
from studies.pruning.taylor import Taylor
from studies.quantization.aware import QuantizationAware
from studies.quantization.bfloat16 import BFloat16
from studies.quantization.dynamic_int8 import DynamicInt8
from studies.quantization.float16 import Float16
from studies.quantization.mixed import MixedPrecision
from studies.quantization.static_int8 import StaticInt8
from studies.quantization.weight_only import WeightOnly
from studies.recipe import Recipe
from studies.record import Record
from studies.train import Training

SEEDS = (0, 1, 2)
TUNED = Restart(share=0.5)
WORKLOADS: dict[str, dict[str, Any]] = {
    "digits mlp": {"source": "digits", "model": MLP(width=512), "student": MLP(width=64), "epochs": 27},
    "digits cnn": {"source": "digits", "model": CNN(channels=32, hidden=256), "student": CNN(channels=8), "epochs": 18},
    "table mlp": {"source": "image_segments", "model": MLP(width=512), "student": MLP(width=32), "epochs": 36},
    "text": {"source": "topics", "model": Transformer(width=128), "student": Transformer(width=32, depth=1), "epochs": 6},
}  # fmt: skip


def ways(student: Any) -> dict[str, dict[str, Any]]:
    """Return what is done, by a name for the table."""
    pruned = Magnitude(amount=0.9)
    halved = Channels(amount=0.5)
    found: dict[str, dict[str, Any]] = {
        "float16": {"quantization": Float16()}, "bfloat16": {"quantization": BFloat16()},
        "int8 dynamic": {"quantization": DynamicInt8()}, "int8 static": {"quantization": StaticInt8()},
        "int8 weight-only": {"quantization": WeightOnly(bits=8)}, "int4 weight-only": {"quantization": WeightOnly(bits=4)},
        "mixed 4 / 8": {"quantization": MixedPrecision()},
        "fine-tuning alone (control)": {"finetuning": TUNED}, "rewinding alone (control)": {"finetuning": Rewind(share=0.5)},
    }  # fmt: skip
    for bits in (4, 3, 2):
        found[f"int{bits} after the control"] = {"finetuning": TUNED, "quantization": WeightOnly(bits=bits)}
        found[f"int{bits} aware"] = {"finetuning": TUNED, "quantization": QuantizationAware(bits=bits)}
    for name, pruning in {
        "90 % magnitude": pruned, "90 % magnitude per layer": replace(pruned, scope="layer"), "90 % Taylor": Taylor(amount=0.9),
        "90 % within sensitivity": SensitivityBounded(amount=0.9), "2:4": SemiStructured(), "half the channels": halved,
        "half the channels, Taylor": replace(halved, importance="taylor"), "half the heads": Heads(), "one layer": Layers(),
    }.items():  # fmt: skip
        found[name] = {"pruning": pruning, "finetuning": TUNED}
        found[f"{name} + int8 static"] = {
            "pruning": pruning,
            "finetuning": TUNED,
            "quantization": StaticInt8(),
        }
    found["90 % magnitude, gradual"] = {"pruning": pruned, "finetuning": Gradual(share=0.5)}
    found["90 % magnitude, taught"] = {"pruning": pruned, "finetuning": TUNED, "distillation": SoftTargets()}
    found["half the channels + int8 dynamic"] = {
        "pruning": halved,
        "finetuning": TUNED,
        "quantization": DynamicInt8(),
    }
    found["student alone"] = {"model": student}
    for temperature in (1.0, 2.0, 4.0):
        found[f"student, T = {temperature:g}"] = {
            "model": student,
            "distillation": SoftTargets(temperature=temperature),
        }
    found["student, hints"] = {"model": student, "distillation": Hints()}
    return found


def topics(path: Path) -> str:
    """Write texts of six topics, words drawn from overlapping Zipf distributions; return the path."""
    generator = np.random.default_rng(0)
    words = np.array([f"w{index}" for index in range(3000)])
    rank = 1 / np.arange(1, 3001)
    orders = [generator.permutation(3000) for _ in range(6)]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["text", "topic"])
        for _ in range(6000):
            topic = int(generator.integers(6))
            share = 0.55 * rank / rank.sum() + 0.45 * rank[orders[topic]] / rank.sum()
            writer.writerow([" ".join(generator.choice(words, size=24, p=share / share.sum())), f"t{topic}"])
    return str(path)


def measured(source: Checkpoint, done: dict[str, Any]) -> Record | str:
    """Return the record of one way on one trained model, or why there is none."""
    compressing = CompressionRun(recipe=replace(source.recipe, **done), source=source)
    try:
        compressing.advance(1, stop=lambda: False)
    except CannotCompress as error:
        return str(error)
    found = compressing.measure_outcome(whole=True, test=False)
    return Record(number=0, state="complete", stage="compress", seed=source.seed, params={}, **found)


def row(name: str, records: list[Record]) -> str:
    """Return a line of the table."""
    prints = [record.footprint for record in records if record.footprint]
    change = [
        100 * (record.measured_quality - one.reference_quality)
        for record, one in zip(records, prints, strict=True)
    ]
    size = statistics.mean(one.reference_bytes / one.file_bytes for one in prints)
    gzipped = statistics.mean(one.reference_bytes / one.compressed_bytes for one in prints)
    zipped = statistics.mean(one.reference_compressed_bytes / one.compressed_bytes for one in prints)
    speed = [
        statistics.median(
            one.latencies[place].reference_seconds / one.latencies[place].median_seconds for one in prints
        )
        for place in (0, 1)
    ]
    spread = statistics.stdev(change) if len(change) > 1 else 0.0
    agreed = statistics.mean(one.agreement for one in prints)
    grown = [
        one.inference_bytes / one.reference_inference_bytes
        for one in prints
        if one.inference_bytes and one.reference_inference_bytes
    ]
    return (
        f"| {name} | {prints[0].file_bytes:,} | {size:.2f} | {gzipped:.1f} ({zipped:.1f}) "
        f"| {statistics.mean(change):+.2f} +- {spread:.2f} | {speed[0]:.2f} | {speed[1]:.2f} | {agreed:.3f} "
        f"| {statistics.mean(record.sparsity or 0 for record in records):.2f} | {statistics.mean(grown) if grown else 0:.2f} |"
    )  # fmt: skip


def sources(name: str, folder: Path) -> list[Checkpoint]:
    """Train the uncompressed models of a workload."""
    asked = WORKLOADS[name]
    data = topics(folder / "topics.csv") if asked["source"] == "topics" else asked["source"]
    found = []
    for seed in SEEDS:
        workload = replace(
            LoadedWorkload.open(data, model=None, target="topic" if asked["source"] == "topics" else None),
            model=asked["model"],
        )
        recipe = Recipe(model=asked["model"], epochs=asked["epochs"])
        training = Training(recipe, workload, seed=seed)
        training.advance(recipe.epochs)
        training.restore_best()
        found.append(
            Checkpoint(
                number=seed,
                recipe=recipe,
                seed=seed,
                model=training.model.eval(),
                workload=workload,
                device=torch.device("cpu"),
            )
        )
    return found


def table(name: str, only: list[str]) -> None:
    """Print the table of one workload, of all ways or of those whose name holds one of the words."""
    with tempfile.TemporaryDirectory() as folder:
        models = sources(name, Path(folder))
    first = models[0]
    quality = [source.deployed.quality for source in models]
    print(
        f"\n### {name}: {first.parameters:,} parameters, {len(first.deployed.graph):,} bytes in 32 bits\n\n"
        f"{first.workload.metric.name} {statistics.mean(quality):.4f} ({', '.join(f'{one:.4f}' for one in quality)})\n"
    )
    plain = [found for source in models if isinstance(found := measured(source, {}), Record)]
    eager = [
        statistics.median(
            (one.latencies[place].eager_seconds or 0) / one.latencies[place].reference_seconds
            for record in plain
            if (one := record.footprint)
        )
        for place in (0, 1)
    ]
    print(f"The runtime alone, over torch: {eager[0]:.1f} x at 1 row, {eager[1]:.1f} x at 64.\n")
    print(
        "| way | bytes | x smaller | gzipped: x file (x its gzip) | points | x faster | at 64 rows | agreement | zeros | memory |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    asked = ways(WORKLOADS[name]["student"])
    for way, done in (
        (way, done) for way, done in asked.items() if not only or any(words in way for words in only)
    ):
        found = [measured(source, done) for source in models]
        whole = [record for record in found if isinstance(record, Record)]
        print(row(way, whole) if whole else f"| {way} | cannot: {found[0]} |", flush=True)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--only", nargs="*", default=[])
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name in given.workload:
        table(name, given.only)


if __name__ == "__main__":
    main()
