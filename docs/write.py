"""Write the parts of README.md that are made from the code: `make docs`. A test compares them."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any

from advisor.catalogues import listing
from advisor.listing import size
from studies import catalogue
from studies.choice import sections, summary
from studies.optimizers import OptimizerChoice
from studies.recipe import COMPRESSION_AXES
from studies.space import ranges

ROOT = Path(__file__).parent.parent
ASKED = "on request"
FOLDERS = ("studies", "advisor", "dashboard", "benchmarks")


def optimizers() -> str:
    """Return the table of optimizers."""
    rows = []
    for name, choice in catalogue.choices("optimizer").items():
        if issubclass(choice, OptimizerChoice):
            state, lr = f"{choice.state_floats:g}", str(ranges(choice)["lr"])
            rows.append(
                (f"`{name}`", summary(choice), sections(choice)["Helps"], state, lr, _offered(choice))
            )
    return _table(
        ("optimizer", "what it does", "helps", "state floats a parameter", "lr searched", "offered"), rows
    )


def schedules() -> str:
    """Return the table of schedules."""
    rows = [(f"`{n}`", summary(c), sections(c)["Helps"]) for n, c in catalogue.choices("schedule").items()]
    return _table(("schedule", "what it does", "helps"), rows)


def regularizers() -> str:
    """Return the table of regularizers."""
    rows = [
        (f"`{n}`", summary(c), sections(c)["Helps"], _offered(c))
        for n, c in catalogue.choices("regularizers").items()
    ]
    return _table(("regularizer", "what it does", "helps", "offered"), rows)


def wrappers() -> str:
    """Return the table of wrappers."""
    helps = {name: sections(choice)["Helps"] for name, choice in catalogue.choices("wrappers").items()}
    rows = [
        (
            f"`{row['name']}`",
            row["summary"],
            helps[row["name"]],
            f"{row['state_floats']:g}",
            "yes" if row["searched"] else ASKED,
        )
        for row in _listed("wrappers")
    ]
    return _table(("wrapper", "what it does", "helps", "state floats a parameter", "offered"), rows)


def compression() -> str:
    """Return the table of what makes a trained model small."""
    rows = [
        (f"`{name}`", axis, summary(choice), sections(choice)["Helps"], _offered(choice))
        for axis in COMPRESSION_AXES
        for name, choice in catalogue.choices(axis).items()
        if name != "none"
    ]
    return _table(("pass", "axis", "what it does", "helps", "offered"), rows)


def models() -> str:
    """Return the table of models."""
    rows = [(f"`{row['name']}`", row["summary"], row["takes"]) for row in _listed("models")]
    return _table(("model", "what it is", "takes"), rows)


def datasets() -> str:
    """Return the table of built-in datasets."""
    rows = [
        (f"`{row['name']}`", row["summary"], row["task"], size(row), row["source"], row["licence"])
        for row in _listed("datasets")
        if row["rows"]
    ]
    return _table(("dataset", "what it is", "task", "rows x columns", "source", "licence"), rows)


def files() -> str:
    """Return the map of the files: a line each, from their own first lines."""
    lines = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            doc = ast.get_docstring(ast.parse(path.read_text())) or ""
            if path.parent.name in catalogue.FOLDERS.values() and path.name != "__init__.py":
                continue  # the tables above list the choices
            name = str(path.relative_to(ROOT)).removesuffix("__init__.py")
            lines.append(f"{name:<30} {doc.splitlines()[0]}")
    return "\n".join(["```text", *lines, "```"])


PARTS = {
    "optimizers": optimizers, "schedules": schedules, "regularizers": regularizers, "wrappers": wrappers, "models": models,
    "compression": compression,
    "datasets": datasets, "files": files,
}  # fmt: skip


def written(readme: str) -> str:
    """Return the README with its generated parts made anew."""
    for name, make in PARTS.items():
        part = f"<!-- {name} -->\n{make()}\n<!-- /{name} -->"
        readme = re.sub(
            f"<!-- {name} -->.*?<!-- /{name} -->", lambda _, part=part: part, readme, flags=re.DOTALL
        )
    return readme


def _offered(choice: type) -> str:
    return "yes" if getattr(choice, "offered", False) else ASKED


def _listed(kind: str) -> list[dict[str, Any]]:
    return listing(kind, ROOT)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, tuple("---" for _ in columns), *rows))


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(written(path.read_text()))
    sys.stderr.write(f"wrote {path.name}\n")
