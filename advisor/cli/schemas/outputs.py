"""Outputs: the type of what each command prints with `--json`, and its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, NotRequired, TypedDict

from advisor.analysis.ablation import Ablation
from advisor.cli.listing import KINDS
from advisor.cli.rows import (
    DatasetRow,
    ModelRow,
    Row,
    RuleRow,
    SearchedRow,
    StateRow,
    StudyRow,
    TrialRow,
)
from advisor.cli.schemas.definitions import Definitions, Schema
from advisor.decide.failures import Failure
from advisor.environment.diagnosis import EnvironmentFact
from advisor.recommendation import Recommendation
from advisor.statements.check import Check
from advisor.statements.statement import Statement
from studies.column_reading import ColumnReading
from studies.direction import Direction
from studies.errors import UnknownChoice, did_you_mean, shown
from studies.facts import Facts
from studies.limits import Budget
from studies.memory_forecast import Forecast
from studies.outlook import Outlook
from studies.record import State


class ParetoPoint(TypedDict):
    """Point of the Pareto front: a compressed model that no other beats in everything."""

    recipe: Mapping[str, Any]
    model_bytes: int
    latency_seconds: float | None
    quality: float
    sparsity: float | None


class Outcome(TypedDict):
    """Outcome: what `search`, `resume` and `compress` print."""

    study: str
    trials: Mapping[State, int]
    failures: list[Failure]
    budget: Budget
    stopped: Outlook | None
    """Why the search ended before its budget did; None where it did not."""
    recommendation: Recommendation
    pareto: NotRequired[list[ParetoPoint]]
    """Only where models were compressed."""


class Room(TypedDict):
    """Room: what a memory forecast means under the limit on memory."""

    peak_bytes: int
    fits: bool
    largest_batch: int | None
    """Rows a step; None without a limit, or when no step was followed."""
    largest_microbatch: int | None
    """The same for a part of a batch whose gradients are accumulated."""


class Profile(TypedDict):
    """Profile: what `profile` prints."""

    columns: list[ColumnReading]
    notes: list[str]
    """What else was done to the data."""
    facts: Facts
    memory: list[Annotated[dict[str, Any], Forecast, Room]]
    readings: list[Statement]
    recommendation: Recommendation
    split_checks: list[Check]


class ImportedColumn(TypedDict):
    """Imported column: what a column of another tool's runs was taken for."""

    name: str
    example: str
    meaning: str | None
    """None where the column was left out."""
    why: str


class Imported(TypedDict):
    """Imported runs: what `import` prints."""

    study: str
    source: str
    runs: Mapping[State, int]
    metric: str
    direction: Direction
    columns: list[ImportedColumn]
    notes: list[str]


class AblationWords(TypedDict):
    """Ablation in words: what `ablate` prints beside the figures."""

    says: str
    basis: str
    """What the figures rest on."""


class Environment(TypedDict):
    """Environment: what `doctor` prints."""

    ok: bool
    """Whether nothing is broken."""
    facts: list[EnvironmentFact]


ROWS: Final[Mapping[str, type]] = {
    "optimizers": StateRow,
    "wrappers": StateRow,
    "schedules": SearchedRow,
    "regularizers": SearchedRow,
    "models": ModelRow,
    "datasets": DatasetRow,
    "rules": RuleRow,
    "studies": StudyRow,
    "trials": TrialRow,
}
"""Rows of `list` that hold more than a name and a summary."""
OUTPUTS: Final[Mapping[str, Any]] = {
    "profile": Profile,
    "search": Outcome,
    "resume": Outcome,
    "compress": Outcome,
    "recommend": Recommendation,
    "ablate": Annotated[dict[str, Any], Ablation, AblationWords],
    "import": Imported,
    "doctor": Environment,
    "list": list[Literal[KINDS]],  # type: ignore[valid-type]
    **{f"list {kind}": list[ROWS.get(kind, Row)] for kind in KINDS},  # type: ignore[misc]
}
"""The type of what each command prints; `list` by the kind that is listed."""
SAME: Final[Mapping[str, str]] = {"resume": "search", "compress": "search"}
"""Commands that print what another one prints."""


def schema(command: str) -> Schema:
    """Return the JSON Schema of what a command prints with `--json`.

    Args:
        command: a key of `OUTPUTS`; one of `SAME` has the schema of the other.

    Raises:
        UnknownChoice: no such command, or one without `--json`.

    Example:
        >>> schema("doctor")["properties"]["ok"]["type"]
        'boolean'
    """
    if command not in OUTPUTS:
        raise UnknownChoice(
            f"{shown(command)} has no schema{did_you_mean(command, OUTPUTS)} Allowed: {', '.join(OUTPUTS)}"
        )
    command = SAME.get(command, command)
    definitions = Definitions()
    top = definitions.of(OUTPUTS[command])
    name = top.get("$ref", "").rpartition("/")[2]
    top = definitions.schemas.pop(name) if name else top
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"advisor {command} --json",
    }
    defined = {name: definitions.schemas[name] for name in sorted(definitions.schemas)}
    return head | top | ({"$defs": defined} if defined else {})
