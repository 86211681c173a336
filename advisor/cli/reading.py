"""Reading commands: they answer from what a study holds, and run no code that it names unless told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final

from studies.code_consent import code_refused

RUN_CODE: Final = frozenset(
    {"profile", "search", "resume", "ablate", "predict", "export", "register", "compress", "dashboard", "mcp"}
)
"""Commands that run the user's own code by nature, or refuse it themselves; all others read."""


def guarded(command: Callable[..., None], name: str) -> Callable[..., None]:
    """Return a command as it is registered: one that reads refuses the code that only a study names.

    Args:
        command: what typer calls, with an option `allow_code` where it may need such code.
        name: what it is called.
    """
    if name in RUN_CODE:
        return command

    @wraps(command)
    def reading(**options: Any) -> None:
        allowed = bool(options.get("allow_code"))
        with code_refused(f"advisor {name} --allow-code", named=_texts(options), allowed=allowed):
            command(**options)

    return reading


def _texts(options: dict[str, Any]) -> Iterator[str]:
    """Yield what was typed, each text of a repeated option."""
    for value in options.values():
        yield from (each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str))
