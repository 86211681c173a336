"""Caller's globals: torch's defaults and all generators, set aside while we work and put back afterwards.

Our own code runs under torch's own defaults, whatever the process has set. The user's code (a file that is
imported, a model that is made, a training function) runs under the default dtype that the user set.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING

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
    import torch

    from studies.rng import undisturbed

    with ExitStack() as stack:
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        stack.enter_context(undisturbed())
        stack.enter_context(_our_dtype())
        _enter_modes(stack)
        yield


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
    import torch

    ours = torch.get_default_dtype()
    torch.set_default_dtype(_USERS.dtype or ours)
    try:
        yield
    finally:
        if noted:
            _USERS.dtype = torch.get_default_dtype()
        torch.set_default_dtype(ours)


@contextmanager
def _our_dtype() -> Iterator[None]:
    """Set torch's own default dtype for as long as any thread is inside such a block."""
    import torch

    with _USERS.lock:
        if not _USERS.blocks:
            _USERS.dtype = torch.get_default_dtype()
            torch.set_default_dtype(torch.float32)
        _USERS.blocks += 1
    try:
        yield
    finally:
        with _USERS.lock:
            _USERS.blocks -= 1
            if not _USERS.blocks:
                torch.set_default_dtype(_USERS.dtype or torch.float32)


def _enter_modes(stack: ExitStack) -> None:
    """Enter the modes that a fresh thread has: gradients on, no autocast, tensors on the CPU."""
    import torch

    stack.enter_context(torch.inference_mode(mode=False))
    stack.enter_context(torch.enable_grad())
    for kind in ("cpu", "cuda"):
        if torch.is_autocast_enabled(kind):
            stack.enter_context(torch.autocast(kind, enabled=False))
    if torch.get_default_device().type != "cpu":
        stack.enter_context(torch.device("cpu"))
