"""Optional packages: import one, or say how to install it."""

from __future__ import annotations

import importlib
from types import ModuleType

from studies.errors import BadValue


def require(module: str, extra: str, who: str) -> ModuleType:
    """Return a module of an optional package.

    Args:
        module: what is imported.
        extra: the extra of optimizer-advisor that installs it.
        who: the choice that needs it, for the message.

    Raises:
        BadValue: it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.split(".", maxsplit=1)[0]
        raise BadValue(f"{who} needs {package}; install it with: pip install 'optimizer-advisor[{extra}]'") from error
