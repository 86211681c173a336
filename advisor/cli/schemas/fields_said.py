"""Descriptions of fields: the line of text below a field in the source of its class."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from functools import cache
from itertools import pairwise


@cache
def descriptions(owner: type) -> dict[str, str]:
    """Return what is said below each field of a class, those of its bases included, in one line each.

    What Python calls None is called null, as it is in JSON.

    Example:
        >>> from studies.limits import Budget
        >>> descriptions(Budget)["trials"]
        "Recipes asked of the search; the finalists' confirmation runs come on top."
    """
    texts: dict[str, str] = {}
    for base in reversed(owner.__mro__):
        if base.__module__.partition(".")[0] in {"advisor", "studies"}:
            texts |= _below(base)
    return texts


def _below(owner: type) -> dict[str, str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return {
        line.target.id: re.sub(r"\bNone\b", "null", " ".join(text.value.value.split()))
        for line, text in pairwise(body)
        if isinstance(line, ast.AnnAssign)
        and isinstance(line.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
