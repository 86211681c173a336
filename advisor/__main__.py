"""`python -m advisor` is `advisor`."""

import sys
from pathlib import Path

if not sys.flags.safe_path and Path(sys.path[0]) != Path(__file__).parents[1]:
    del sys.path[0]  # the working directory, where a queue.py is not Python's; the script `advisor` has none


def run() -> None:
    """Run the command line, imported once the path is right."""
    from advisor.cli.app import main

    main()


run()
