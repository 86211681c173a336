"""Optimizers, one file each. A choice's fields are its own search space; `make` makes the torch optimizer."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Final

from studies.choice import Choice
from studies.errors import BadValue, shown
from studies.facts import Facts

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import torch
    from torch import nn
    from torch.optim import Optimizer

    from studies.hooks import TrainingHooks
    from studies.optim.groups import Builder, Group
    from studies.optim.routing import Routes


LR_ROWS: Final = 32
"""Rows a step that the lr ranges of all optimizers are for."""
MOST_LR_ROWS: Final = 512
"""Rows a step beyond which the lr grows no further: gradients of so many rows have little noise left, and no
recorded grid goes beyond."""
USUAL_LR_POWER: Final = 0.5
LR_POWERS: Final[Mapping[str, float]] = {
    "gradient descent": 1.0,
    "averaging": 1.0,
    "learning-rate-free": 0.0,
}
"""Power of the batch size by which the best lr grows, by family where it is not `USUAL_LR_POWER`.

The usual rules, linear for gradient descent (Goyal et al. 2017, arXiv 1706.02677) and the root for adaptive
steps (Malladi et al. 2022, arXiv 2205.10287), checked on recorded grids. SGD with momentum, 17 tables of
LCBench, batches of 16 to 512, after 9 of 52 epochs: the power that explains most is .85 over all, .8 to
1.05 in the middle half of the tables; the lr explains .802 of the variance scaled linearly, .796 by the
root, .760 unscaled. Adam, four tables of HPOBench, batches of 4 to 256: .40, .47, .49 and .62; two of
HPOlib, whose grids end above many a best lr: .33 and .52. What estimates its lr itself needs no rule."""


@dataclass(frozen=True, kw_only=True)
class OptimizerChoice(Choice, ABC):
    """Base of every optimizer."""

    axis: ClassVar[str] = "optimizer"
    family: ClassVar[str]
    """gradient descent | adaptive | accumulating | sign | factored | matrix | quasi-newton | schedule-free
    | averaging | learning-rate-free | low memory | sparse: a search enters one of each family before a
    second of any."""
    twin_of: ClassVar[str] = ""
    """The one from which it differs in a detail: tuned, the two tie on most tables, so a search enters them
    late together."""
    state_floats: ClassVar[float]
    """Floats of state it keeps for each parameter of a 2-D weight."""
    counts_steps: ClassVar[bool] = True
    """Whether it keeps a step counter (one float) for each tensor."""
    decays_weights: ClassVar[bool] = False
    """Whether weight decay is part of it; if not, a regularizer can add it."""
    takes_sparse: ClassVar[bool] = False
    """Whether it steps on sparse gradients; if not, SparseAdam takes the sparse tables beside it."""
    only_sparse: ClassVar[bool] = False
    """Whether it is of use only for a model that has sparse tables, and refuses any other."""
    full_batch: ClassVar[bool] = False
    """Whether every step needs the gradient of the whole training set."""
    needs_closure: ClassVar[bool] = False
    """Whether a step evaluates the loss several times."""
    extra_passes: ClassVar[float] = 0.0
    """Forward and backward passes of a step beside the usual one."""
    own_schedule: ClassVar[bool] = False
    """Whether it wants no learning-rate schedule beside it but a warmup."""
    extra: ClassVar[str] = ""
    """The package it needs beyond torch, with how to install it."""

    lr: float

    @classmethod
    def lr_power(cls) -> float:
        """Return the power of the batch size that the range of its lr grows by; 0 where it stays."""
        return 0.0 if cls.full_batch else LR_POWERS.get(cls.family, USUAL_LR_POWER)

    @classmethod
    def lr_factor(cls, batch_size: int) -> float:
        """Return what the lr is multiplied by, for a step on so many rows to be as long as it should be.

        The ranges of the lr are for batches of 32. See `LR_POWERS` for the rule of each family.

        Example:
            >>> from studies.optimizers.adamw import AdamW
            >>> from studies.optimizers.sgd import SGD
            >>> AdamW.lr_factor(128), SGD.lr_factor(128), SGD.lr_factor(32)
            (2.0, 4.0, 1.0)
        """
        rows = min(batch_size, MOST_LR_ROWS)
        return float((rows / LR_ROWS) ** cls.lr_power())

    @classmethod
    def misfit(cls, facts: Facts) -> str | None:  # noqa: ARG003
        """Return why it cannot train this workload, in one clause; None when it can."""
        return None

    def build(
        self,
        model: nn.Module | Iterable[Any],
        total_steps: int,
        *,
        groups: Sequence[Mapping[str, Any]] | None = None,
    ) -> Optimizer:
        """Return the torch optimizer over a model, routed: each parameter to the optimizer that it is for.

        Args:
            model: parameters that require no gradient are left out. Parameters alone, `model.parameters()`,
                and groups of them are taken too, by an optimizer that treats all of them alike.
            total_steps: optimizer steps of the whole run, epochs x batches an epoch (divided by the batches
                that are accumulated): settings that are a share of the run are worked out with it.
            groups: of the model's parameters, each a dict of `params` and what differs there: fields of the
                choice, as `lr`, or what groups of the torch optimizer hold, as `betas`. `weight_decay` is set
                as torch has it, for biases and norms too. What is in no group is not trained.

        Raises:
            BadValue: parameters alone where it has to know what they are in the model; a group that the model
                or the optimizer does not have; fewer steps than one.

        Example:
            >>> import advisor
            >>> from torch import nn
            >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
            >>> groups = [{"params": model[0].parameters(), "lr": 1e-4}, {"params": model[2].parameters()}]
            >>> optimizer = advisor.optimizers.AdamW(lr=1e-3).build(model, total_steps=900, groups=groups)
            >>> sorted({group["lr"] for group in optimizer.param_groups})
            [0.0001, 0.001]
        """
        from torch import nn

        from studies.optim.groups import groups_of, joined
        from studies.optim.made import note

        if total_steps < 1:
            raise BadValue(f"total_steps {shown(total_steps)} must be at least 1: the steps of the whole run")
        builder = self._builder()
        parts = [self._of_group(group, builder, total_steps) for group in groups_of(builder, model, groups)]
        optimizer = parts[0] if len(parts) == 1 else joined(parts)
        return note(model if isinstance(model, nn.Module) else None, optimizer)

    def _builder(self) -> Builder:
        from studies.optim.groups import Builder
        from studies.optim.routing import ROLES

        serving = {self.serves(role) for role in ROLES if role != "sparse table"}
        return Builder(
            name=self.name(),
            # weight decay is set as torch has it: 0 for none, which a range to search leaves out
            fields=frozenset(self.fields()) - {"weight_decay"},
            partners=tuple(sorted(serving - {self.name()})),
            one_group=self.needs_closure,
        )

    def _of_group(self, group: Group, builder: Builder, total_steps: int) -> Optimizer:
        from studies.optim.groups import set_in

        fields = {name: value for name, value in group.settings.items() if name in builder.fields}
        return set_in(replace(self, **fields)._over(group.routes, total_steps), group, builder)

    def _over(self, routes: Routes, total_steps: int) -> Optimizer:
        tables = routes.of("sparse table")
        if tables:
            import torch

            torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]
        if not tables or self.takes_sparse:
            return self.make(routes, total_steps)
        from torch.optim import SparseAdam

        from studies.optim.composite import Composite

        beside = SparseAdam(tables, lr=TABLE_LR)
        rest = routes.without("sparse table")
        return Composite([beside, self.make(rest, total_steps)]) if rest.roles else beside

    def evaluating(self, model: nn.Module, rows: torch.Tensor | None = None) -> AbstractContextManager[None]:
        """Return a context for measuring in a loop of your own: evaluation mode, and the weights that count.

        Schedule-free optimizers step on other weights than their average, which is what counts; those of all
        others are left as they are.

        Args:
            model: what `build` was handed.
            rows: training rows, for a model with batch norm: its statistics are taken anew for an average.
        """
        from studies.optim.made import evaluating

        return evaluating(model, rows)

    @abstractmethod
    def make(self, routes: Routes, total_steps: int) -> Optimizer:
        """Return the torch optimizer over these parameters."""

    def attach(self, training: TrainingHooks) -> None:
        """Hook into the run, where a step needs more than gradients; most optimizers need nothing."""

    def serves(self, role: str) -> str:
        """Return which optimizer steps on parameters of this role: itself, or a partner."""
        return "SparseAdam" if role == "sparse table" and not self.takes_sparse else self.name()

    def in_torch(self, total_steps: int) -> dict[str, float]:  # noqa: ARG002
        """Return the torch optimizer's arguments that the fields name otherwise, for so many steps."""
        return {}

    def state_bytes(self, shape: tuple[int, ...], role: str = "matrix") -> int:
        """Return the bytes of state for one parameter of this shape and role, in 32-bit floats.

        It is what is there once the parameter has been stepped.
        """
        if role == "sparse table" and not self.takes_sparse:
            return 8 * math.prod(shape)  # SparseAdam's two moments; its counter is a plain number
        return self.own_bytes(shape, role)

    def own_bytes(self, shape: tuple[int, ...], role: str) -> int:  # noqa: ARG002
        """Return the bytes of state for one parameter that the optimizer steps on itself."""
        return 4 * (round(self.state_floats * math.prod(shape)) + self.counts_steps)


class Decoupled(OptimizerChoice, ABC):
    """Base of the optimizers whose weight decay is stated as a horizon: 1 / (lr x steps x horizon).

    It serves a run of any length at any lr. No dataclass of its own, so that each keeps `decay_horizon` among
    its own fields, with its own range.
    """

    decays_weights: ClassVar[bool] = True
    decay_horizon: float
    """How many whole runs the weights average over."""

    def in_torch(self, total_steps: int) -> dict[str, float]:
        """Return the weight decay that the optimizer takes: Wang and Aitchison 2025, arXiv 2405.13698."""
        return {"weight_decay": 1 / (self.lr * total_steps * self.decay_horizon)}


TABLE_LR: Final = 2e-3
"""Learning rate of SparseAdam on the tables beside an optimizer that takes dense gradients only."""
