"""Check: a statement on whether the study is sound, with what is the case and what to do about it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from advisor.statements.statement import Statement


@dataclass(frozen=True, kw_only=True)
class Check(Statement):
    """Check: one question of the checklist; `name` is what it asks about."""

    name: ClassVar[str]
    passed: bool
    command: str = ""
    """A command that does what is to be done, ready to run; empty where none does."""

    @property
    @abstractmethod
    def message(self) -> str:
        """Return what is the case, with the numbers."""

    @property
    @abstractmethod
    def fix(self) -> str:
        """Return what to do when it failed."""

    def __str__(self) -> str:
        if self.passed:
            return f"{self.name}: {self.message}."
        run = f" ({self.command})" if self.command else ""
        return f"{self.name}: {self.message}. To do: {self.fix}{run}."

    def to_dict(self) -> dict[str, Any]:
        """Return plain values: those of a statement, and the parts of the sentence by themselves."""
        parts = {
            "name": self.name,
            "passed": self.passed,
            "message": self.message,
            "fix": "" if self.passed else self.fix,
        }
        return super().to_dict() | parts | {"command": self.command}
