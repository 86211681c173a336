"""Channel pruning: whole channels and units go, with all that feeds or reads them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from studies.errors import named_line
from studies.models.copies import copied
from studies.pruning import PruningChoice
from studies.space import between, one_of

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.weights.trained_model import TrainedModel

MOST: Final = 0.9
"""Share of a layer's channels that may go: a comparison between layers would else empty one."""
ROUNDED: Final = (8, 4, 2)
"""Multiples that channels are rounded down to, as far as the narrowest layer has sixteen times as many."""


@dataclass(frozen=True, kw_only=True)
class Channels(PruningChoice):
    """Take whole channels and units out; half of them leaves about a quarter of the weights.

    Helps: latency, memory and bytes alike, in any runtime: half of the channels, 2.5 to 3.4 times as fast at
    batch 64.
    Hurts: quality before fine-tuning, far more than zeros do; transformers, of which only the inside of the
    blocks shrinks.
    Source: Fang et al. 2023, arXiv 2301.12900 (torch-pruning); Taylor importance: Molchanov et al. 2019,
    arXiv 1906.10771.
    """

    usual: ClassVar[bool] = True
    variants: ClassVar[tuple[Mapping[str, float], ...]] = tuple(
        {"amount": amount} for amount in (0.5, 0.7, 0.8, 0.3, 0.9)
    )
    structured: ClassVar[bool] = True

    amount: float = between(0.1, 0.9, default=0.5)
    """Share of the channels that go; (1 - amount) squared is about the share of the weights that stays."""
    importance: str = one_of("magnitude", "taylor", default="magnitude")
    """Size of a channel's weights, or what they are worth to the loss over the calibration rows."""
    scope: str = one_of("uniform", "global", default="uniform")
    """Whether each layer gives the same share, or channels of all layers are compared with each other."""

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:  # noqa: ARG002 - all at once
        """Replace the model by a narrower one.

        Raises:
            CannotCompress: no channel can go, or torch-pruning cannot follow the model.
        """
        from studies.imports import require
        from studies.infeasible import CannotCompress
        from studies.weights.trained_model import size_of

        library = require("torch_pruning", "compression", "Channels")
        model, rows = copied(trained.model).eval(), trained.rows[0][:2]
        try:
            with warnings.catch_warnings(action="ignore"):
                shape = model(rows).shape
                untreated = self._narrow(library, model, trained, rows)
                narrowed_shape = model(rows).shape
        except Exception as error:  # whatever torch-pruning raises on somebody's model
            raise CannotCompress(
                f"its channels cannot be taken out: {named_line(error, longest=200)}"
            ) from error
        if narrowed_shape != shape:
            raise CannotCompress(
                f"without some channels it returns {tuple(narrowed_shape)} in place of {tuple(shape)}"
            )
        if size_of(model) >= size_of(trained.model):
            raise CannotCompress("none of its channels can be taken out")
        _tie(trained.model, model)
        trained.notes += untreated
        trained.model = model

    def _narrow(self, library: Any, model: nn.Module, trained: TrainedModel, rows: torch.Tensor) -> list[str]:
        """Take the channels out of a model; return what was left alone."""
        import torch

        with torch.enable_grad():
            if self.importance == "taylor":
                _set_gradients(model, trained)
            pruner = self._pruner(library, model, rows)
            _keep_halves_alike(library, pruner)
            untreated = set()
            for group in pruner.step(interactive=True):
                shapes = _free_parameters(group)
                untreated |= shapes
                if not shapes and not _reaches(library.ops.OPTYPE.OUTPUT, group):
                    group.prune()
        model.zero_grad(set_to_none=True)
        return [
            f"channels beside the parameter of shape {' x '.join(map(str, shape))} were left"
            for shape in sorted(untreated)
        ]

    def _pruner(self, library: Any, model: nn.Module, rows: torch.Tensor) -> Any:
        """Return torch-pruning's pruner of a model."""
        from torch import nn

        table_pruner = type(
            "TablePruner", (library.pruner.function.EmbeddingPruner,), {"TARGET_MODULES": nn.EmbeddingBag}
        )
        importance = (
            library.importance.GroupTaylorImportance
            if self.importance == "taylor"
            else library.importance.GroupMagnitudeImportance
        )
        return library.pruner.BasePruner(
            model,
            rows,
            importance(),
            pruning_ratio=self.amount,
            max_pruning_ratio=MOST,
            global_pruning=self.scope == "global",
            round_to=_round_to(model),
            ignored_layers=_ignored(model),
            root_module_types=[nn.modules.conv._ConvNd, nn.Linear, nn.LSTM, nn.Embedding, nn.EmbeddingBag],
            customized_pruners={nn.EmbeddingBag: table_pruner()},
            in_channel_groups={},
            out_channel_groups={},
            num_heads={},  # its defaults are shared between models
        )


def _free_parameters(group: Any) -> set[tuple[int, ...]]:
    """Return the shapes of a group's parameters that belong to no layer of torch's.

    Which way they are read is not known.
    """
    from torch import nn

    modules = [dependency.target.module for dependency, _ in group]
    return {
        tuple(module.shape)
        for module in modules
        if isinstance(module, nn.Parameter) and module.squeeze().ndim > 1
    }


def _reaches(kind: Any, group: Any) -> list[Any]:
    """Return what a group has of a kind of operation, such as the model's output."""
    return [dependency.target.module for dependency, _ in group if dependency.target.type == kind]


def _keep_halves_alike(library: Any, pruner: Any) -> None:
    """Rank the units of a layer that is split into equal parts, as by a gate, by their place in a part.

    All parts lose the same places.
    """
    for group in pruner.DG.get_all_groups(
        ignored_layers=pruner.ignored_layers, root_module_types=pruner.root_module_types
    ):
        for split in _reaches(library.ops.OPTYPE.SPLIT, group):
            if len(set(split.split_sizes)) == 1:
                pruner.out_channel_groups[group[0].dep.target.module] = len(split.split_sizes)
                pruner.round_to = None


def _ignored(model: nn.Module) -> list[nn.Module]:
    """Return the head and attention, which are left alone.

    The head's outputs are the answer; attention's channels are in heads that must stay alike.
    """
    from torch import nn

    linears = [module for module in model.modules() if type(module) is nn.Linear]
    return linears[-1:] + [module for module in model.modules() if isinstance(module, nn.MultiheadAttention)]


def _round_to(model: nn.Module) -> int | None:
    """Return a multiple that runs well and is fine enough for the narrowest layer.

    None where channels come in groups.
    """
    from torch import nn

    if any(getattr(module, "groups", getattr(module, "num_groups", 1)) > 1 for module in model.modules()):
        return None
    convolutions = [
        module.out_channels for module in model.modules() if isinstance(module, nn.modules.conv._ConvNd)
    ]
    linears = [module.out_features for module in model.modules() if isinstance(module, nn.Linear)][:-1]
    narrowest = min([*convolutions, *linears], default=0)
    return next((multiple for multiple in ROUNDED if narrowest >= 16 * multiple), None)


def _set_gradients(model: nn.Module, trained: TrainedModel) -> None:
    inputs, targets = trained.rows
    model.zero_grad(set_to_none=True)
    trained.workload.loss(model(inputs), targets).backward()  # type: ignore[no-untyped-call]
    for parameter in model.parameters():
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.to_dense()


def _tie(before: nn.Module, after: nn.Module) -> None:
    """Share again what was shared: torch-pruning gives each layer a parameter of its own.

    Raises:
        CannotCompress: what was shared is no longer the same.
    """
    import torch

    from studies.infeasible import CannotCompress
    from studies.weights.trained_model import weights_of

    names = {module: name for name, module in before.named_modules()}
    for weight in weights_of(before):
        (first, attribute), *others = [
            (after.get_submodule(names[module]), attribute) for module, attribute in weight.owners
        ]
        parameter = getattr(first, attribute)
        for module, other in others:
            if not torch.equal(parameter, getattr(module, other)):
                raise CannotCompress(f"{weight.name} is shared, and its places would lose different channels")
            setattr(module, other, parameter)
