"""Checkpoint: a trained model to be made small, and the figures its small copies are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from studies.data.rows import first_rows
from studies.deployment.export import Exported, export
from studies.deployment.footprint import BATCHES, Deployed, deployed, inference_bytes
from studies.errors import one_line
from studies.infeasible import CannotCompress
from studies.measure.model import macs
from studies.models.copies import copied
from studies.weights.plain import made_plain
from studies.weights.trained_model import TrainedModel

if TYPE_CHECKING:
    from torch import nn

    from studies.loaded_workload import LoadedWorkload
    from studies.recipe import Recipe


@dataclass(kw_only=True, eq=False)
class Checkpoint:
    """A trained model, never changed: passes work on copies."""

    number: int
    """The trial that trained it."""
    recipe: Recipe
    """What it was trained with."""
    seed: int
    model: nn.Module
    workload: LoadedWorkload
    device: torch.device

    def trained_model(self) -> TrainedModel:
        """Return a copy for a pass to change, its weights plain tensors.

        Raises:
            CannotCompress: it cannot be copied, or is scripted.
        """
        if any(isinstance(part, torch.jit.ScriptModule) for part in self.model.modules()):
            raise CannotCompress("it is scripted, which torch cannot export; give it unscripted")
        try:
            model = copied(self.model)
        except Exception as error:  # whatever a part of somebody's model raises
            raise CannotCompress(
                f"it cannot be copied: {one_line(error, longest=120)}; make that part in its forward pass"
            ) from error
        return TrainedModel(
            model=model, workload=self.workload, seed=self.seed, device=self.device, notes=made_plain(model)
        )

    @cached_property
    def exported(self) -> Exported:
        """Return the float graph.

        Raises:
            CannotCompress: it cannot be exported.
        """
        return export(self.trained_model())

    @cached_property
    def deployed(self) -> Deployed:
        """Return the uncompressed model as it would be deployed.

        Bytes, latency and quality of its small copies are compared with its own.
        """
        return deployed(self.exported.proto.SerializeToString(), self.workload)

    @cached_property
    def rows(self) -> torch.Tensor:
        """Return the validation rows that are timed, as many as the largest batch.

        They are repeated where there are fewer.
        """
        rows = first_rows(self.workload.dataset.valid, max(BATCHES))
        return torch.cat([rows] * -(-max(BATCHES) // len(rows)))[: max(BATCHES)]

    @cached_property
    def inference_bytes(self) -> int | None:
        """Return the bytes by which a fresh process grows when it answers with the uncompressed model."""
        return inference_bytes(self.deployed.graph, self.rows.numpy())

    @cached_property
    def parameters(self) -> int:
        """Return how many parameters it has."""
        return sum(parameter.numel() for parameter in self.model.parameters())

    @cached_property
    def macs(self) -> int | None:
        """Return the multiply-accumulates of one row."""
        return macs_of(self.model, self.workload)


def macs_of(model: nn.Module, workload: LoadedWorkload) -> int | None:
    """Return the multiply-accumulates of one row; None for a model that cannot be counted."""
    try:
        return macs(copied(model).cpu(), first_rows(workload.dataset.valid, 1))
    except Exception:  # noqa: BLE001 - what torch's counter raises on somebody's model: nothing rests on this number
        return None
