"""Plain weights: what norms and parametrizations compute at every pass, put in place of what computes it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn.utils import parametrize, prune
from torch.nn.utils.spectral_norm import SpectralNorm, remove_spectral_norm
from torch.nn.utils.weight_norm import WeightNorm, remove_weight_norm

from studies.models.fitting import in_float32


def made_plain(model: nn.Module) -> list[str]:
    """Put computed weights in the place of what computes them, in 32-bit floats; return clauses on it.

    Passes set single weights to zero or to a step of a grid, and they have to stay there.
    """
    notes = ["it was made 32-bit floats throughout"] if in_float32(model) else []
    count = make_weights_plain(model)
    return notes + (["weights that norms or parametrizations compute were made plain ones"] if count else [])


def make_weights_plain(model: nn.Module) -> int:
    """Put computed weights in the place of what computes them; return of how many."""
    return sum(_made_plain(module) for module in model.modules() if not _is_scripted(module))


def _made_plain(module: nn.Module) -> int:
    """Do so for one module; return of how many weights."""
    hooks = [hook for hook in module._forward_pre_hooks.values() if _computes(hook)]
    for hook in hooks:
        _remove(module, hook)
    if not parametrize.is_parametrized(module):
        return len(hooks)
    names = list(module.parametrizations)  # type: ignore[arg-type]
    for name in names:
        parametrize.remove_parametrizations(module, name, leave_parametrized=True)
    return len(hooks) + len(names)


def _computes(hook: object) -> bool:
    return isinstance(hook, WeightNorm | SpectralNorm | prune.BasePruningMethod)


def _remove(module: nn.Module, hook: Any) -> None:
    if isinstance(hook, WeightNorm):
        remove_weight_norm(module, hook.name)
    elif isinstance(hook, SpectralNorm):
        remove_spectral_norm(module, hook.name)
    else:
        prune.remove(module, hook._tensor_name)  # type: ignore[no-untyped-call]


def _is_scripted(module: nn.Module) -> bool:
    return isinstance(module, torch.jit.ScriptModule)
