"""Generated documents: the parts of them that are made from the code. `make docs` writes, a test compares."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from advisor.cli.columns import size
from advisor.cli.listing import listing
from advisor.cli.schemas.outputs import OUTPUTS, SAME, schema
from advisor.cli.terminal import STATUSES
from docs.api_pages import names
from docs.choice_pages import all_rules, choices, words
from docs.command_pages import commands, outputs
from docs.tables import table
from studies import catalogue
from studies.choice import sections, summary
from studies.datasets.files import readers
from studies.optimizers import OptimizerChoice
from studies.recipe import COMPRESSION_AXES
from studies.space import ranges

ROOT = Path(__file__).parent.parent
ON_REQUEST = "on request"
SCHEMAS = "docs/reference/schemas"


def optimizers() -> str:
    """Return the table of optimizers."""
    rows = []
    for name, choice in catalogue.choices("optimizer").items():
        if issubclass(choice, OptimizerChoice):
            state, lr = f"{choice.state_floats:g}", str(ranges(choice)["lr"])
            rows.append(
                (f"`{name}`", summary(choice), sections(choice)["Helps"], state, lr, _offered(choice))
            )
    return table(
        ("optimizer", "what it does", "helps", "state floats a parameter", "lr searched", "offered"), rows
    )


def schedules() -> str:
    """Return the table of schedules."""
    rows = [
        (f"`{name}`", summary(choice), sections(choice)["Helps"])
        for name, choice in catalogue.choices("schedule").items()
    ]
    return table(("schedule", "what it does", "helps"), rows)


def regularizers() -> str:
    """Return the table of regularizers."""
    rows = [
        (f"`{name}`", summary(choice), sections(choice)["Helps"], _offered(choice))
        for name, choice in catalogue.choices("regularizers").items()
    ]
    return table(("regularizer", "what it does", "helps", "offered"), rows)


def wrappers() -> str:
    """Return the table of wrappers."""
    rows = []
    for row in _listed("wrappers"):
        helps = sections(catalogue.find("wrappers", row["name"]))["Helps"]
        offered = "yes" if row["searched"] else ON_REQUEST
        rows.append((f"`{row['name']}`", row["summary"], helps, f"{row['state_floats']:g}", offered))
    return table(("wrapper", "what it does", "helps", "state floats a parameter", "offered"), rows)


def compression() -> str:
    """Return the table of what makes a trained model small."""
    rows = [
        (f"`{name}`", axis, summary(choice), sections(choice)["Helps"], _offered(choice))
        for axis in COMPRESSION_AXES
        for name, choice in catalogue.choices(axis).items()
        if name != "none"
    ]
    return table(("pass", "axis", "what it does", "helps", "offered"), rows)


def models() -> str:
    """Return the table of models."""
    rows = [(f"`{row['name']}`", row["summary"], row["takes"]) for row in _listed("models")]
    return table(("model", "what it is", "takes"), rows)


def datasets() -> str:
    """Return the table of built-in datasets."""
    rows = [
        (f"`{row['name']}`", row["summary"], row["task"], size(row), row["source"], row["licence"])
        for row in _listed("datasets")
        if row["rows"]
    ]
    return table(("dataset", "what it is", "task", "rows x columns", "source", "licence"), rows)


def forms() -> str:
    """Return the table of the forms of files that are read."""
    rows = [
        (
            ", ".join(f"`{ending}`" for ending in reader.endings),
            reader.form,
            "named" if reader.takes_target else "in the file",
            reader.part or "nothing",
            "yes" if reader.packed else "no",
        )
        for reader in dict.fromkeys(readers().values())
    ]
    return table(("ending", "what is read", "target", "named behind a colon", "may be compressed"), rows)


def folders() -> str:
    """Return the table of the folders: a line each, from the first line of its `__init__`."""
    rows = [
        (f"[{_name(folder)}]({_name(folder)})", _first_line(folder / "__init__.py")) for folder in _packages()
    ]
    return table(("folder", "what lies there"), rows)


def files() -> str:
    """Return the map of the files: under each folder a line a file, from its own first line."""
    parts = []
    for folder in _packages():
        parts.append(f"## {_name(folder)}\n\n{_first_line(folder / '__init__.py')}\n")
        parts += _lines(folder)
    return "\n".join(["", *parts])


def statuses() -> str:
    """Return the table of the exit statuses."""
    return table(("status", "meaning"), [(str(status), meaning) for status, meaning in STATUSES.items()])


Parts = dict[str, Callable[[], str]]
DOCUMENTS: dict[str, Parts] = {
    "README.md": {"folders": folders},
    "docs/reference/catalogue.md": {
        "optimizers": optimizers,
        "schedules": schedules,
        "regularizers": regularizers,
        "wrappers": wrappers,
        "compression": compression,
        "models": models,
        "datasets": datasets,
        "forms": forms,
    },
    "docs/guides/commands.md": {"statuses": statuses},
    "docs/reference/api.md": {"names": names},
    "docs/reference/choices.md": {"choices": choices},
    "docs/reference/commands.md": {"commands": commands},
    "docs/reference/json.md": {"outputs": outputs},
    "docs/reference/rules.md": {"rules": all_rules},
    "docs/reference/words.md": {"words": words},
    "docs/files.md": {"files": files},
}
"""The generated parts of each document, by the name that stands around them there."""


def written(document: str) -> str:
    """Return a document with its generated parts made anew."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for name, make in DOCUMENTS[document].items():
        part = f"<!-- {name} -->\n{make()}\n<!-- /{name} -->"
        text = re.sub(f"<!-- {name} -->.*?<!-- /{name} -->", lambda _, part=part: part, text, flags=re.DOTALL)
    return text


def schemas() -> dict[str, str]:
    """Return the files of `docs/reference/schemas`: by its name, the JSON Schema of what a command prints."""
    return {
        f"{SCHEMAS}/{command.replace(' ', '-')}.json": f"{json.dumps(schema(command), indent=1)}\n"
        for command in OUTPUTS
        if command not in SAME
    }


def _packages() -> list[Path]:
    """Return every folder of code, those inside it after it."""
    return sorted(
        init.parent for top in ROOT.glob("*/__init__.py") for init in top.parent.rglob("__init__.py")
    )


def _lines(folder: Path) -> list[str]:
    """Return a line for each file; none for choices, since the catalogue lists them."""
    if folder.name in catalogue.FOLDERS.values():
        return []
    paths = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    lines = "".join(f"- [{path.name}](../{_name(path)}): {_first_line(path)}\n" for path in paths)
    return [lines] if lines else []


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _offered(choice: type) -> str:
    return "yes" if getattr(choice, "offered", False) else ON_REQUEST


def _listed(kind: str) -> list[dict[str, Any]]:
    return listing(kind, ROOT)


if __name__ == "__main__":
    for name in DOCUMENTS:
        (ROOT / name).write_text(written(name), encoding="utf-8")
        sys.stderr.write(f"wrote {name}\n")
    for name, text in schemas().items():
        (ROOT / name).write_text(text, encoding="utf-8")
