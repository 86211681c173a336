"""Shown outputs: runs the commands that a page shows, in an empty folder, and writes what they print into it.

    python -m docs.shown docs/tutorial.md

A block of `console` holds commands, each after a `$ `, and below each what it printed on stdout. A comment
before the block, `<!-- paragraphs: 1-2 -->`, says which paragraphs of the last output are shown.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

ROOT: Final = Path(__file__).parent.parent
BLOCK: Final = re.compile(r"(?:<!-- paragraphs: (\d+)-(\d+) -->\n)?```console\n(.*?)```", flags=re.DOTALL)
COMMAND: Final = re.compile(r"^\$ (.*(?:\n> .*)*)$", flags=re.MULTILINE)
COLUMNS: Final = "84"
"""Width of the terminal that is shown: as many fit into a line of the page."""
FOLDER: Final = "/home/you"
"""Stands in outputs for the folder where the commands ran."""


def commands(text: str) -> list[str]:
    """Return the commands of the blocks of a page, as a shell takes them.

    A line that goes on stands behind `> `.
    """
    return [_plain(command) for block in BLOCK.findall(text) for command in COMMAND.findall(block[2])]


def filled(text: str, folder: Path) -> str:
    """Return a page whose blocks show what their commands print now.

    Args:
        text: the page.
        folder: where the commands run, one after the other.
    """
    return BLOCK.sub(lambda match: _block(match, folder), text)


def output(command: str, folder: Path) -> str:
    """Return what a command prints on stdout, and on stderr the line of an error that ends it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": COLUMNS, "ADVISOR_HOME": str(folder / ".advisor")}
    words = ["/bin/bash", "-c", command]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    printed = done.stdout.replace(str(folder.resolve()), FOLDER)
    error = done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
    return f"{printed.rstrip()}\n{error}".strip("\n")


def _block(match: re.Match[str], folder: Path) -> str:
    first, last, body = match.groups()
    outputs = [(command, output(_plain(command), folder)) for command in COMMAND.findall(body)]
    comment = ""
    if first:
        command, printed = outputs[-1]
        outputs[-1] = command, "\n\n".join(printed.split("\n\n")[int(first) - 1 : int(last)])
        comment = f"<!-- paragraphs: {first}-{last} -->\n"
    inside = "\n".join(f"$ {command}\n{printed}".rstrip("\n") for command, printed in outputs)
    return f"{comment}```console\n{inside}\n```"


def _plain(command: str) -> str:
    return command.replace("\n> ", "\n")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        page = Path(name)
        with TemporaryDirectory() as elsewhere:
            page.write_text(filled(page.read_text(encoding="utf-8"), Path(elsewhere)), encoding="utf-8")
        sys.stderr.write(f"ran {name}\n")
