"""Circular imports between files: `python lint/circles.py PACKAGE...` prints one; status 1 if there is any.

Imports inside functions and imports for types alone count. Circles between folders are import-linter's to
find, by the contract `acyclic_siblings`; circles through a folder's own `__init__` it does not see, and these
are found here.
"""

from __future__ import annotations

import sys
from graphlib import CycleError, TopologicalSorter

import grimp


def circle(*packages: str) -> tuple[str, ...]:
    """Return the modules of one circle, the first one again at its end; none where there is no circle."""
    graph = grimp.build_graph(*packages, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in sorted(graph.modules)}
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))  # graphlib goes from the imported to the importer
    return ()


def main(packages: list[str]) -> int:
    """Print the first circle; return the exit status."""
    modules = circle(*packages)
    if modules:
        sys.stdout.write(f"imports go round: {' -> '.join(modules)}\n")
        sys.stdout.write("move what both need into a file below them\n")
    return 1 if modules else 0


if __name__ == "__main__":
    sys.path.insert(0, "")  # the packages of this folder, wherever else they are installed
    sys.exit(main(sys.argv[1:]))
