"""MLflow mirror at its end: the study's figures are drawn for it, then what is missing is written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from studies.child_process import command_of
from studies.code_consent import child_environment
from studies.storage.home import journal_path
from studies.tracking.sink import figures_of

if TYPE_CHECKING:
    from studies.tracking.process import Mirror

FINISH_SECONDS: Final = 60.0
"""How long a finished search, whose answer is out, waits for its mirror."""
DRAWING_SECONDS: Final = 30.0


def finish(mirror: Mirror, home: Path, name: str, *, stop: Callable[[], bool] = lambda: False) -> str | None:
    """Draw the figures and let the mirror end; return None when all is there, else why not in a line.

    Args:
        mirror: of the study.
        home: where the study lives.
        name: what it is called.
        stop: whether somebody wants an end: then nothing is drawn, and the mirror gets a few seconds.
    """
    if not stop():
        draw(home, name)
    return mirror.finish(FINISH_SECONDS, stop=stop)


def draw(home: Path, name: str) -> None:
    """Put the figures of a study where the mirror looks for them, unless they are there already.

    In a process of its own, since what draws them shows studies and may not be imported here. Best effort: a
    mirror without figures lacks nothing that cannot be drawn again.
    """
    journal, out = journal_path(home, name), figures_of(home, name)
    if find_spec("dashboard") is None or (out.is_file() and out.stat().st_mtime >= journal.stat().st_mtime):
        return
    command = command_of("dashboard.sheet", name, str(out), "--home", str(home))
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, timeout=DRAWING_SECONDS, check=False, env=child_environment()
        )
