"""Help of the whole command line: its commands by what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from typer.core import TyperGroup

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "From data to advice": ("profile", "search", "resume", "recommend"),
    "With the answer": ("compress", "ablate", "predict", "export", "report", "register"),
    "Look around": ("list", "logs", "note", "explain", "plot", "dashboard", "import", "sync"),
    "For programs, and when something is wrong": ("mcp", "schema", "doctor"),
}
"""Headings, each with its commands in the order of the help."""


class GroupedHelp(TyperGroup):
    """Help that lists the commands under headings."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the names of the commands in the order of the headings."""
        grouped = [name for names in GROUPS.values() for name in names if name in self.commands]
        return [*grouped, *(name for name in self.commands if name not in grouped)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the commands, a heading before those of each group."""
        width = max(map(len, self.commands))
        for heading, names in GROUPS.items():
            rows = [(f"{name:<{width}}", self._summary(name)) for name in names if name in self.commands]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def _summary(self, name: str) -> str:
        return (self.commands[name].help or "").partition("\n")[0]
