"""Child process: our own interpreter on a module of ours, as every process that is started here is.

With `-P` it imports nothing that lies in the working directory: a `queue.py` beside the user's data is not
Python's. A module of the user's own is found there all the same, when it is named: see `studies.imports`.
"""

from __future__ import annotations

import sys


def command_of(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours with some arguments.

    Example:
        >>> command_of("advisor", "search", "iris")[1:]
        ['-P', '-m', 'advisor', 'search', 'iris']
    """
    return [sys.executable, "-P", "-m", module, *arguments]
