"""Process of the page: Streamlit's server, which Ctrl-C ends in order and without a word."""

from __future__ import annotations

import sys


def main() -> None:
    """Run Streamlit's command line on this process's arguments; Ctrl-C is how a page is meant to end."""
    try:
        from click import ClickException
        from click.exceptions import Abort
        from streamlit.web.cli import main as streamlit

        try:
            streamlit(prog_name="streamlit", standalone_mode=False)
        except Abort:  # what click makes of Ctrl-C
            return
        except ClickException as error:
            error.show()
            sys.exit(error.exit_code)
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
