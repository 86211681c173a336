"""Size and speed of a model: bytes, sparsity, multiply-accumulates and latency.

Bytes are those of its parameters and buffers; sparsity is the share of exact zeros among its weights (two or
more dimensions); latency is the median of timed forward passes at batch 1, after warming up, with the threads
torch is set to. All of it is of a model in torch; for the bytes, the latency and the quality of a deployed
file see `studies.deployment.footprint`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from studies.forward import answer
from studies.rows.nested import map_leaves

if TYPE_CHECKING:
    from torch import nn


def tensor_bytes(tensors: Iterable[torch.Tensor]) -> int:
    """Return the bytes of the tensors' storages, each storage counted once; sparse ones by their parts."""
    storages = {
        tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes()
        for tensor in _tensors_in(list(tensors))
    }
    return sum(storages.values())


def model_bytes(model: nn.Module) -> int:
    """Return the bytes of parameters and buffers."""
    return tensor_bytes([*model.parameters(), *model.buffers()])


def state_bytes(optimizer: torch.optim.Optimizer) -> int:
    """Return the bytes of all tensors in the optimizer's state."""
    return tensor_bytes(optimizer.state.values())


def _tensors_in(value: object) -> Iterator[torch.Tensor]:
    """Yield every plain tensor inside lists, dicts, objects, sparse tensors and tensor subclasses."""
    if isinstance(value, torch.Tensor):
        parts = getattr(value, "__tensor_flatten__", None)
        if parts is not None:
            yield from _tensors_in([getattr(value, name) for name in parts()[0]])
        elif value.layout is torch.sparse_coo:
            yield from (value._indices(), value._values())
        else:
            yield value
    elif isinstance(value, dict):
        yield from _tensors_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors_in(item)
    elif hasattr(value, "__dict__"):
        yield from _tensors_in(vars(value))


def sparsity(model: nn.Module) -> float:
    """Return the share of exact zeros among the weights; 0 for a model without any."""
    weights = [parameter for parameter in model.parameters() if parameter.ndim >= 2]
    total = sum(weight.numel() for weight in weights)
    return sum(int((weight == 0).sum()) for weight in weights) / total if total else 0.0


def macs(model: nn.Module, row: Any) -> int:
    """Return the multiply-accumulates of a forward pass over `row`, shape (1, ...).

    Counted are matrix products, convolutions and attention; over two rows and halved where a norm layer takes
    its statistics from the batch and refuses one.
    """
    from torch.utils.flop_counter import FlopCounterMode

    count = 1 if takes_one(model, row) else 2
    rows = row if count == 1 else map_leaves(row, lambda tensor: torch.cat([tensor] * count))
    counter = FlopCounterMode(display=False)
    # not inference_mode: under it the counter cannot read a parametrized weight
    with torch.no_grad(), written_out(), counter:
        answer(model.eval(), rows)
    return int(counter.get_total_flops()) // 2 // count


@torch.no_grad()
def takes_one(model: nn.Module, row: Any) -> bool:
    """Tell whether a model answers a single row; a norm layer without statistics of its own does not."""
    from torch.nn.modules.batchnorm import _BatchNorm

    norms = (module for module in model.modules() if isinstance(module, _BatchNorm))
    if all(norm.track_running_stats and norm.running_mean is not None for norm in norms):
        return True
    try:
        answer(model.eval(), row)
    except ValueError:
        return False
    return True


@contextmanager
def written_out() -> Iterator[None]:
    """Run attention and recurrent layers as plain products inside the block.

    These can be counted and differentiated twice.
    """
    from torch.nn.attention import SDPBackend, sdpa_kernel

    fast, fused = torch.backends.mha.get_fastpath_enabled(), torch._C._get_mkldnn_enabled()
    # else attention layers answer in evaluation without torch's dispatcher
    torch.backends.mha.set_fastpath_enabled(False)
    # else a CPU's LSTM is one operation; torch.backends.mkldnn.flags sets the same, with a warning
    torch._C._set_mkldnn_enabled(False)  # noqa: FBT003
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        torch._C._set_mkldnn_enabled(fused)


def latency_seconds(model: nn.Module, row: Any) -> float | None:
    """Return the median seconds of one forward pass over `row`, shape (1, ...); None if it takes none."""
    return statistics.median(passes(model, row)) if takes_one(model, row) else None


@torch.no_grad()
def passes(
    model: nn.Module,
    row: Any,
    *,
    repeats: int = 30,
    warmup: int = 5,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """Return the seconds by a clock of each of some forward passes over `row`, shape (1, ...), once warm."""
    model.eval()
    seconds = []
    for _ in range(warmup + repeats):
        start = clock()
        answer(model, row)
        if row.device.type == "cuda":
            torch.cuda.synchronize(row.device)
        seconds.append(clock() - start)
    return seconds[warmup:]
