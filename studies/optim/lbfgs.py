"""torch's L-BFGS, which also steps in a loop that has gradients and no closure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import optim


class LBFGS(optim.LBFGS):
    """L-BFGS: with a closure it is torch's own, bit for bit.

    Without one, a step is a single iteration of length lr on the gradients that are there.
    """

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Step on the closure, or on the gradients as they are."""
        loss = None
        if closure is not None:
            loss = super().step(closure)  # type: ignore[no-untyped-call]
        else:
            self._iterate()
        for state in self.state.values():
            # torch holds a number or a 0-d tensor there
            state.update({name: float(state[name]) for name in ("t", "H_diag") if name in state})
            if "al" in state:  # numbers in torch's own list, and a scratch list; neither is a tensor to keep
                state.update(ro=[float(number) for number in state["ro"]], al=[None] * len(state["al"]))
        return loss

    def _gather_flat_grad(self) -> torch.Tensor:
        """Return all gradients as one vector; torch's own cannot lay out those of turned weights."""
        for weight in self._params:
            if weight.grad is not None and not weight.grad.is_sparse:
                weight.grad = weight.grad.contiguous()
        flat: torch.Tensor = super()._gather_flat_grad()  # type: ignore[no-untyped-call]
        return flat

    def _iterate(self) -> None:
        group = self.param_groups[0]
        settings = {name: group[name] for name in ("max_iter", "line_search_fn")}
        group.update(max_iter=1, line_search_fn=None)
        try:
            super().step(lambda: torch.zeros(()))  # type: ignore[no-untyped-call]
        finally:
            group.update(settings)
