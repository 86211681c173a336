"""Scopes: the names that a definition binds, and what an import in it gives."""

from __future__ import annotations

import ast
import importlib
from types import ModuleType
from typing import Any


def attribute_of(module: ModuleType, name: str) -> Any:
    """Return what a module holds under a name, a module inside it too."""
    return (
        getattr(module, name)
        if hasattr(module, name)
        else importlib.import_module(f"{module.__name__}.{name}")
    )


def is_text(node: ast.stmt) -> bool:
    """Tell whether a statement is a string alone."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def bound_in(definition: ast.AST) -> set[str]:
    """Return all names that functions in a definition bind, and the definition itself if it is one."""
    skipped = {
        id(part)
        for node in ast.walk(definition)
        if isinstance(node, ast.ClassDef)
        for statement in node.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for part in ast.walk(statement)
    }
    names = set[str]()
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load) and id(node) not in skipped:
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef) and node is not definition and not is_method(node):
            names.add(node.name)
        elif isinstance(node, ast.ExceptHandler):
            names |= {node.name} if node.name else set()
    return names


def is_method(node: ast.FunctionDef) -> bool:
    """Tell whether a function inside a definition is called by way of an object."""
    return bool(node.args.args) and node.args.args[0].arg in {"self", "cls"}


def class_level(definition: ast.AST) -> set[str]:
    """Return the names that a class binds in its body."""
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    parts = [part for node in body for part in ast.walk(node) if isinstance(part, ast.Name)]
    return {part.id for part in parts if not isinstance(part.ctx, ast.Load)}


def imported_in(definition: ast.AST) -> dict[str, tuple[Any, str]]:
    """Return what the imports in a definition give, by name, each with the module that it is taken from."""
    objects = dict[str, tuple[Any, str]]()
    for node in ast.walk(definition):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            for alias in node.names:
                objects[alias.asname or alias.name] = attribute_of(module, alias.name), node.module
        elif isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name if alias.asname else alias.name.partition(".")[0]
                objects[alias.asname or root] = importlib.import_module(root), ""
    return objects
