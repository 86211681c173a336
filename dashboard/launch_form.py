"""Launch form: what the page asks of `advisor search`, checked before anything starts.

Names, files and settings come from a browser. Nothing outside the home is read or written: paths are
resolved, links too. Files are data in the forms that the command line reads as data only; code of the user's
own is refused unless the page was started with --allow-code.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from advisor.agents.launch_process import NO_LINKS, inside
from advisor.goals import USUAL
from studies.datasets.files import Place, endings, names_code, names_file, needs_target
from studies.errors import BadWorkload
from studies.limits import Budget, Limits
from studies.storage.home import check_name, free_name, writable
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec

UPLOADS: Final = "uploads"
LONGEST: Final = 60
OFFERED: Final = 200
"""Files of the home that are listed to choose from."""


@dataclass(frozen=True, kw_only=True)
class LaunchForm:
    """A search as the page asks for it; an empty text leaves it to the advisor."""

    source: str
    """A built-in dataset's name, or the resolved path of a file in the home."""
    study: str
    target: str = ""
    model: str = ""
    memory: str = ""
    model_size: str = ""
    latency: str = ""
    train_time: str = ""
    budget: str = "60s"
    goal: str = USUAL
    compression: str = "off"
    tracking: bool = True
    """Whether its runs go to MLflow too."""

    def arguments(self, home: Path) -> tuple[str, ...]:
        """Return the command line after `advisor`.

        A value never stands alone, so that none is taken for an option.
        """
        options = {
            "--target": self.target,
            "--model": self.model,
            "--memory": self.memory,
            "--model-size": self.model_size,
            "--latency": self.latency,
            "--train-time": self.train_time,
            "--budget": self.budget,
            "--goal": "" if self.goal == USUAL else self.goal,
            "--compression": "" if self.compression == "off" else self.compression,
            "--study": self.study,
            "--tracking-uri": "" if self.tracking else "off",
            "--home": str(home.resolve()),
        }
        return ("search", self.source, *(f"{option}={value}" for option, value in options.items() if value))


def check(form: LaunchForm, home: Path, *, allow_code: bool) -> None:
    """Check a form as far as it can be before the data is opened; the command line checks the rest.

    Raises:
        StudyError: what is wrong, in one line.
    """
    check_source(home, form.source, allow_code=allow_code)
    if needs_target(form.source) and not form.target:
        raise BadWorkload(f"'{Place.of(form.source).path.name}' needs a target, the column to predict")
    check_model(form.model, allow_code=allow_code)
    Limits.parse(
        memory=form.memory or None,
        model_size=form.model_size or None,
        latency=form.latency or None,
        train_time=form.train_time or None,
    )
    Budget.parse(form.budget)
    check_name(home, form.study)


def check_source(home: Path, source: str, *, allow_code: bool) -> None:
    """Check that data is a built-in dataset or a file in the home.

    Raises:
        BadWorkload: it is neither, or code that is not allowed.
    """
    from studies.data.opening import built_ins

    if not source:
        raise BadWorkload("choose the data first")
    if source.lower() in built_ins():
        return
    if names_code(source):
        _refuse_code(source, allow_code=allow_code)
        return
    place = Place.of(source)
    if not place.ending:
        known, name = ", ".join(endings()), place.path.name
        raise BadWorkload(f"'{name}' is no file that is read here; give one that ends with {known}")
    if not inside(home, place.path).is_file():
        raise BadWorkload(f"no file '{source}' in the home; upload it, or copy it there")


def check_model(model: str, *, allow_code: bool) -> None:
    """Check that a model is one of the catalogue, or allowed code.

    Raises:
        StudyError: it is neither.
    """
    from studies import catalogue

    if model and _names_code(model):
        _refuse_code(model, allow_code=allow_code)
    elif model:
        catalogue.find("model", model)


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
    launched = [path.stem for path in (home / "launched").glob("*.log")]
    return free_name(home, _file_stem(stem), taken=launched)


def own_code(manifest: StudyManifest) -> str:
    """Return the first piece of the user's own code that resuming a study would run; empty without any."""
    spec = manifest.workload or WorkloadSpec()
    named = ["" if names_file(spec.source) else spec.source, spec.model, spec.metric]
    named += [
        spec.factory,
        *manifest.code,
        *manifest.candidates,
        *(rule.partition("=")[0] for rule in manifest.rules),
    ]
    if compressing := manifest.compression_study:
        named += [compressing.teacher, *compressing.students]
    return next((name for name in named if name and _names_code(name)), "")


def _names_code(name: str) -> bool:
    """Tell whether a name is written as `module:name` or `file.py:name`."""
    return ":" in name


def _refuse_code(name: str, *, allow_code: bool) -> None:
    if not allow_code:
        raise BadWorkload(
            f"'{name}' is code, which this page does not run; start it with: advisor dashboard --allow-code"
        )


def _file_stem(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_")[:LONGEST].strip("-_") or "data"
