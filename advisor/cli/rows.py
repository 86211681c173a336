"""Rows of `advisor list`: what each kind of row holds, in its JSON and its schema."""

from __future__ import annotations

from typing import TypedDict

from studies.record import Stage, State


class Row(TypedDict):
    """Row of `list`: every kind has these."""

    name: str
    summary: str


class SearchedRow(Row):
    """Row of a choice that a search may offer by itself."""

    searched: bool


class StateRow(SearchedRow):
    """Row of an optimizer or a wrapper."""

    state_floats: float
    """Floats of state for each parameter."""


class ModelRow(Row):
    """Row of a model."""

    takes: str
    """Kinds of data, with commas between them."""


class DatasetRow(Row):
    """Row of a data set."""

    task: str
    kind: str
    rows: int
    """0 where a file of the user's own tells."""
    columns: int
    source: str
    licence: str


class RuleRow(Row):
    """Row of a rule."""

    grade: str
    """How strong its evidence is: A, B or C."""
    source: str


class StudyRow(Row):
    """Row of a study."""

    trials: int
    metric: str | None
    """None where the study cannot be read; the summary says why."""
    best: float | None
    title: str
    """What the user calls it beside its name; empty for nothing."""
    note: str
    tags: list[str]
    archived: bool
    """Whether it is listed only when all are asked for."""


class TrialRow(Row):
    """Row of a trial."""

    state: State
    stage: Stage
    optimizer: str
    seed: int
    split_seed: int | None
    """Of a confirmation run on rows drawn anew, the seed of that split; None for the study's own split."""
    sample_rows: int | None
    """Rows it was trained on; None for all."""
    quality: float | None
    error: str | None
    output: list[str]
    note: str
    """Of the user's own."""
    tags: list[str]
