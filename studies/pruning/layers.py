"""Layer pruning: whole layers or blocks go that the loss can do without."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from studies.models.copies import copied
from studies.pruning import PruningChoice
from studies.space import whole

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class Layers(PruningChoice):
    """Leave out the layers or blocks without which the loss rises least, one after the other.

    Helps: deep residual nets and transformers, whose blocks change little each; latency falls by what each
    took.
    Hurts: plain nets, where every layer has a part of its own; more than a third of the blocks.
    Source: Men et al. 2024, arXiv 2403.03853; dropping by cost: Gromov et al. 2024, arXiv 2403.17887.
    """

    structured: ClassVar[bool] = True

    count: int = whole(1, 3, default=1)
    """Layers that go, as far as there are as many."""

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:  # noqa: ARG002 - all at once
        """Replace the model by a shallower one.

        Raises:
            CannotCompress: no layer can go.
        """
        from studies.infeasible import CannotCompress

        dropped = 0
        while dropped < self.count and (shorter := _without_least_important(trained)) is not None:
            trained.model = shorter
            dropped += 1
        if not dropped:
            raise CannotCompress(
                "no layer within a Sequential or ModuleList of it returns the shape that it is given"
            )
        if dropped < self.count:
            trained.notes.append(f"only {dropped} of {self.count} layers could be left out")


def _without_least_important(trained: TrainedModel) -> nn.Module | None:
    """Return the model without the layer that it misses least; None where there is none that it can miss."""
    import torch

    least, best = math.inf, None
    with torch.no_grad():
        shape = trained.model.eval()(trained.rows[0]).shape
        for list_name, index in _candidates(trained.model, trained.rows[0]):
            shorter = _shorter(trained, list_name, index, shape)
            if shorter is not None and shorter[0] < least:
                least, best = shorter
    return best


def _candidates(model: nn.Module, inputs: torch.Tensor) -> list[tuple[str, int]]:
    """Return (list, place in it) of the outermost layers with weights that keep the shape of their input.

    The head is left out.
    """
    from torch import nn

    from studies.optim.routing import route

    head = {id(parameter) for _, parameter, role in route(model).roles if role == "head"}
    same_shape = set()

    def note_same_shape(module: nn.Module, layer_inputs: tuple[Any, ...], output: Any) -> None:
        if layer_inputs and getattr(layer_inputs[0], "shape", None) == getattr(output, "shape", ()):
            same_shape.add(module)

    lists = [
        (name, module)
        for name, module in model.named_modules()
        if isinstance(module, nn.Sequential | nn.ModuleList)
    ]
    hooks = [child.register_forward_hook(note_same_shape) for _, module in lists for child in module]
    model(inputs[:2])
    for hook in hooks:
        hook.remove()
    places = [
        (name, index)
        for name, module in lists
        for index, child in enumerate(module)
        if child in same_shape
        and any(parameter.ndim >= 2 for parameter in child.parameters())
        and not any(id(parameter) in head for parameter in child.parameters())
    ]
    paths = [f"{name}.{index}.".lstrip(".") for name, index in places]
    return [
        place
        for place, path in zip(places, paths, strict=True)
        if not any(path != other and path.startswith(other) for other in paths)
    ]


def _shorter(
    trained: TrainedModel, list_name: str, index: int, shape: torch.Size
) -> tuple[float, nn.Module] | None:
    """Return the loss and the model without one layer.

    None when it does not run so, or does not get smaller.
    """
    from studies.weights.trained_model import size_of

    inputs, targets = trained.rows
    for model in _shorter_models(trained.model, list_name, index):
        try:
            outputs = model(inputs)
        except Exception:  # noqa: BLE001, S112 - whatever somebody's model raises without one of its layers
            continue
        if outputs.shape == shape and size_of(model) < size_of(trained.model):
            loss = float(trained.workload.loss(outputs, targets))
            return (loss, model) if math.isfinite(loss) else None
    return None


def _shorter_models(model: nn.Module, list_name: str, index: int) -> Iterator[nn.Module]:
    """Yield the model with the identity in place of a layer, and with the list shorter by it."""
    from torch import nn

    passed, shorter = copied(model), copied(model)
    passed.get_submodule(list_name)[index] = nn.Identity()  # type: ignore[operator]
    yield passed
    del shorter.get_submodule(list_name)[index]  # type: ignore[operator]
    yield shorter
