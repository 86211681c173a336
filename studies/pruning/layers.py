"""Pruning of whole layers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from studies.pruning import PruningChoice
from studies.space import whole

if TYPE_CHECKING:
    import torch
    from torch import nn

    from studies.compression.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Layers(PruningChoice):
    """Leave out the layers or blocks without which the loss rises least, one after the other.

    Helps: deep residual nets and transformers, whose blocks change little each; latency falls by what each took.
    Hurts: plain nets, where every layer has a part of its own; more than a third of the blocks.
    Source: Men et al. 2024, arXiv 2403.03853; dropping by cost: Gromov et al. 2024, arXiv 2403.17887.
    """

    structured: ClassVar[bool] = True

    count: int = whole(1, 3, default=1)
    """Layers that go, as far as there are as many."""

    def prune(self, subject: Subject, share: float = 1.0) -> None:  # noqa: ARG002 - all at once
        """Replace the model by a shallower one.

        Raises:
            CannotCompress: no layer can go.
        """
        from studies.infeasible import CannotCompress

        dropped = 0
        while dropped < self.count and (shorter := _without_one(subject)) is not None:
            subject.model = shorter
            dropped += 1
        if not dropped:
            raise CannotCompress("no layer within a Sequential or ModuleList of it returns the shape that it is given")
        if dropped < self.count:
            subject.notes.append(f"only {dropped} of {self.count} layers could be left out")


def _without_one(subject: Subject) -> nn.Module | None:
    """Return the model without the layer that it misses least; None where there is none that it can miss."""
    import torch

    least, best = math.inf, None
    with torch.no_grad():
        wanted = subject.model.eval()(subject.rows[0]).shape
        for list_name, index in _candidates(subject.model, subject.rows[0]):
            found = _shorter(subject, list_name, index, wanted)
            if found is not None and found[0] < least:
                least, best = found
    return best


def _candidates(model: nn.Module, inputs: torch.Tensor) -> list[tuple[str, int]]:
    """Return (list, place in it) of the outermost layers with weights that return the shape they are given, without the head."""
    from torch import nn

    from studies.routing import route

    head = {id(parameter) for _, parameter, role in route(model).roles if role == "head"}
    kept = set()

    def look(module: nn.Module, given: tuple[Any, ...], output: Any) -> None:
        if given and getattr(given[0], "shape", None) == getattr(output, "shape", ()):
            kept.add(module)

    lists = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.Sequential | nn.ModuleList)]
    hooks = [child.register_forward_hook(look) for _, module in lists for child in module]
    model(inputs[:2])
    for hook in hooks:
        hook.remove()
    found = [
        (name, index)
        for name, module in lists
        for index, child in enumerate(module)
        if child in kept
        and any(parameter.ndim >= 2 for parameter in child.parameters())
        and not any(id(parameter) in head for parameter in child.parameters())
    ]
    paths = [f"{name}.{index}.".lstrip(".") for name, index in found]
    return [place for place, path in zip(found, paths, strict=True) if not any(path != o and path.startswith(o) for o in paths)]


def _shorter(subject: Subject, list_name: str, index: int, wanted: torch.Size) -> tuple[float, nn.Module] | None:
    """Return the loss and the model without one layer; None when it does not run so, or does not get smaller."""
    from studies.compression.subject import size_of

    inputs, targets = subject.rows
    for model in _ways(subject.model, list_name, index):
        try:
            outputs = model(inputs)
        except Exception:  # noqa: BLE001, S112 - whatever somebody's model raises without one of its layers
            continue
        if outputs.shape == wanted and size_of(model) < size_of(subject.model):
            loss = float(subject.workload.loss(outputs, targets))
            return (loss, model) if math.isfinite(loss) else None
    return None


def _ways(model: nn.Module, list_name: str, index: int) -> Iterator[nn.Module]:
    """Yield the model with the identity in place of a layer, and with the list shorter by it."""
    from torch import nn

    passed, shorter = deepcopy(model), deepcopy(model)
    passed.get_submodule(list_name)[index] = nn.Identity()  # type: ignore[operator]
    yield passed
    del shorter.get_submodule(list_name)[index]  # type: ignore[operator]
    yield shorter
