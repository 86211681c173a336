"""Consent to code: what may be imported of the user's own, and what only a study names and nobody allowed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

from studies.errors import BadWorkload, shown

_USED: Final[set[str]] = set()
"""References that were loaded in this process while none was refused: whoever named them meant them."""
_REFUSED: Final = ContextVar("how code would be allowed, where it is refused", default="")
_NAMED: Final[ContextVar[frozenset[str]]] = ContextVar("references that are allowed", default=frozenset())
REFUSE: Final = "ADVISOR_REFUSE_CODE"
"""An environment variable: where it is set, nothing of the user's own is imported, neither here nor by
processes started here. It says how that would be allowed."""


def refuse_code(allowed_with: str, *, refused: bool) -> None:
    """Let nothing of the user's own be imported here or by processes started here; or let it again.

    Args:
        allowed_with: the command that would allow it, for the message.
        refused: whether it is refused.
    """
    if refused:
        os.environ[REFUSE] = allowed_with
    else:
        os.environ.pop(REFUSE, None)


@contextmanager
def code_refused(allowed_with: str, *, named: Iterable[str] = (), allowed: bool = False) -> Iterator[None]:
    """Import nothing that only a study names, inside the block: whoever wrote its journal may be anybody.

    What was imported before in this process stays usable.

    Args:
        allowed_with: what would allow it, for the message.
        named: references that are named now, by the user; settings of rules too (`rules.py:Mine=0.5`).
        allowed: whether all code is allowed.
    """
    if allowed:
        yield
        return
    refused = _REFUSED.set(allowed_with)
    meant = _NAMED.set(frozenset(_reference_in(name) for name in named))
    try:
        yield
    finally:
        _REFUSED.reset(refused)
        _NAMED.reset(meant)


def child_environment() -> dict[str, str]:
    """Return the environment for a process of ours that must refuse what is refused here."""
    refused = _REFUSED.get()
    return dict(os.environ) | ({REFUSE: refused} if refused else {})


def _reference_in(setting: str) -> str:
    """Return the reference in a setting, a file by its whole path."""
    reference = setting.partition("=")[0].strip()
    source, colon, name = reference.rpartition(":")
    return f"{_whole(source)}{colon}{name}" if source.endswith(".py") else reference


def _whole(path: str) -> Path | str:
    try:
        return Path(path).resolve()
    except (OSError, ValueError):  # no path at all
        return path


def check(reference: str) -> None:
    """Raise BadWorkload for a reference that is refused here."""
    allowed_with = os.environ.get(REFUSE)
    if not allowed_with and _reference_in(reference) not in _USED | _NAMED.get():
        allowed_with = _REFUSED.get()
    if allowed_with:
        raise BadWorkload(
            f"{shown(reference)} is code, which is not run here unasked; "
            f"if you trust it, allow it with: {allowed_with}"
        )


def remember(reference: str) -> None:
    """Keep in mind that a reference was loaded, if none is refused: it is meant in this process."""
    if not _REFUSED.get():
        _USED.add(_reference_in(reference))
