"""Compression run: distil, prune, fine-tune, quantize, deploy and measure one trained model.

A model is kept for the next recipe: those that differ in a quantization after training alone share one
fine-tuned model, so that such variants cost an evaluation each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from studies.compression.checkpoint import Checkpoint, macs_of
from studies.compression.retraining import retrained
from studies.deployment import footprint
from studies.deployment.export import Exported, export
from studies.deployment.unfinished import unfinished
from studies.models.copies import copied
from studies.record import Footprint, Latency, Measurement, last_epoch
from studies.weights.masks import gradually, keep_zeros
from studies.weights.trained_model import TrainedModel, sparsity_of

if TYPE_CHECKING:
    from torch import nn

    from studies.recipe import Recipe
    from studies.train import Training

Stop = Callable[[], bool]


class Step(IntEnum):
    """Step of a compression, as it is reported."""

    LOAD = 0
    EXPORT = 1
    TRAIN = 2
    QUANTIZE = 3
    """Only what could be made gets there."""


@dataclass(frozen=True, kw_only=True, eq=False)
class UnquantizedModel:
    """A model as it came out of distillation, pruning and fine-tuning, before quantization after training."""

    exported: Exported
    sparsity: float
    parameters: int
    macs: int | None
    curve: list[Measurement]
    seconds: float
    notes: tuple[str, ...]


@dataclass(kw_only=True, eq=False)
class CompressionRun:
    """A `studies.trials.trial.Run` that makes one trained model small."""

    recipe: Recipe
    source: Checkpoint
    teachers: tuple[nn.Module, ...] = ()
    """The finalists, teachers beside the source itself."""
    unquantized: MutableMapping[str, UnquantizedModel] = field(default_factory=dict)
    """Models that were made already, by recipe; shared between runs."""
    folder: Path | None = None
    """Where the deployed file goes; None keeps none."""
    timed: bool = True
    """Whether its latency is measured; no leaves that for when nothing else runs."""
    report: Callable[[Step], None] = lambda step: None
    """Told of each step that begins."""
    curve: list[Measurement] = field(default_factory=list)
    epoch: int = 0
    seconds: float = 0.0
    outcome: dict[str, Any] = field(default_factory=dict)
    """Fields of a record that were measured on the deployed file."""
    file: footprint.Deployed | None = None
    """What was deployed."""

    def advance(self, epochs: int, *, stop: Stop) -> bool:  # noqa: ARG002 - it is over when it is over
        """Do all of it; return whether it got to the end.

        Raises:
            CannotCompress: a pass, the export or the runtime cannot treat the model.
            Diverged: a training within it diverged.
        """
        if stop():
            return False
        self.report(Step.EXPORT)
        _ = self.source.deployed  # a model that cannot be deployed is told before anything is trained
        model = self.unquantized.get(self._key)
        if model is None:
            model = self._make(stop)
            if model is None or stop():
                return False
            self.unquantized[self._key] = model
        self.curve, self.seconds = model.curve, model.seconds
        self.epoch = last_epoch(model.curve)
        self.report(Step.QUANTIZE)
        self.outcome = self._measured(model)
        return True

    def measure_outcome(self, *, whole: bool, test: bool) -> dict[str, Any]:
        """Return the fields of a record that were measured.

        The test split is for reporting alone and decides nothing.
        """
        if not whole or self.file is None:
            return {"train_seconds": self.seconds}
        outcome = {"train_seconds": self.seconds} | self.outcome
        if test:
            outcome["test_quality"] = footprint.score(self.file.running, self.source.workload, "test")
        return outcome

    def close(self) -> None:
        """Have nothing to let go of: what was made is shared."""

    @property
    def _key(self) -> str:
        """Return the key of an unquantized model: its source and what it is made from."""
        return json.dumps([self.source.number, self.recipe.made_from.to_params()], sort_keys=True)

    @property
    def _gradual(self) -> bool:
        """Tell whether zeros are made while it trains."""
        return self.recipe.finetuning.gradual and not self.recipe.pruning.structured

    def _make(self, stop: Stop) -> UnquantizedModel | None:
        """Distil, prune, fine-tune and export; None when told to stop."""
        trained = self.source.trained_model()
        curve: list[Measurement] = []
        seconds = 0.0
        self.report(Step.TRAIN)
        for train in (self._distil, self._finetune):
            training = train(trained)
            if training is None:
                continue
            if not training.advance(training.recipe.epochs, stop=stop):
                return None
            training.restore_best()
            trained.model = training.model
            curve, seconds = [*curve, *_continued(curve, training.curve)], seconds + training.seconds
        if self._gradual:  # a mean of the weights along the way is not zero where they became it
            self.recipe.pruning.prune(trained)
        self.recipe.quantization.settle(trained)
        self.report(Step.EXPORT)
        untouched = not self.recipe.made_from.compresses and self.recipe.model == self.source.recipe.model
        return UnquantizedModel(
            exported=self.source.exported if untouched else export(trained),
            sparsity=sparsity_of(trained.model),
            curve=curve,
            seconds=seconds,
            parameters=sum(parameter.numel() for parameter in trained.model.parameters()),
            macs=macs_of(trained.model, self.source.workload),
            notes=tuple(trained.notes),
        )

    def _distil(self, trained: TrainedModel) -> Training | None:
        """Return the whole training of a fresh student; None when the model is the source's own."""
        if self.recipe.model == self.source.recipe.model:
            return None
        return self._training(self.recipe.uncompressed, trained, model=None)

    def _finetune(self, trained: TrainedModel) -> Training | None:
        """Prune, and return the fine-tuning of what is left; None when there is none."""
        recipe = retrained(self.recipe.finetuning, self.recipe.uncompressed)
        if not self._gradual:
            self.recipe.pruning.prune(trained)
        if recipe is None:
            return None

        def prepare(training: Training) -> None:
            if self._gradual:
                gradually(training, trained, self.recipe.pruning.prune)
            keep_zeros(training)
            self.recipe.quantization.attach(training)

        return self._training(recipe, trained, model=trained.model, prepare=prepare)

    def _training(
        self,
        recipe: Recipe,
        trained: TrainedModel,
        *,
        model: nn.Module | None,
        prepare: Callable[[Training], None] = lambda run: None,
    ) -> Training:
        from studies.train import Training

        training = Training(
            recipe,
            trained.workload,
            seed=self.source.seed,
            device=str(self.source.device),
            model=model,
            prepare=prepare,
        )
        self.recipe.distillation.attach(training, (self.source.model, *self.teachers))
        return training

    def _measured(self, model: UnquantizedModel) -> dict[str, Any]:
        """Quantize, deploy and measure; return the fields of a record."""
        workload = self.source.workload
        exported = replace(model.exported, notes=[])
        graph = self.recipe.quantization.quantize(exported).SerializeToString()
        file, reference = footprint.deployed(graph, workload), self.source.deployed
        self.file = file
        rows = self.source.rows
        latencies = self._latencies(file, reference) if self.timed else ()
        sizes = Footprint(
            file_bytes=len(graph),
            compressed_bytes=file.compressed_bytes,
            reference_bytes=len(reference.graph),
            reference_compressed_bytes=reference.compressed_bytes,
            parameters=model.parameters,
            reference_parameters=self.source.parameters,
            reference_macs=self.source.macs,
            reference_quality=reference.quality,
            agreement=footprint.agreement(file, reference, workload.dataset.task),
            latencies=latencies,
            inference_bytes=footprint.inference_bytes(graph, rows.numpy()),
            reference_inference_bytes=self.source.inference_bytes,
            finetuning_seconds=model.seconds,
            notes=(*model.notes, *exported.notes),
            path=self._write(graph, model),
        )
        return {
            "quality": file.quality,
            "model_bytes": len(graph),
            "sparsity": model.sparsity,
            "macs": model.macs,
            "latency_seconds": latencies[0].median_seconds if latencies else None,
            "footprint": sizes,
        }

    def _latencies(self, file: footprint.Deployed, reference: footprint.Deployed) -> tuple[Latency, ...]:
        model = copied(self.source.model).cpu().eval()
        return footprint.latencies(file.running, reference.running, model, self.source.rows)

    def _write(self, graph: bytes, model: UnquantizedModel) -> str | None:
        """Write the file; return its name.

        Beside it goes a `.pt2` that plain torch loads: the 32-bit model as pruning and fine-tuning left it,
        never quantized.
        """
        if self.folder is None:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        name = hashlib.sha256(graph).hexdigest()[:16]
        part = unfinished(self.folder, f"{name}.pt2")
        part.write_bytes(graph)
        part.replace(self.folder / f"{name}.onnx")
        torch.export.save(model.exported.program, part)
        part.replace(self.folder / f"{name}.pt2")
        return f"{name}.onnx"


def _continued(before: Sequence[Measurement], curve: Sequence[Measurement]) -> list[Measurement]:
    """Return a learning curve counted on from the one before it."""
    if not before:
        return list(curve)
    last = before[-1]
    return [
        replace(
            point,
            epoch=last.epoch + point.epoch,
            step=last.step + point.step,
            seconds=last.seconds + point.seconds,
        )
        for point in curve
    ]
