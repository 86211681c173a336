"""Commands that a reader can paste: go on with a study, or search its workload anew."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studies.home import default_home
from studies.limits import Budget


def resume(home: Path, name: str, plan: Mapping[str, Any]) -> str:
    """Return the command that goes on with a study under twice its budget; empty for one that names none."""
    if "budget" not in plan:
        return ""
    budget = Budget(**plan["budget"])
    doubled = f"{2 * budget.seconds:g}s" if budget.seconds is not None else f"{2 * (budget.trials or 1)}trials"
    return _line("resume", name, {"--budget": doubled}, home)


def search(home: Path, plan: Mapping[str, Any]) -> str:
    """Return the command that searches the workload of a study; empty for one that only code can name."""
    spec = plan.get("workload", {"source": ""})
    source = str(spec["source"])
    if not source or source.startswith("__main__:") or "<" in source:
        return ""
    custom = spec["model"] == "Custom"
    model = spec.get("model_fields", {}).get("factory") if custom else spec["model"]
    options = {
        "--target": spec.get("target"), "--metric": spec["metric"], "--direction": spec.get("direction"),
        "--model": None if spec.get("form") == "function" else model, "--seed": spec.get("seed"),
        "--budget": str(Budget(**plan["budget"])) if "budget" in plan else None,
    }  # fmt: skip
    return _line("search", source, options, home)


def compress(home: Path, name: str) -> str:
    """Return the command that makes the trained models of a study small."""
    return _line("compress", name, {}, home)


def recommend(home: Path, name: str, options: Mapping[str, str]) -> str:
    """Return the command that answers again from a study, under other limits or for another goal."""
    return _line("recommend", name, options, home)


def at_home(home: Path) -> str:
    """Return what a command needs to find this home, with a blank before it; nothing where it is the usual one."""
    return "" if home == default_home() else shlex.join(["", "--home", str(home)]).removeprefix("''")


def _line(command: str, subject: str, options: Mapping[str, Any], home: Path) -> str:
    where = {} if home == default_home() else {"--home": str(home)}
    given = [word for option, value in {**options, **where}.items() if value for word in (option, str(value))]
    return shlex.join(["advisor", command, subject, *given])
