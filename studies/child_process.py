"""Child process: our own interpreter on a module of ours, as every process that is started here is.

With `-P` it imports nothing that lies in the working directory: a `queue.py` beside the user's data is not
Python's. A module of the user's own is found there all the same, when it is named: see `studies.imports`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
"""The folder that holds our packages."""
CALL: Final = (
    "import sys; sys.path.append(sys.argv[1]); from {module} import {function}; {function}(sys.argv[2:])"
)


def command_of(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours with some arguments.

    Example:
        >>> command_of("advisor", "search", "iris")[1:]
        ['-P', '-m', 'advisor', 'search', 'iris']
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def call_of(module: str, function: str, *arguments: object) -> list[str]:
    """Return the command that calls a function of a module of ours with the list of some arguments, as texts.

    Our packages are found also where they are not installed: their folder is the last that is looked at.

    Example:
        >>> call_of("studies.engines.fork_server", "serve", 3)[-1]
        '3'
    """
    program = CALL.format(module=module, function=function)
    return [sys.executable, "-P", "-c", program, str(ROOT), *map(str, arguments)]
