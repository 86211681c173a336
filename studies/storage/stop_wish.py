"""Stop wish: a file beside a study's journal by which anybody asks whoever works on the study to stop.

`NAME.stop` says it to a search in a shell, in a notebook, of a page or on another host of a shared file
system alike. Who works on the study stops in order, as after Ctrl-C, answers, and takes the file away.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from studies.errors import StoreError
from studies.storage.locks import worked_on

LOOK_SECONDS: Final = 0.2
"""Between two looks at the file, which a search asks for after every batch (judged)."""


def wish_to_stop(home: Path, name: str) -> None:
    """Ask whoever works on a study to stop; asking again changes nothing.

    Raises:
        StoreError: nobody works on it, or the home cannot be written.

    Example:
        >>> wish_to_stop(Path(".advisor"), "digits-1")  # doctest: +SKIP
    """
    if not worked_on(home, name):
        raise StoreError(f"nobody works on study '{name}', so there is nothing to stop")
    try:
        _path(home, name).touch()
    except OSError as error:
        raise StoreError(f"{_path(home, name)} cannot be written ({error.strerror or error})") from None


def is_wished(home: Path, name: str) -> bool:
    """Tell whether a study was asked to stop, and has not done so yet."""
    return _path(home, name).exists()


def forget_wish(home: Path, name: str, *, before: float | None = None) -> None:
    """Take a wish away: it was heard, or nobody was left to hear it.

    Args:
        home: where the study lives.
        name: what it is called.
        before: seconds since 1970; a wish made later is left, as it is for who works on it next.
    """
    path = _path(home, name)
    with suppress(OSError):
        if before is None or path.stat().st_mtime < before:
            path.unlink(missing_ok=True)


def or_wished(stop: Callable[[], bool], home: Path, name: str) -> Callable[[], bool]:
    """Return a function that tells whether to stop: as another says, or a wish, which stays heard."""
    heard, next_look = False, 0.0

    def ends() -> bool:
        nonlocal heard, next_look
        if stop():
            return True
        now = time.monotonic()
        if not heard and now >= next_look:
            heard, next_look = is_wished(home, name), now + LOOK_SECONDS
        return heard

    return ends


def _path(home: Path, name: str) -> Path:
    return home / "studies" / f"{name}.stop"
