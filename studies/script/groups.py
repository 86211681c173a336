"""Groups of parameters as rules, each checked to give the same parameters in the same order."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn

HEAD: Final = "head = [module.weight for module in model.modules() if isinstance(module, nn.Linear)][-1]"
TABLES: Final = (
    "tables = {id(module.weight) for module in model.modules() "
    "if isinstance(module, (nn.Embedding, nn.EmbeddingBag))}"
)
RULES: Final = (
    ("", ""),
    ("", "p.requires_grad"),
    ("", "p.ndim >= 2"),
    ("", "p.ndim < 2"),
    ("head", "p.ndim >= 2 and p is not head"),
    ("head", "p is head"),
    ("head", "p is head or p.ndim < 2"),
    ("tables", "id(p) in tables"),
    ("tables", "id(p) not in tables"),
    ("tables", "p.ndim >= 2 and id(p) not in tables"),
    ("tables", "p.ndim < 2 or id(p) in tables"),
    ("head tables", "p.ndim >= 2 and p is not head and id(p) not in tables"),
    ("head tables", "p is head or id(p) in tables"),
    ("head tables", "p is head or (p.ndim < 2 and id(p) not in tables)"),
    ("head tables", "id(p) not in tables and (p.ndim < 2 or p is head)"),
)
"""What each needs to be there, and what it asks of a parameter; the first that fits is taken."""
NEEDED: Final = {"head": HEAD, "tables": TABLES}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Rule that gives the parameters of a group."""

    expression: str
    needs: tuple[str, ...] = ()
    """Lines before it, in the order in which they are to stand."""

    def in_list(self, model: str) -> str:
        """Return the rule as a list, for a model of another name."""
        expression = self.expression.replace("model.", f"{model}.")
        return expression if expression.startswith("[") else f"list({expression})"


def rule_for(model: nn.Module, parameters: Sequence[nn.Parameter]) -> Rule:
    """Return the simplest rule that gives these parameters of a model, else their names."""
    wanted = [id(parameter) for parameter in parameters]
    for needs, test in RULES:
        lines = tuple(NEEDED[name] for name in needs.split())
        expression = f"[p for p in model.parameters() if {test}]" if test else "model.parameters()"
        if _ids_by(model, lines, expression) == wanted:
            return Rule(expression=expression, needs=lines)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    listed = ", ".join(f'"{names[each]}"' for each in wanted)
    return Rule(expression=f"[model.get_parameter(name) for name in ({listed},)]" if wanted else "[]")


def _ids_by(model: nn.Module, lines: Sequence[str], expression: str) -> list[int] | None:
    scope: dict[str, Any] = {"nn": nn, "torch": torch, "model": model}
    try:
        for line in lines:
            exec(line, scope)  # noqa: S102 - one of the rules above
        return [id(parameter) for parameter in eval(expression, scope)]  # noqa: S307 - likewise
    except (IndexError, AttributeError, TypeError):
        return None


def rule_of(node: ast.expr, scope: Mapping[str, Any], model: nn.Module, name: str) -> str | None:
    """Return the rule for an expression that gives parameters of a model, as a list.

    Args:
        node: the expression.
        scope: what its names stand for.
        model: whose parameters they are.
        name: what the model is called in the script.
    """
    code = compile(ast.Expression(body=node), "<choice>", "eval")
    value = eval(code, dict(scope))  # noqa: S307 - of a choice that runs anyway
    rule = rule_for(model, value) if isinstance(value, list) else None
    return None if rule is None or rule.needs else rule.in_list(name)
