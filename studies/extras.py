"""What choices from other packages share: finding the package, and which parameters are decayed."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

from studies.errors import BadValue

if TYPE_CHECKING:
    from studies.routing import Routes


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


def decay_groups(routes: Routes, weight_decay: float) -> list[dict[str, Any]]:
    """Return two parameter groups: weights, decayed, and biases and norms, left alone."""
    return [
        {"params": routes.decayed, "weight_decay": weight_decay},
        {"params": routes.exempt, "weight_decay": 0.0},
    ]
