"""`advisor explain`: what something does, when it helps and hurts."""

from __future__ import annotations

from typing import Annotated

import typer

from advisor.cli import completion
from advisor.cli.terminal import show, width


def explain(
    name: Annotated[
        str,
        typer.Argument(
            help="An optimizer, schedule, model, dataset, rule, ..., or a word of an answer.",
            autocompletion=completion.explained,
        ),
    ],
) -> None:
    """Say what something does, when it helps and hurts."""
    from advisor.explanations.explanation import explanation
    from advisor.report.layout import refold

    show(refold(explanation(name), width()))
