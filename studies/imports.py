"""Imports by name: an object of the user's own, `module:name` or `file.py:name`, or an optional package."""

from __future__ import annotations

import dataclasses
import gc
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from importlib.machinery import PathFinder
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from studies import code_consent
from studies.callers_globals import users_dtype
from studies.errors import BadValue, BadWorkload, did_you_mean, shown
from studies.late_names import late
from studies.user_code import code_line

_REFERRED: Final[dict[str, Any]] = {}
"""What was handed over from code in this process, by the name that was made for it."""
_LOADED: Final[dict[str, Any]] = {}
"""What `load` returned last of a file of the user's own, by its name."""
_NUMBERS: Final = count(1)
"""What tells apart those that would have the same name."""
LONGEST_REFERENCE: Final = 4096
"""Characters: the longest path that Linux opens."""
USER_MODULES: Final = "advisor_user_"
"""How the names begin under which files of the user's own run as modules."""
NOWHERE: Final = ("__main__", "settings")
"""What stands for a module in references to what came from code and can be imported nowhere."""
LATE: Final = {"optimizers": ("torch.distributed.tensor", "transformers.integrations.deepspeed")}
"""What the packages of an extra import and need on several devices only: together 1.1 s of the processor."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Let the garbage collector rest inside the block, for imports: they leave many objects and no garbage.

    Looking through these again and again takes a fourth of the time that torch takes to import.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def load_torch() -> None:
    """Import torch, and what its first optimizer imports."""
    with uncollected():
        import torch

        torch.optim.SGD([torch.zeros(1)], lr=1.0)


def refer(target: object) -> str:
    """Return a name for an object that came from code; `load` finds it by that name while this process lives.

    It is `module:name`, so that another process finds it too, if it can be imported there.
    """
    for reference, referred in _REFERRED.items():
        if referred is target:
            return reference
    name = getattr(target, "__qualname__", None)
    # no import finds an instance
    reference = f"{target.__module__}:{name}" if name else f"__main__:{type(target).__qualname__}"
    if reference in _REFERRED:  # two lambdas of one function share a name, and a class that was written anew
        reference += f"-{next(_NUMBERS)}"
    _REFERRED[reference] = target
    return reference


def mentioned_in(value: object) -> dict[str, Any]:
    """Return what a value mentions by name and was named by `refer` or loaded from a file here.

    `adopt` lets another process find it by the same names. Looked through are dataclasses, tuples, lists,
    dicts, partial functions and objects of our own classes.
    """
    known = _LOADED | _REFERRED
    names = {part for part in _parts(value) if isinstance(part, str)}
    return {name: known[name] for name in sorted(names & known.keys())}


def _parts(value: object) -> Iterator[object]:
    """Yield a value and all that lies in it."""
    queue, passed = [value], {id(value)}
    while queue:
        part = queue.pop()
        yield part
        fresh = [each for each in _inside(part) if id(each) not in passed]
        passed |= set(map(id, fresh))
        queue += fresh


def _inside(part: Any) -> Iterable[object]:
    if isinstance(part, dict):
        return part.values()
    if isinstance(part, tuple | list):
        return part
    if isinstance(part, partial):
        return (part.func, *part.args, *part.keywords.values())
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        reference = getattr(part, "reference", "")  # of a choice
        return (*(getattr(part, f.name) for f in dataclasses.fields(part)), reference)
    ours = type(part).__module__.partition(".")[0] in {"studies", "advisor"}
    return list(vars(part).values()) if ours and hasattr(part, "__dict__") else ()


def adopt(referred: Mapping[str, Any]) -> None:
    """Let `load` find here what `refer` named in another process."""
    _REFERRED.update(referred)


def forget(target: object) -> None:
    """Let go of an object that `refer` named: its name means nothing from then on."""
    for reference in [name for name, referred in _REFERRED.items() if referred is target]:
        del _REFERRED[reference]


def fingerprint(reference: str) -> str | None:
    """Return 16 hex digits that change with the file behind `file.py:name`; None for any other reference."""
    path = Path(reference.rpartition(":")[0])
    if path.suffix != ".py" or not _is_file(path):
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def load(reference: str) -> Any:
    """Return the object that `module:name` or `file.py:name` names.

    A file is run again only when it has changed.

    Raises:
        BadWorkload: no such file, module or name, its import fails, or code is refused here; one line that
            says which.
    """
    if reference in _REFERRED:
        return _REFERRED[reference]
    code_consent.check(reference)
    source, _, name = reference.rpartition(":")
    if not source or not name or "\0" in reference or len(reference) > LONGEST_REFERENCE:
        raise BadWorkload(f"{shown(reference)} is not understood; write it as module:name or file.py:name")
    if source in NOWHERE or "<" in name or " " in name:
        raise BadWorkload(
            f"{shown(reference)} was given from code that is not running now; "
            "go on from there: advisor.resume"
        )
    module = run_file(Path(source).resolve()) if source.endswith(".py") else _from_module(source)
    if not hasattr(module, name):
        public = [key for key in vars(module) if not key.startswith("_")]
        raise BadWorkload(f"{source} has no {shown(name)}{did_you_mean(name, public)}")
    code_consent.remember(reference)
    target = getattr(module, name)
    if source.endswith(".py"):
        _LOADED[reference] = target
    return target


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than any file has
        return False


def run_file(path: Path) -> ModuleType:
    """Run a file of the user's own as a module, unless that was done and it has not changed.

    Raises:
        BadWorkload: no such file, or it raises an error.
    """
    if not _is_file(path):
        raise BadWorkload(f"no file {shown(str(path))}; give the path of a Python file, as in net.py:Net")
    return _run(path, path.stat().st_mtime_ns)


@cache
def _run(path: Path, changed: int) -> ModuleType:  # noqa: ARG001 - the time of the last change is part of the key
    name = f"{USER_MODULES}{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadWorkload(f"'{path}' is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class up by its module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))  # as `python file.py` finds the files beside it
    try:
        with users_dtype(noted=True):
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's file raises
        raise BadWorkload(f"{path} cannot be imported: {code_line(error, longest=300)}") from error
    return module


def _from_module(name: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last: a queue.py that lies there is not Python's
    try:
        with users_dtype(noted=True):
            _import_from_here(name.partition(".")[0])
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # whatever the user's module raises
        raise BadWorkload(
            f"module {shown(name)} cannot be imported: {code_line(error, longest=300)}"
        ) from error


def _import_from_here(name: str) -> None:
    """Import a top module of the working directory before an installed one of its name; none of Python's."""
    spec = PathFinder.find_spec(name, [str(Path.cwd())])
    if name in sys.modules or name in sys.stdlib_module_names or spec is None or spec.loader is None:
        return
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise


def require(module: str, extra: str, who: str) -> ModuleType:
    """Return a module of an optional package.

    Args:
        module: what is imported.
        extra: the extra of optimizer-advisor that installs it.
        who: the choice that needs it, for the message.

    Raises:
        BadValue: it is not installed.
    """
    try:
        with uncollected(), late(LATE.get(extra, ())):
            return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise BadValue(
            f"{who} needs {package}; install it with: pip install 'optimizer-advisor[{extra}]'"
        ) from error
