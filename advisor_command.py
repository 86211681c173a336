"""Script `advisor`: it ends without a traceback also when Ctrl-C meets its first imports."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line; until it takes Ctrl-C itself, that ends the process as the system does."""
    if usual := signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from advisor.cli.app import main as run

    if usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
