"""Head pruning: attention heads go that the loss can do without."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.errors import one_line
from studies.pruning import PruningChoice
from studies.space import between

if TYPE_CHECKING:
    from torch import nn

    from studies.weights.trained_model import TrainedModel


@dataclass(frozen=True, kw_only=True)
class Heads(PruningChoice):
    """Take out the attention heads without which the loss rises least, one at least staying in each layer.

    Helps: transformers, of which many heads do nothing that the others do not; shortens the attention itself.
    Hurts: models with few heads a layer; the feed-forward nets, two thirds of the weights of a block, stay as
    they are.
    Source: Michel, Levy and Neubig 2019, arXiv 1905.10650.
    """

    structured: ClassVar[bool] = True

    amount: float = between(0.1, 0.75, default=0.5)
    """Share of all heads that go."""

    def prune(self, trained: TrainedModel, share: float = 1.0) -> None:  # noqa: ARG002 - all at once
        """Replace each attention by one with fewer heads.

        Raises:
            CannotCompress: no attention of torch's with two heads or more, or one that cannot do without.
        """
        from studies.infeasible import CannotCompress
        from studies.models.copies import copied

        attentions = [(name, module) for name, module in trained.model.named_modules() if _prunable(module)]
        if not attentions:
            raise CannotCompress("it has no torch.nn.MultiheadAttention with two heads or more")
        removed = _least_important(trained, attentions, self.amount)
        rows, shape = trained.rows[0][:2], trained.model(trained.rows[0][:2]).shape
        model = copied(trained.model)
        for name, heads in removed.items():
            _replace(model, name, heads)
        try:
            pruned_shape = model.eval()(rows).shape
        except Exception as error:  # whatever a model raises that reads more of its attention than the output
            raise CannotCompress(
                f"its attention is more than its output: {one_line(error, longest=200)}"
            ) from error
        if pruned_shape != shape:
            raise CannotCompress(
                f"with fewer heads it returns {tuple(pruned_shape)} in place of {tuple(shape)}"
            )
        trained.model = model


def _prunable(module: nn.Module) -> bool:
    from torch import nn

    return (
        isinstance(module, nn.MultiheadAttention)
        and module.num_heads > 1
        and module.in_proj_weight is not None
        and module.bias_k is None
        and not module.add_zero_attn
    )


def _least_important(
    trained: TrainedModel, attentions: list[tuple[str, nn.MultiheadAttention]], amount: float
) -> dict[str, list[int]]:
    """Return the heads that go, by the name of their attention."""
    import torch

    costs = []
    with torch.no_grad():
        for name, module in attentions:
            for head in range(module.num_heads):
                with _silenced(module, head):
                    loss = float(trained.loss())
                costs.append((loss if math.isfinite(loss) else math.inf, name, head))
    count = max(1, round(amount * len(costs)))
    heads_left = {name: module.num_heads for name, module in attentions}
    removed: dict[str, list[int]] = {}
    for _, name, head in sorted(costs):
        if count and heads_left[name] > 1:
            removed.setdefault(name, []).append(head)
            heads_left[name] -= 1
            count -= 1
    return removed


@contextmanager
def _silenced(module: nn.MultiheadAttention, head: int) -> Iterator[None]:
    """Set the output of a head to zero inside the block."""
    columns = module.out_proj.weight.data[:, head * module.head_dim : (head + 1) * module.head_dim]
    original = columns.clone()
    columns.zero_()
    try:
        yield
    finally:
        columns.copy_(original)


def _replace(model: nn.Module, name: str, removed: list[int]) -> None:
    from studies.nn.pruned_attention import PrunedAttention

    whole = model.get_submodule(name)
    remaining = [head for head in range(whole.num_heads) if head not in removed]  # type: ignore[arg-type]
    model.set_submodule(name, PrunedAttention(whole, remaining).train(whole.training))  # type: ignore[arg-type]
