"""Snippet of a script: its optimizer and its schedule alone, to be read beside a recipe."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from studies.script.parts import Parts

ROOTS: Final = ("build_optimizer", "lr_factor", "lr_reaction")


def snippet(parts: Parts) -> str:
    """Return what builds the optimizer and gives the learning rate, with what these call and import.

    Classes are named rather than repeated: train.py has them.
    """
    return _snippet(parts.definitions, parts.imports)


def snippet_of(script: str) -> str:
    """Return the same of a whole script as text."""
    lines = [
        ast.unparse(node) for node in ast.parse(script).body if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return _snippet(script, lines)


def _snippet(definitions: str, import_lines: Iterable[str]) -> str:
    blocks = {name: node for node in ast.parse(definitions).body if (name := _defined(node))}
    wanted = _reached(blocks)
    code = [_source(definitions, node) for name, node in blocks.items() if name in wanted]
    imports = [line for line in import_lines if line.split()[-1] in _names(ast.parse("\n\n".join(code)))]
    return "\n\n".join([*(["\n".join(imports)] if imports else []), *code])


def _defined(node: ast.stmt) -> str:
    """Return the name that a statement defines; empty for another statement."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    return ""


def _reached(blocks: dict[str, ast.stmt]) -> set[str]:
    """Return the names of the definitions that the optimizer and the schedule take."""
    waiting, reached = list[str](name for name in ROOTS if name in blocks), set[str]()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if not isinstance(blocks[name], ast.ClassDef):
            waiting += _names(blocks[name]) & blocks.keys()
    return reached


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _source(text: str, node: ast.stmt) -> str:
    if isinstance(node, ast.ClassDef):
        return f"# class {node.name}: see train.py"
    return ast.get_source_segment(text, node) or ""
