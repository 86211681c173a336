"""Shell completion: the names that may stand for an argument; only names are read, nothing heavy loads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import typer

Complete = Callable[[str], list[str]]


def study_name(context: typer.Context, incomplete: str) -> list[str]:
    """Return the studies of the home, that of `--home` or the usual one."""
    from studies.storage.home import default_home, study_names

    home = context.params.get("home")
    return _begun(study_names(Path(home) if home else default_home()), incomplete)


def dataset(incomplete: str) -> list[str]:
    """Return the built-in datasets; the shell offers files where none matches."""
    return _begun(_choices("dataset"), incomplete)


def kind(incomplete: str) -> list[str]:
    """Return what `advisor list` lists."""
    from advisor.cli.listing import KINDS

    return _begun(KINDS, incomplete)


def explained(incomplete: str) -> list[str]:
    """Return most of what `advisor explain` knows: all but the choices whose files load torch."""
    from advisor.decide.rulebook import rules
    from advisor.explanations import words
    from studies.catalogue import LIGHT_AXES

    chosen = [name for axis in LIGHT_AXES for name in _choices(axis)]
    return _begun(dict.fromkeys([*chosen, *rules(), *words.names()]), incomplete)


def several_of(axis: str) -> Complete:
    """Return what completes the last of several names of the catalogue, with commas between them."""

    def complete(incomplete: str) -> list[str]:
        before, comma, last = incomplete.rpartition(",")
        return [before + comma + name for name in _begun(_choices(axis), last)]

    return complete


def one_of(*names: str) -> Complete:
    """Return what completes one of these words."""
    return lambda incomplete: _begun(names, incomplete)


def _choices(axis: str) -> list[str]:
    from studies import catalogue

    return [name for name in catalogue.choices(axis) if name != "none"]


def _begun(names: Iterable[str], incomplete: str) -> list[str]:
    """Return the names that go on from what was typed, which stays as it is: a shell changes no letter."""
    length = len(incomplete)
    return [incomplete + name[length:] for name in names if name[:length].lower() == incomplete.lower()]
