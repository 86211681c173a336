"""Published measurements, shipped as tables: who beat AdamW where, and at which learning rates.

Read with the standard library only. Tables, sources, licences and what was left out: README.md here.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent

CLASSES: Final[Mapping[str, str]] = {
    "tabular_mlp": "an MLP on tables",
    "tabular_resnet": "a residual MLP on tables",
    "tabular_transformer": "a transformer on tables",
    "transformer": "a transformer on text",
    "finetuning": "fine-tuning on text",
    "cnn": "a CNN on images",
    "rnn": "a recurrent net",
    "embeddings": "a net of embedding tables",
    "short_net": "nets trained for a few hundred steps",
    "short_linear": "linear models trained for a few hundred steps",
    "mixed": "problems of all kinds",
}
"""Problem classes, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Source of figures: citation, repository and licence."""

    citation: str
    repository: str
    licence: str
    halved: Mapping[str, str]
    """Names whose log-odds count half, each with the flaw in its measurement."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Name:
    """Name that a source uses, as an optimizer or a wrapper of ours."""

    optimizer: str
    """Empty when the catalogue has none such."""
    wrapper: str
    remark: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Comparison of one tuned optimizer with AdamW on one task."""

    source: str
    problem_class: str
    setting: str
    """The backbone or the length of the run; a task may appear in several."""
    task: str
    """What is independent of the others: a data set, or the size of a language model."""
    optimizer: str
    """As the source calls it; so is `against`."""
    against: str
    outcome: str
    """win | tie | loss; empty for AdamW itself."""
    rank: int
    """1 is the best of `compared`."""
    compared: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Rank:
    """Rank: the mean rank of an optimizer over some tasks."""

    source: str
    optimizer: str
    problem_class: str
    setting: str
    n: int
    mean_rank: float
    compared: int
    how: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LearningRates:
    """Learning rates that tuning ended at."""

    source: str
    optimizer: str
    problem_class: str
    setting: str
    n: int
    """Tuned runs behind the quantiles."""
    median: float
    q10: float
    q90: float
    schedule: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """Judged log-odds against AdamW, from papers, where there is nothing to count."""

    problem_class: str
    optimizer: str
    log_odds: float
    source: str


@cache
def sources() -> Mapping[str, Source]:
    """Return the sources by their short names."""
    tables = tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))
    return {name: Source(**{"halved": {}} | fields) for name, fields in tables.items()}


@cache
def names() -> Mapping[tuple[str, str], Name]:
    """Return what (source, its name for an optimizer) stands for here."""
    return {
        (row["source"], row["name"]): Name(
            optimizer=row["optimizer"], wrapper=row["wrapper"], remark=row["remark"]
        )
        for row in table_rows("names.csv")
    }


@cache
def comparisons() -> tuple[Comparison, ...]:
    """Return every comparison with AdamW."""
    return tuple(
        Comparison(**{**row, "rank": int(row["rank"]), "compared": int(row["compared"])})  # type: ignore[arg-type]
        for row in table_rows("comparisons.csv")
    )


@cache
def ranks() -> tuple[Rank, ...]:
    """Return the mean ranks of sources that compare with something other than AdamW."""
    return tuple(
        Rank(**row | _typed(row, n=int, mean_rank=float, compared=int)) for row in table_rows("ranks.csv")
    )


@cache
def learning_rates() -> tuple[LearningRates, ...]:
    """Return the tuned learning rates."""
    numbers = ("median", "q10", "q90")
    return tuple(
        LearningRates(**{**row, "n": int(row["n"]), **{name: float(row[name]) for name in numbers}})  # type: ignore[arg-type]
        for row in table_rows("lrs.csv")
    )


@cache
def judged() -> tuple[Judged, ...]:
    """Return the judged log-odds."""
    return tuple(Judged(**{**row, "log_odds": float(row["log_odds"])}) for row in table_rows("judged.csv"))  # type: ignore[arg-type]


def table_rows(file: str) -> list[dict[str, str]]:
    """Return the rows of a table of this folder, by the names of its columns."""
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _typed(row: Mapping[str, str], **columns: Callable[[str], Any]) -> dict[str, Any]:
    """Return some columns of a row as numbers."""
    return {name: read(row[name]) for name, read in columns.items()}
