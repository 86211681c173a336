"""Filler words: names that do not say what they hold.

`python lint/names.py FOLDER...` lists each; status 1 if there is any.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FILLERS: Final = frozenset({"found", "one", "own", "kept", "told", "held", "mine", "asked", "seen", "given"})
"""They fit any value, so they tell of none."""
SERIALIZED: Final = frozenset({("studies/quantization/mixed.py", "kept")})
"""Fields that journals hold under such a name, by file."""


def fillers(source: str) -> list[tuple[int, str]]:
    """Return the line and the name of every filler word that a source binds, in order."""
    names = [name for node in ast.walk(ast.parse(source)) for name in _bound(node)]
    return sorted((line, name) for line, name in names if name in FILLERS)


def _bound(node: ast.AST) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
            yield node.lineno, name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield node.lineno, name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield node.lineno, name
        case ast.MatchMapping(rest=str(name)):
            yield node.lineno, name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from ((alias.lineno, alias.asname) for alias in aliases if alias.asname)


def main(folders: list[str]) -> int:
    """Print every filler word under some folders; return the exit status."""
    files = sorted(path for folder in folders for path in Path(folder).rglob("*.py"))
    if not files:
        sys.exit(f"no Python file lies in {', '.join(folders) or 'no folder'}; give the folders of the code")
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    places = [
        f"{path}:{line}: {name}"
        for path, text in texts.items()
        for line, name in fillers(text)
        if (path.as_posix(), name) not in SERIALIZED
    ]
    for place in places:
        sys.stdout.write(f"{place} says nothing of what it holds; name it for that\n")
    return 1 if places else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
