"""Sources of a user's model: the files that its module is made of, with those beside it that they import."""

from __future__ import annotations

import ast
import importlib.util
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studies.bundle.build import CODE

if TYPE_CHECKING:
    from studies.models import ModelChoice

INSTALLED: Final = tuple(
    Path(sysconfig.get_path(kind)).resolve() for kind in ("stdlib", "purelib", "platlib")
)


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """Entry of a model in a bundle: how it is built again, and from which files."""

    model: Mapping[str, Any]
    """name and fields, as `bundle.json` has them."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Text of the user's own files, by their path below `code/`."""
    complete: bool = True
    """Whether that is all it takes; False for what was made in memory."""


def entry_of(model: ModelChoice) -> ModelEntry:
    """Return how a model is built again where its own files are not."""
    name, fields = model.name(), model.fields()
    reference = str(fields.get("factory", "")) or (name if ":" in name else "")
    if not reference:
        return ModelEntry(model={"name": name, "fields": fields})
    source, _, attribute = reference.rpartition(":")
    placed, files, complete = _placed(source, attribute)
    if "factory" in fields:
        return ModelEntry(
            model={"name": name, "fields": fields | {"factory": placed}}, files=files, complete=complete
        )
    return ModelEntry(model={"name": placed, "fields": fields}, files=files, complete=complete)


def _placed(source: str, attribute: str) -> tuple[str, dict[str, str], bool]:
    """Return the reference as the bundle has it, its files, and whether these are all it takes."""
    if source.endswith(".py"):
        path = Path(source).resolve()
        return (
            f"{CODE}{path.name}:{attribute}",
            dict(texts_with_neighbours(path, path.parent)),
            path.is_file(),
        )
    reference = f"{source}:{attribute}"
    path_found = _module_file(source)
    if path_found is None or not attribute.isidentifier():
        return reference, {}, False
    if path_found.is_relative_to(Path(__file__).resolve().parents[1]) or any(
        path_found.is_relative_to(folder) for folder in INSTALLED
    ):
        return reference, {}, True
    root = path_found.parents[source.count(".") + (path_found.name == "__init__.py")]
    return reference, dict(texts_with_neighbours(path_found, root)), True


def _module_file(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):  # no such package, or __main__
        return None
    return Path(spec.origin).resolve() if spec and spec.origin and spec.origin.endswith(".py") else None


def texts_with_neighbours(path: Path, root: Path) -> Iterator[tuple[str, str]]:
    """Yield a file and those below `root` that it imports, each by its path from there."""
    waiting, done = [path], set[Path]()
    while waiting:
        file = waiting.pop()
        if file in done or not file.is_file():
            continue
        done.add(file)
        text = file.read_text(encoding="utf-8")
        yield file.relative_to(root).as_posix(), text
        waiting += _imported(text, file, root)


def _imported(text: str, file: Path, root: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names, base = [alias.name for alias in node.names], root
        elif isinstance(node, ast.ImportFrom):
            base = file.parents[node.level - 1] if node.level else root
            stem = node.module or ""
            names = [stem, *(f"{stem}.{alias.name}".strip(".") for alias in node.names)]
        else:
            continue
        for name in filter(None, names):
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                place = base.joinpath(*parts[:end])
                yield from (place.with_suffix(".py"), place / "__init__.py")
