"""Known sources of runs: those of the folder, by the name of their kind or by the object that they read."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache

from advisor.jobs.runs import sources as folder
from advisor.jobs.runs.source import Source
from studies.errors import BadValue, did_you_mean, shown


@cache
def sources() -> dict[str, type[Source]]:
    """Return the sources by the name of their file, sorted."""
    modules = pkgutil.iter_modules(folder.__path__, f"{folder.__name__}.")
    return dict(sorted((module.name, source) for module in modules for source in _defined_in(module.name)))


def kinds() -> tuple[str, ...]:
    """Return the kinds that the command line can name."""
    return tuple(sorted(source.kind for source in sources().values() if source.kind))


def source_of_kind(kind: str) -> type[Source]:
    """Return the source of a kind.

    Raises:
        BadValue: there is none such.
    """
    for source in sources().values():
        if kind and source.kind == kind:
            return source
    known = kinds()
    raise BadValue(
        f"runs are not imported from {shown(kind)}{did_you_mean(kind, known)} Allowed: {', '.join(known)}"
    )


def source_in(kind: str, where: str, parts: Mapping[str, str | None]) -> Source:
    """Return the source that a command line names.

    Args:
        kind: `optuna`, `csv`, ...
        where: a path or an address.
        parts: which of several in it, by the option that says so.

    Raises:
        BadValue: no such kind, or an option that is another kind's.
    """
    source = source_of_kind(kind)
    for option, part in parts.items():
        if part is not None and option != source.within:
            instead = f"it has {source.within}" if source.within else "it holds one table of runs"
            raise BadValue(
                f"{option} is not for {kind}, {instead}; leave {option} out (--name names the new study)"
            )
    return source(where=where, part=parts.get(source.within) or "")


def source_of_object(value: object) -> Source:
    """Return the source that reads an object from code.

    Raises:
        BadValue: none does.
    """
    for source in sources().values():
        if source.takes(value):
            return source(where=value)
    raise BadValue(
        f"{type(value).__name__} holds no runs that are known here; give a study's name, advisor.Evidence, "
        "a list of advisor.Record or of dicts (one a run), a pandas DataFrame, or an optuna.Study"
    )


def _defined_in(module_name: str) -> Iterator[type[Source]]:
    for _, member in inspect.getmembers(importlib.import_module(module_name), inspect.isclass):
        if issubclass(member, Source) and member.__module__ == module_name:
            yield member
