"""Caller's globals: torch's defaults and all generators, set aside while we work and put back afterwards.

Our own code runs under torch's own defaults, whatever the process has set. The user's code (a file that is
imported, a model that is made, a training function) runs under the default dtype that the user set.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class _UsersDtype:
    """The user's default dtype, while ours is in force: it is one for the process, whatever the thread."""

    def __init__(self) -> None:
        self.lock, self.blocks = Lock(), 0
        self.dtype: torch.dtype | None = None


_USERS = _UsersDtype()


@contextmanager
def set_aside() -> Iterator[None]:
    """Run a block under torch's own defaults, and give the caller back what it had, generators too.

    What it had may be a default dtype or device, gradients switched off, autocast, a number of threads.
    Deterministic algorithms and the detection of anomalies stay as the caller wants them.
    """
    with ExitStack() as stack:
        if torch_is_here():
            _enter_torch(stack)
        stack.enter_context(_our_dtype())
        yield


def torch_is_here() -> bool:
    """Tell whether torch is imported; before that there is nothing to set aside, and it takes long."""
    return "torch" in sys.modules


def _enter_torch(stack: ExitStack) -> None:
    """Enter the modes that a fresh thread has: gradients on, no autocast, tensors on the CPU."""
    import torch

    from studies.rng import undisturbed

    stack.callback(torch.set_num_threads, torch.get_num_threads())
    stack.enter_context(undisturbed())
    stack.enter_context(torch.inference_mode(mode=False))
    stack.enter_context(torch.enable_grad())
    for kind in ("cpu", "cuda"):
        if torch.is_autocast_enabled(kind):
            stack.enter_context(torch.autocast(kind, enabled=False))
    if torch.get_default_device().type != "cpu":
        stack.enter_context(torch.device("cpu"))


@contextmanager
def users_dtype(*, noted: bool = False) -> Iterator[None]:
    """Run code of the user's own under the default dtype that the user set.

    Outside `set_aside` nothing is done.

    Args:
        noted: whether what the code sets is the user's from then on, as when a file is imported.
    """
    if not _USERS.blocks:
        yield
        return
    ours = _set_default(_USERS.dtype)
    try:
        yield
    finally:
        users = _set_default(ours)
        if noted:
            _USERS.dtype = users


def torch_settings() -> dict[str, Any]:
    """Return what the user has set of torch for the whole process, by names of our own; empty without torch.

    Not the number of threads and the default device, which are set aside.
    """
    if not torch_is_here():
        return {}
    import torch

    dtype = _USERS.dtype if _USERS.blocks else torch.get_default_dtype()
    deterministic, warn_only = _deterministic()
    return {
        "dtype": dtype or torch.float32,
        "deterministic": deterministic,
        "warn_only": warn_only,
        "anomaly": torch.is_anomaly_enabled(),
        "precision": torch.get_float32_matmul_precision(),
        "cudnn": (torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
    }


def set_torch(settings: dict[str, Any]) -> None:
    """Set what `torch_settings` returned in another process."""
    if not settings:
        return
    import torch

    if _USERS.blocks:
        _USERS.dtype = settings["dtype"]
    else:
        torch.set_default_dtype(settings["dtype"])
    deterministic = settings["deterministic"], settings["warn_only"]
    if deterministic != _deterministic():  # setting it imports torch's compiler
        torch.use_deterministic_algorithms(deterministic[0], warn_only=deterministic[1])
    torch.autograd.set_detect_anomaly(settings["anomaly"])
    torch.set_float32_matmul_precision(settings["precision"])
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = settings["cudnn"]


def _deterministic() -> tuple[bool, bool]:
    """Return whether only deterministic algorithms are used, and whether others only warn."""
    import torch

    return (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )


@contextmanager
def _our_dtype() -> Iterator[None]:
    """Set torch's own default dtype for as long as any thread is inside such a block."""
    with _USERS.lock:
        if not _USERS.blocks:
            _USERS.dtype = _set_default(None)
        _USERS.blocks += 1
    try:
        yield
    finally:
        with _USERS.lock:
            _USERS.blocks -= 1
            if not _USERS.blocks:
                _set_default(_USERS.dtype)


def _set_default(dtype: torch.dtype | None) -> torch.dtype | None:
    """Set torch's default dtype, float32 for None, and return the one before; None without torch."""
    if not torch_is_here():
        return None
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype or torch.float32)
    return before
