"""Data files of the home: those to choose from, uploads, and the name of a study of one."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Final

from advisor.agents.launch_process import NO_LINKS, inside
from studies.datasets.files import Place, endings, names_code
from studies.errors import BadWorkload
from studies.storage.home import free_name, writable

UPLOADS: Final = "uploads"
LONGEST: Final = 60
OFFERED: Final = 200
"""Files of the home that are listed to choose from."""
DIGEST: Final = re.compile(r"-[0-9a-f]{8}$")
"""What the name of an upload ends with, before its ending."""


def files(home: Path) -> tuple[str, ...]:
    """Return the data files of the home as paths from there, uploads first.

    Links that lead elsewhere are left out.
    """
    root = home.resolve()
    paths = (Path(folder) / name for folder, _, files_in_it in os.walk(root) for name in files_in_it)
    data = [path for path in paths if Place(path=path).ending and path.resolve().is_relative_to(root)]
    names = sorted(
        (str(path.relative_to(root)) for path in data), key=lambda path: (not path.startswith(UPLOADS), path)
    )
    return tuple(names[:OFFERED])


def keep_upload(home: Path, name: str, content: bytes) -> Path:
    """Write an upload into the home and return where; the same content of the same name is kept once.

    Raises:
        BadWorkload: a form of file that is not read here.
    """
    file_name = Path(name.replace("\\", "/")).name
    place = Place(path=Path(file_name))
    if not place.ending:
        raise BadWorkload(
            f"'{file_name}' is no file that is read here; upload one that ends with {', '.join(endings())}"
        )
    folder = inside(writable(home), Path(UPLOADS))
    folder.mkdir(exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()[:8]
    path = folder / f"{_file_stem(place.name)}-{digest}{place.ending}{place.packing}"
    if not path.exists():
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINKS, 0o600), "wb") as file:
            file.write(content)
        part.rename(path)
    return path


def name_for(home: Path, source: str) -> str:
    """Return a name for a study of this data that is not taken."""
    stem = Path(source).stem.rpartition(":")[2] if names_code(source) else Place.of(source).name
    if Path(source).parent == home.resolve() / UPLOADS:
        stem = DIGEST.sub("", stem)
    launched = [path.stem for path in (home / "launched").glob("*.log")]
    return free_name(home, _file_stem(stem), taken=launched)


def _file_stem(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:LONGEST].strip("-_") or "data"
