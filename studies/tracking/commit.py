"""Git commit that a study's code or data stood at, for whoever wants to see it again."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from studies.storage.manifest_entries import Commit

PATIENCE_SECONDS: Final = 5.0


def commit_of(references: Iterable[str]) -> Commit | None:
    """Return the commit of the first repository that one of the files lies in.

    Else that of the working directory's; None without a repository.

    Args:
        references: paths, `file.py:name` or `module:name`; anything else is passed over.
    """
    folders = [folder for reference in references if (folder := _folder(reference))]
    for folder in dict.fromkeys([*folders, Path.cwd()]):
        if commit := _git(folder, "rev-parse", "HEAD"):
            changed = _git(folder, "status", "--porcelain", "--untracked-files=no") != ""
            return Commit(commit=commit, changed=changed)
    return None


def _folder(reference: str) -> Path | None:
    """Return the folder of the file behind a reference."""
    source = reference.rpartition(":")[0] or reference
    module = sys.modules.get(source)
    path = Path(str(getattr(module, "__file__", None) or source)).expanduser()
    if not reference or not path.exists():
        return None
    return path.resolve() if path.is_dir() else path.resolve().parent


def _git(folder: Path, *words: str) -> str | None:
    """Return what git says there; None where there is no git, no repository or no commit yet."""
    command = ["git", "-C", str(folder), *words]
    quiet = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(  # noqa: S603 - the user's own git, found where their shell finds it
            command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True, env=quiet
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
