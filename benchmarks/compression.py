"""Ways to make a trained model small: bytes, latency and quality of the deployed file, over three seeds.

python -m benchmarks.compression [WORKLOAD ...] [--only WORDS ...]     # ways whose name holds one of these

Every figure is held against the uncompressed file of the very same weights, timed in turns with it in the
same runtime; what the runtime itself gives over torch is its own column.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import tempfile
from collections.abc import Sequence
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
from studies.workload_opening import open_source

SEEDS = (0, 1, 2)
TUNED = Restart(share=0.5)
WORKLOADS: dict[str, dict[str, Any]] = {
    "digits mlp": {"source": "digits", "model": MLP(width=512), "student": MLP(width=64), "epochs": 27},
    "digits cnn": {
        "source": "digits",
        "model": CNN(channels=32, hidden=256),
        "student": CNN(channels=8),
        "epochs": 18,
    },
    "table mlp": {
        "source": "image_segments",
        "model": MLP(width=512),
        "student": MLP(width=32),
        "epochs": 36,
    },
    "text": {
        "source": "topics",
        "model": Transformer(width=128),
        "student": Transformer(width=32, depth=1),
        "epochs": 6,
    },
}


def ways(student: Any) -> dict[str, dict[str, Any]]:
    """Return what is done, by a name for the table."""
    pruned = Magnitude(amount=0.9)
    halved = Channels(amount=0.5)
    choices_of: dict[str, dict[str, Any]] = {
        "float16": {"quantization": Float16()},
        "bfloat16": {"quantization": BFloat16()},
        "int8 dynamic": {"quantization": DynamicInt8()},
        "int8 static": {"quantization": StaticInt8()},
        "int8 weight-only": {"quantization": WeightOnly(bits=8)},
        "int4 weight-only": {"quantization": WeightOnly(bits=4)},
        "mixed 4 / 8": {"quantization": MixedPrecision()},
        "fine-tuning alone (control)": {"finetuning": TUNED},
        "rewinding alone (control)": {"finetuning": Rewind(share=0.5)},
    }
    for bits in (4, 3, 2):
        choices_of[f"int{bits} after the control"] = {
            "finetuning": TUNED,
            "quantization": WeightOnly(bits=bits),
        }
        choices_of[f"int{bits} aware"] = {"finetuning": TUNED, "quantization": QuantizationAware(bits=bits)}
    for name, pruning in {
        "90 % magnitude": pruned,
        "90 % magnitude per layer": replace(pruned, scope="layer"),
        "90 % Taylor": Taylor(amount=0.9),
        "90 % within sensitivity": SensitivityBounded(amount=0.9),
        "2:4": SemiStructured(),
        "half the channels": halved,
        "half the channels, Taylor": replace(halved, importance="taylor"),
        "half the heads": Heads(),
        "one layer": Layers(),
    }.items():
        choices_of[name] = {"pruning": pruning, "finetuning": TUNED}
        choices_of[f"{name} + int8 static"] = {
            "pruning": pruning,
            "finetuning": TUNED,
            "quantization": StaticInt8(),
        }
    choices_of["90 % magnitude, gradual"] = {"pruning": pruned, "finetuning": Gradual(share=0.5)}
    choices_of["90 % magnitude, taught"] = {
        "pruning": pruned,
        "finetuning": TUNED,
        "distillation": SoftTargets(),
    }
    choices_of["half the channels + int8 dynamic"] = {
        "pruning": halved,
        "finetuning": TUNED,
        "quantization": DynamicInt8(),
    }
    choices_of["student alone"] = {"model": student}
    for temperature in (1.0, 2.0, 4.0):
        choices_of[f"student, T = {temperature:g}"] = {
            "model": student,
            "distillation": SoftTargets(temperature=temperature),
        }
    choices_of["student, hints"] = {"model": student, "distillation": Hints()}
    return choices_of


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


def measured(source: Checkpoint, choices: dict[str, Any]) -> Record | str:
    """Return the record of one way on one trained model, or why there is none."""
    compressing = CompressionRun(recipe=replace(source.recipe, **choices), source=source)
    try:
        compressing.advance(1, stop=lambda: False)
    except CannotCompress as error:
        return str(error)
    figures = compressing.measure_outcome(whole=True, test=False)
    return Record(number=0, state="complete", stage="compress", seed=source.seed, params={}, **figures)


def row(name: str, records: list[Record]) -> str:
    """Return a line of the table."""
    footprints = [record.footprint for record in records if record.footprint]
    change = [
        100 * (record.measured_quality - footprint.reference_quality)
        for record, footprint in zip(records, footprints, strict=True)
    ]
    size = statistics.mean(footprint.reference_bytes / footprint.file_bytes for footprint in footprints)
    gzipped = statistics.mean(
        footprint.reference_bytes / footprint.compressed_bytes for footprint in footprints
    )
    zipped = statistics.mean(
        footprint.reference_compressed_bytes / footprint.compressed_bytes for footprint in footprints
    )
    speed = [
        statistics.median(
            footprint.latencies[place].reference_seconds / footprint.latencies[place].median_seconds
            for footprint in footprints
        )
        for place in (0, 1)
    ]
    spread = statistics.stdev(change) if len(change) > 1 else 0.0
    agreed = statistics.mean(footprint.agreement for footprint in footprints)
    grown = [
        footprint.inference_bytes / footprint.reference_inference_bytes
        for footprint in footprints
        if footprint.inference_bytes and footprint.reference_inference_bytes
    ]
    return (
        f"| {name} | {footprints[0].file_bytes:,} | {size:.2f} | {gzipped:.1f} ({zipped:.1f}) "
        f"| {statistics.mean(change):+.2f} +- {spread:.2f} | {speed[0]:.2f} | {speed[1]:.2f} | {agreed:.3f} "
        f"| {statistics.mean(record.sparsity or 0 for record in records):.2f} "
        f"| {statistics.mean(grown) if grown else 0:.2f} |"
    )


def sources(
    settings: dict[str, Any], folder: Path, seeds: Sequence[int], epochs: int | None
) -> list[Checkpoint]:
    """Train the uncompressed models of a workload, one a seed."""
    data = topics(folder / "topics.csv") if settings["source"] == "topics" else settings["source"]
    checkpoints = []
    for seed in seeds:
        workload = replace(
            open_source(data, model=None, target="topic" if settings["source"] == "topics" else None),
            model=settings["model"],
        )
        recipe = Recipe(model=settings["model"], epochs=epochs or settings["epochs"])
        training = Training(recipe, workload, seed=seed)
        training.advance(recipe.epochs)
        training.restore_best()
        checkpoints.append(
            Checkpoint(
                number=seed,
                recipe=recipe,
                seed=seed,
                model=training.model.eval(),
                workload=workload,
                device=torch.device("cpu"),
            )
        )
    return checkpoints


def smoke() -> None:
    """Smallest form: a model of one epoch and one way to compress it."""
    table("digits mlp", ["float16"], seeds=SEEDS[:1], epochs=1)


def table(name: str, only: list[str], *, seeds: Sequence[int] = SEEDS, epochs: int | None = None) -> None:
    """Print the table of one workload, of all ways or of those whose name holds one of the words."""
    with tempfile.TemporaryDirectory() as folder:
        models = sources(WORKLOADS[name], Path(folder), seeds, epochs)
    first = models[0]
    quality = [source.deployed.quality for source in models]
    print(
        f"\n### {name}: {first.parameters:,} parameters, {len(first.deployed.graph):,} bytes in 32 bits\n\n"
        f"{first.workload.metric.name} {statistics.mean(quality):.4f} "
        f"({', '.join(f'{score:.4f}' for score in quality)})\n"
    )
    plain = [record for source in models if isinstance(record := measured(source, {}), Record)]
    eager = [
        statistics.median(
            (footprint.latencies[place].eager_seconds or 0) / footprint.latencies[place].reference_seconds
            for record in plain
            if (footprint := record.footprint)
        )
        for place in (0, 1)
    ]
    print(f"The runtime alone, over torch: {eager[0]:.1f} x at 1 row, {eager[1]:.1f} x at 64.\n")
    heads = "x faster | at 64 rows | agreement | zeros | memory"
    print(f"| way | bytes | x smaller | gzipped: x file (x its gzip) | points | {heads} |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    choices_of = ways(WORKLOADS[name]["student"])
    for way, choices in (
        (way, choices)
        for way, choices in choices_of.items()
        if not only or any(words in way for words in only)
    ):
        outcomes = [measured(source, choices) for source in models]
        whole = [record for record in outcomes if isinstance(record, Record)]
        print(row(way, whole) if whole else f"| {way} | cannot: {outcomes[0]} |", flush=True)


def main() -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", nargs="*", default=list(WORKLOADS))
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.workload:
        table(name, options.only)


if __name__ == "__main__":
    main()
