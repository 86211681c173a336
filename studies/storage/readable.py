"""Readable: the one plain line for a journal that holds what no study has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from studies.errors import StoreError, one_line

UNREADABLE: Final = (
    LookupError, ValueError, TypeError, AttributeError, ArithmeticError, AssertionError, OSError,
)  # fmt: skip
"""What reading raises of a file that is no journal: of values of another kind, size or number."""


@contextmanager
def readable(journal: str) -> Iterator[None]:
    """Tell in one line that a journal holds what no study has: damaged, or written by something else.

    Raises:
        StoreError: reading it raised whatever values of other kinds raise.
    """
    try:
        yield
    except StoreError:
        raise
    except UNREADABLE as error:
        raise StoreError(
            f"journal {journal} cannot be read ({one_line(error, longest=200)}); "
            "restore it from a copy or delete it"
        ) from None
