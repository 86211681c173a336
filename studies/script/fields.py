"""Fields of a choice inside an expression: which expressions they make a number, and what is it worth."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from studies.script.literals import is_plain

if TYPE_CHECKING:
    from studies.choice import Choice

NOT_CONSTANT: Final = object()
"""What an expression is worth that depends on more than fields."""


class Fields:
    """Fields of a choice, and arguments whose values are known.

    Args:
        choice: None where there is none.
        known: values by the names of arguments.
    """

    def __init__(self, choice: Choice | None, known: Mapping[str, Any]) -> None:
        self.choice = choice
        self.scope = {"self": choice, **known}

    def read_in(self, node: ast.AST) -> bool:
        """Tell whether an expression reads one of them."""
        return self.choice is not None and any(
            isinstance(part, ast.Name) and part.id in self.scope for part in ast.walk(node)
        )

    def value(self, node: ast.AST) -> Any:
        """Return what an expression is worth that holds nothing but fields and numbers."""
        for part in ast.walk(node):
            if isinstance(part, ast.Name) and part.id not in self.scope:
                return NOT_CONSTANT
            if isinstance(part, ast.Attribute) and not self._is_field(part):
                return NOT_CONSTANT
            if isinstance(part, ast.Call | ast.Subscript | ast.Lambda):
                return NOT_CONSTANT
        expression = ast.Expression(body=node)  # type: ignore[arg-type]
        value = eval(compile(expression, "<choice>", "eval"), self.scope)  # noqa: S307 - fields and numbers
        return value if is_plain(value) else NOT_CONSTANT

    def change_nothing(self, node: ast.BinOp) -> bool:
        """Tell whether the left side is a zero that is added to, or a one that is multiplied by."""
        neutral = 0 if isinstance(node.op, ast.Add) else 1 if isinstance(node.op, ast.Mult) else None
        return neutral is not None and self.read_in(node.left) and self.value(node.left) == neutral

    def _is_field(self, node: ast.Attribute) -> bool:
        return isinstance(node.value, ast.Name) and is_plain(
            getattr(self.scope.get(node.value.id), node.attr, NOT_CONSTANT)
        )
