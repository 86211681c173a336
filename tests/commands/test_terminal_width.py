"""Text on a terminal is as wide as that, from 60 to 120 columns, and never broken in a word."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.report.layout import refold


def on_terminal(columns, *words):
    """Run a command on a terminal of so many columns; return what it printed."""
    reader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", *words], stdout=terminal, stderr=terminal, env=environment
    )
    os.close(terminal)
    printed = b""
    while chunk := _read(reader):
        printed += chunk
    os.close(reader)
    process.wait()
    return printed.decode().replace("\r\n", "\n")


def _read(reader):
    try:
        return os.read(reader, 65536)
    except OSError:  # nobody has the other end any more
        return b""


@pytest.mark.parametrize(
    "words", [("explain", "Muon"), ("list", "optimizers"), ("search", "--help"), ("no-such",)]
)
@pytest.mark.parametrize("columns", [60, 80])
def test_what_a_command_prints_is_no_wider_than_the_terminal(columns, words):
    lines = on_terminal(columns, *words).splitlines()

    assert lines
    assert max(map(len, lines)) <= columns


def test_a_command_to_copy_at_the_end_of_a_long_line_stands_whole_on_the_next():
    lines = on_terminal(60, "recommend").splitlines()

    assert lines[-1] == "  advisor list studies"
    assert lines[0].startswith("advisor: name a study")


@given(st.lists(st.text("ab ", max_size=80), max_size=5), st.integers(10, 60))
def test_a_text_that_is_folded_again_has_the_same_words_and_its_indents(lines, width):
    text = "\n".join(lines)
    folded = refold(text, width)

    assert folded.split() == text.split()
    assert all(len(line) <= width or len(line.split()) == 1 for line in folded.split("\n"))
    assert all(line in folded for line in lines if len(line) <= width)
