"""Late compiler: torch's compiler, which its optimizers import at their first step, is left until it is used.

Importing it takes as long as torch itself, and two of its functions then stand beside every step of every
optimizer: `disable` and `graph_break`, which mean nothing to a loop that nobody compiles. Whatever else is
asked of the module imports it, and all is as usual from then on.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

COMPILER: Final = "torch._dynamo"
CACHED: Final = "__dynamo_disable"
"""Where torch notes what it made of a function of its own that is not to be compiled."""


def leave_compiler() -> None:
    """Let the compiler be imported when it is used; where it is imported already, nothing is done.

    For processes of our own: a command and its workers.
    """
    import torch

    if COMPILER in sys.modules or not hasattr(torch, "_disable_dynamo"):
        return
    sys.modules[COMPILER] = torch._dynamo = _Late()
    sys.meta_path.insert(0, _Once())


class _Late(ModuleType):
    """Stands for the compiler until more is asked of it than to leave a loop alone."""

    def __init__(self) -> None:
        super().__init__(COMPILER, __doc__)
        self.__spec__ = spec = find_spec(COMPILER)
        self.__file__ = spec.origin if spec else None
        self._left: list[Any] = []

    def graph_break(self, msg: str = "") -> None:
        """Do nothing: no graph is being made."""

    def disable(self, fn: Any = None, recursive: bool = True, **options: Any) -> Any:  # noqa: FBT001, FBT002 - torch's
        """Return a function of torch's own as it is; it asks again once there is a compiler."""
        if fn is None or options != {"wrapping": False} or sys.modules[COMPILER] is not self:
            return self.__getattr__("disable")(fn, recursive, **options)
        self._left.append(fn)
        return fn

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # whoever looks through all modules
            raise AttributeError(name)
        return getattr(self._imported(), name)

    def _imported(self) -> ModuleType:
        """Return the compiler itself."""
        if sys.modules[COMPILER] is self:
            del sys.modules[COMPILER]
            try:
                importlib.import_module(COMPILER)
            except BaseException:
                sys.modules[COMPILER] = self
                raise
            while self._left:
                vars(self._left.pop()).pop(CACHED, None)
        return sys.modules[COMPILER]


class _Once(MetaPathFinder):
    """Finds a part of the compiler where it was imported meanwhile, along with the whole."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - how a finder is called
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Return where a part is that is there already; None for all else."""
        if fullname.startswith(f"{COMPILER}.") and fullname in sys.modules:
            return ModuleSpec(fullname, _There(sys.modules[fullname].__spec__))
        return None


class _There(Loader):
    """Loads a module that is there: it stays as it is."""

    def __init__(self, spec: ModuleSpec | None) -> None:
        self._spec = spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that has that name."""
        return sys.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """Leave it, with where it came from."""
        vars(module)["__spec__"] = self._spec  # some allow no setting
