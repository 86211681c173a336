"""Optimizers written here, because no package has them in this form."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.optim import Optimizer

from studies.forward import answer, main_output

Groups = Iterable[dict[str, Any]]


def evaluated(closure: Callable[[], Any] | None) -> Any:
    """Return the loss that a closure computes, with gradients; None where `step` was given no closure."""
    if closure is None:
        return None
    with torch.enable_grad():
        return closure()


class Stepper(Optimizer):
    """An optimizer written as what happens to one weight: `_start` makes its state, `_update` steps it."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step every parameter that has a gradient; weights are decayed first."""
        loss = evaluated(closure)
        for group in self.param_groups:
            group["step"] += 1
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.mul_(1 - group["lr"] * group["weight_decay"])
                    self._update(weight, weight.grad, self.of(weight), group)
        return loss

    def of(self, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the state of a weight, made when first asked for."""
        state: dict[str, torch.Tensor] = self.state[weight]
        if not state:
            state.update(self._start(weight))
        return state

    def _start(self, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        raise NotImplementedError

    def _update(
        self,
        weight: torch.Tensor,
        gradient: torch.Tensor,
        state: dict[str, torch.Tensor],
        group: dict[str, Any],
    ) -> None:
        raise NotImplementedError


class BlockwiseAdam(Stepper):
    """AdamW with one second moment for each row of a weight (one output unit), or for a whole vector."""

    def __init__(self, groups: Groups, *, lr: float, betas: tuple[float, float], eps: float = 1e-8) -> None:
        super().__init__(groups, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": 0.0, "step": 0})

    def _start(self, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        rows = (weight.shape[0], *[1] * (weight.ndim - 1)) if weight.ndim >= 2 else (1,) * weight.ndim
        return {"mean": torch.zeros_like(weight), "square": weight.new_zeros(rows)}

    def _update(
        self,
        weight: torch.Tensor,
        gradient: torch.Tensor,
        state: dict[str, torch.Tensor],
        group: dict[str, Any],
    ) -> None:
        beta1, beta2 = group["betas"]
        mean = state["mean"].lerp_(gradient, 1 - beta1)
        block = tuple(range(1, weight.ndim)) if weight.ndim >= 2 else None
        square = state["square"].lerp_(gradient.square().mean(dim=block, keepdim=True), 1 - beta2)
        spread = (square / (1 - beta2 ** group["step"])).sqrt_().add_(group["eps"])
        weight.addcdiv_(mean, spread.expand_as(weight), value=-group["lr"] / (1 - beta1 ** group["step"]))


class SophiaG(Stepper):
    """Momentum over curvature, each entry clipped to 1; `curve` brings the curvature up to date."""

    def __init__(
        self, groups: Groups, *, lr: float, betas: tuple[float, float], gamma: float, eps: float = 1e-12
    ) -> None:
        super().__init__(
            groups, {"lr": lr, "betas": betas, "gamma": gamma, "eps": eps, "weight_decay": 0.0, "step": 0}
        )

    def curve(self, model: nn.Module, inputs: Any) -> None:
        """Estimate the diagonal of the Gauss-Newton matrix on a batch.

        It is rows x squared gradient for labels drawn from the model.
        """
        weights = [(weight, group) for group in self.param_groups for weight in group["params"]]
        with torch.enable_grad():
            logits = main_output(answer(model, inputs))
            drawn = torch.multinomial(functional.softmax(logits.detach(), dim=1), 1).squeeze(1)
            loss = functional.cross_entropy(logits, drawn)
            gradients = torch.autograd.grad(loss, [weight for weight, _ in weights], allow_unused=True)
        for (weight, group), gradient in zip(weights, gradients, strict=True):
            if gradient is not None:
                self.of(weight)["curvature"].lerp_(gradient.square().mul_(len(inputs)), 1 - group["betas"][1])

    def _start(self, weight: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"mean": torch.zeros_like(weight), "curvature": torch.zeros_like(weight)}

    def _update(
        self,
        weight: torch.Tensor,
        gradient: torch.Tensor,
        state: dict[str, torch.Tensor],
        group: dict[str, Any],
    ) -> None:
        mean = state["mean"].lerp_(gradient, 1 - group["betas"][0])
        step = mean / (group["gamma"] * state["curvature"]).clamp_(min=group["eps"])
        weight.add_(step.clamp_(-1, 1), alpha=-group["lr"])


def lr_as_tensor(optimizer: Optimizer, *_: object) -> None:
    """Give each group its lr as the tensor that torchao's optimizers insist on.

    A hook to run before their step.
    """
    for group in optimizer.param_groups:
        group["lr"] = torch.as_tensor(group["lr"], dtype=torch.float32)


def quantized_bytes(size: int, *, bits: int, block: int) -> int:
    """Return the bytes of one block-wise quantized tensor of `size` numbers.

    These are its codes, one scale a block and the code book.
    """
    if size < 4096 or size % block:
        return 4 * size  # torchao leaves small and odd ones in 32 bits
    return size * bits // 8 + 4 * (size // block + (1 << bits))
