"""Names in a script, as a writer of one definition asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from studies.choice import Choice


class Script(Protocol):
    """Script that a definition is written for; `studies.script.definitions.Definitions` is the only one."""

    uses: set[str]
    model: Any

    def resolved(self, name: str, target: Any, module: str = "") -> str:
        """Return the name in the script of what a name stands for in its file."""

    def method(self, choice: Choice, method: str, name: str) -> str:
        """Return the name of a function that does what a choice's method does."""

    def is_ours(self, target: Any) -> bool:
        """Tell whether something is copied rather than imported."""

    def workload_value(self, path: str) -> Any:
        """Return what stands under a path of attributes in the workload."""
