"""Stage names: what the stages of a search are called for people, and where one stands among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from studies.record import ABLATION, STAGES, Stage

STAGE_NAMES: Final[Mapping[Stage, str]] = {
    "reference": "opening",
    "start": "opening",
    "race": "race",
    "confirm": "confirmation",
    "compress": "compression",
    "ablate": "ablation",
}
"""Of each stage; the reference recipes and the recorded ones are one opening to a reader."""


def stages_in_words(*, compresses: bool) -> tuple[str, ...]:
    """Return the stages of a search in their order, that of the compression after it among them or not.

    An ablation is asked for later, and alone.
    """
    apart = {ABLATION} if compresses else {ABLATION, "compress"}
    return tuple(dict.fromkeys(STAGE_NAMES[stage] for stage in STAGES if stage not in apart))


def stage_in_words(stage: Stage, stages: tuple[str, ...]) -> str:
    """Return a stage and where it stands among all.

    Example:
        >>> stage_in_words("race", stages_in_words(compresses=False))
        'race, stage 2 of 3'
    """
    name = STAGE_NAMES.get(stage, stage)  # a journal of a later version may have others
    return f"{name}, stage {stages.index(name) + 1} of {len(stages)}" if name in stages else name
