"""Downloads of a study: what `advisor export` writes, as files in memory, made by a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from advisor.jobs.exporting.model_files import BUNDLE
from studies.child_process import command_of
from studies.errors import StoreError
from studies.script.snippet import snippet_of

SCRIPT: Final = "train.py"
ERROR: Final = "advisor: "
"""How the command line begins the one line that it ends with when something is wrong."""
MISSING: Final = "No "
"""How a line begins that says what could not be made; others tell how things were done."""
OLDEST: Final = (1980, 1, 1, 0, 0, 0)
"""Date of every file in an archive, so that the same files make the same bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Downloads:
    """Downloads of a study, each an archive; empty where there is nothing of the kind."""

    script: bytes
    """train.py with its data, its recipe and what it needs installed."""
    bundle: bytes
    """The model with its encoder, as `advisor predict` reads it."""
    code: str
    """Optimizer and schedule of train.py alone."""
    notes: tuple[str, ...]
    """What could not be made, and why, in sentences."""


def downloads(home: Path, study: str) -> Downloads:
    """Return what a study recommends as files: a training script and the model.

    A process of its own makes them, so that whoever asks imports no torch and runs no code of the user's.

    Raises:
        StoreError: nothing could be made; the message says why.

    Example:
        >>> files = downloads(default_home(), "iris-1")   # doctest: +SKIP
        >>> print(files.code)                              # doctest: +SKIP
    """
    with TemporaryDirectory() as place:
        folder = Path(place) / "export"
        command = command_of("advisor", "export", study, f"--out={folder}", f"--home={home.resolve()}")
        ended = subprocess.run(  # noqa: S603 - our own command; no shell sees the arguments
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=dict(os.environ),
            check=False,
        )
        lines = [line for line in ended.stderr.splitlines() if line.strip()]
        if ended.returncode:
            last = lines[-1] if lines else f"advisor export ended with status {ended.returncode}"
            raise StoreError(last.removeprefix(ERROR))
        return _read(folder, tuple(line for line in lines if line.startswith(MISSING)))


def _read(folder: Path, notes: tuple[str, ...]) -> Downloads:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    in_bundle = [path for path in files if path.relative_to(folder).parts[0] == BUNDLE]
    script = folder / SCRIPT
    return Downloads(
        script=_archive(folder, set(files).difference(in_bundle)) if script.exists() else b"",
        bundle=_archive(folder, in_bundle) if in_bundle else b"",
        code=snippet_of(script.read_text(encoding="utf-8")) if script.exists() else "",
        notes=notes,
    )


def _archive(folder: Path, files: Iterable[Path]) -> bytes:
    """Return files as a zip archive, each under its path from a folder."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            name = path.relative_to(folder).as_posix()
            archive.writestr(zipfile.ZipInfo(name, OLDEST), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return content.getvalue()
