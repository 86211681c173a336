"""Search plan: what a search is asked to do; written to the journal when it starts, read back to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, Self

from studies import catalogue
from studies.compression.space import CompressionSpace
from studies.errors import StoreError
from studies.limits import Budget, Limits
from studies.models import ModelChoice
from studies.plans.fairness import STRICT
from studies.plans.search_space import SearchSpace
from studies.precisions import FLOAT32
from studies.space import Numeric
from studies.step_price import StepPrice
from studies.storage.manifest import StudyManifest
from studies.storage.manifest_entries import Start


class Searched(Protocol):
    """What a search space has to know of a workload."""

    @property
    def rows(self) -> int:
        """Return the rows of the training set."""

    @property
    def model(self) -> ModelChoice:
        """Return the model as it is, with its fields."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Plan of a search."""

    candidates: tuple[str, ...]
    """Optimizers, the first one trained first."""
    schedules: tuple[str, ...]
    """Schedules; the first is that of the reference recipes."""
    regularizers: tuple[str, ...]
    wrappers: tuple[str, ...] = ()
    epochs: int
    """Of one whole run."""
    batch_size: tuple[int, int, int]
    """Smallest, reference, largest rows a step."""
    largest_batches: Mapping[str, int] = field(default_factory=dict)
    """Most rows a step that fit in memory, by optimizer, where that is less than `batch_size` allows."""
    budget: Budget
    limits: Limits
    seed: int = 0
    device: str = "cpu"
    threads: int = 1
    """Threads that torch may use; part of the plan, since the order of a sum depends on it."""
    trial_seconds: float | None = None
    """What a whole run may take before it is ended; None for many times what others took."""
    search_model: bool = False
    compression: str = "off"
    """off | after: of the finalists, by a study of its own | joint: part of every recipe."""
    passes: tuple[str, ...] = ()
    """Of a compression, by name; empty for all that are offered."""
    unread: tuple[str, ...] = ()
    """Axes of the recipe that a training function never looks at; records leave them out.

    `optimizer` where it never runs what the recipe builds, and then also the fields that it never reads, as
    optimizer.AdamW.beta1."""
    starts: tuple[Start, ...] = ()
    """Recipes that the search opens with; each is a search trial."""
    fair: str = STRICT
    """How optimizers are compared, see `studies.plans.fairness`."""
    precision: str = FLOAT32
    compiled: bool = False
    """How the training passes of every recipe are computed."""
    measurements: int = 0
    """Epochs of a run after which it is measured, at most, see `studies.plans.measurements`."""
    lockstep: int = 0
    """Trials of one shape that train as one stacked model, at most; 0 trains each by itself."""
    sample_rows: int | None = None
    """Training rows of a search trial, a sample; None for all. Confirmation takes all, or as many as
    there is time for."""
    lr_scaling: bool = False
    """Whether the lr moves with the batch size; searches of earlier versions kept it apart."""
    step_price: StepPrice = field(default_factory=StepPrice)
    """What a step takes, by which recipes are priced."""

    exhaust: bool = True
    """Whether the budget is used up even where going on is expected to gain less than the noise."""

    def space(self, workload: Searched) -> SearchSpace:
        """Return the recipes that may be tried."""
        low, reference, high = self.batch_size
        return SearchSpace(
            optimizers=tuple(catalogue.find("optimizer", name) for name in self.candidates),  # type: ignore[misc]
            schedules=tuple(catalogue.find("schedule", name) for name in self.schedules),  # type: ignore[misc]
            regularizers=tuple(catalogue.find("regularizers", name) for name in self.regularizers),  # type: ignore[misc]
            wrappers=tuple(catalogue.find("wrappers", name) for name in self.wrappers),  # type: ignore[misc]
            rows=workload.rows,
            batch_size=Numeric(low=low, high=high, default=reference, scale="log", whole=True),
            largest_batches=self.largest_batches,
            model=workload.model,
            epochs=self.epochs,
            precision=self.precision,
            compiled=self.compiled,
            measurements=self.measurements,
            lr_scaling=self.lr_scaling,
            search_model=self.search_model,
            compression=CompressionSpace.offered(passes=self.passes) if self.compression == "joint" else None,
            unread=self.unread,
        )

    @property
    def enforced(self) -> Limits:
        """Return the limits that a trial of the search has to keep.

        Not those that compression afterwards is to meet.
        """
        return self.limits.while_training if self.compression == "after" else self.limits

    @classmethod
    def of(cls, manifest: StudyManifest) -> Self:
        """Return the plan that a study's manifest holds.

        Raises:
            StoreError: it lacks the budget, the length of a run or the batch sizes.
        """
        if manifest.epochs is None or manifest.batch_size is None:
            raise StoreError(
                "the study's journal names no length of a run or no batch size; start a new study"
            )
        values: dict[str, Any] = {f.name: getattr(manifest, f.name) for f in fields(cls)}
        return cls(**values | {"budget": manifest.searching})

    def manifest(self, **entries: Any) -> StudyManifest:
        """Return the manifest of a study that is to do this, with these further entries."""
        return StudyManifest(**{f.name: getattr(self, f.name) for f in fields(self)}, **entries)
