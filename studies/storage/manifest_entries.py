"""Entries of a manifest that are more than one value: starts, a commit, advice, compression, a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from studies.limits import Budget


@dataclass(frozen=True, kw_only=True)
class Start:
    """Start: a recipe that is worth trying first, and where it is from."""

    params: Mapping[str, Any]
    """In flat form; what the search does not cover is read as near to it as it can."""
    origin: str
    """In words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Commit:
    """The git commit that a study's code or data stood at."""

    commit: str
    changed: bool
    """Whether the files differed from it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedAdvice:
    """A recommendation as it was written down when the study ended."""

    markdown: str
    json: str


@dataclass(frozen=True, kw_only=True)
class CompressionEntry:
    """Entry of a compression study: what it may spend, and what it uses."""

    budget: Budget
    """Of the compression alone, a total."""
    spent_seconds: float = 0.0
    students: tuple[str, ...] = ()
    """Models by name that are trained to answer as the finalists do."""
    teacher: str = ""
    """`module:name` or `file.py:name` of a function that returns a trained module; empty for none."""
    finalists: tuple[str, ...] = ()
    """Optimizers whose trained models are compressed, the one with most trials first; empty until it
    begins."""
    ended: bool = False
    """Whether it used up its budget or its space."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Read what was written.

        Earlier versions did not write whether it ended; it is taken to have.
        """
        known = {f.name: values[f.name] for f in fields(cls) if f.name in values}
        names = {name: tuple(values.get(name, ())) for name in ("students", "finalists")}
        budget, ended = Budget(**values["budget"]), bool(values.get("ended", True))
        return cls(**{**known, **names, "budget": budget, "ended": ended})


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """Sensitivity of a layer: what the loss becomes when one weight is treated and all others are left."""

    name: str
    """Of the weight, as in `model.named_parameters()`."""
    size: int
    """Numbers in it."""
    before: float
    """Loss of the model as it is."""
    levels: tuple[float, ...]
    """Shares set to zero, or bits a number, from mild to harsh."""
    losses: tuple[float, ...]
    """Loss at each level; infinite where it is no number."""

    @property
    def rises(self) -> tuple[float, ...]:
        """Return by how much the loss rises at each level; below 0 where it falls."""
        return tuple(loss - self.before for loss in self.losses)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
        return cls(**(dict(values) | {name: tuple(values[name]) for name in ("levels", "losses")}))
