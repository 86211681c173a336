"""Options of the commands that read runs of other tools, and what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from studies.errors import BadValue, shown

if TYPE_CHECKING:
    from advisor.jobs.runs.columns import RunsRequest

RunsMetric = Annotated[
    str | None,
    typer.Option("--metric", help="The column to judge by; else told from the names."),
]
RunsDirection = Annotated[
    str | None,
    typer.Option("--direction", help="maximize or minimize, where no name tells."),
]
Mapped = Annotated[
    list[str] | None,
    typer.Option("--map", help="What a column means, as in lr=params.learning_rate; again for another."),
]
Constants = Annotated[
    list[str] | None,
    typer.Option("--set", help="What all runs share and no column says: optimizer=AdamW; again for another."),
]
LeftOut = Annotated[
    list[str] | None, typer.Option("--leave-out", help="A column that says nothing; again for another.")
]


def runs_request(
    *,
    metric: str | None,
    direction: str | None,
    mapped: list[str] | None = None,
    constants: list[str] | None = None,
    left_out: list[str] | None = None,
) -> RunsRequest:
    """Return what these options say of the columns of some runs.

    Raises:
        BadValue: one without an equals sign, or a word to either side.
    """
    from advisor.jobs.runs.columns import RunsRequest

    return RunsRequest(
        metric=metric,
        direction=direction,
        columns=_pairs("--map lr=COLUMN", mapped),
        constants=_pairs("--set optimizer=AdamW", constants),
        left_out=tuple(left_out or ()),
    )


def _pairs(example: str, texts: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            option = example.partition(" ")[0]
            raise BadValue(f"{option} {shown(text)} is not understood; write it as in {example}")
        pairs[name] = value
    return pairs
