"""Measurements of a run: after how many epochs its weights are measured, so that this stays a small part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from studies.rungs import EVERY_EPOCH, rungs
from studies.step_price import StepPrice

if TYPE_CHECKING:
    from studies.facts import Facts
    from studies.loaded_workload import LoadedWorkload

SHARE: Final = 0.2
"""Of the training, that measuring it may take; rungs and the end are measured whatever that takes.

Chosen on digits of the contest, where it saves a sixth of a search's training and costs the best measurement
of a run .01 standard deviations (over recipes); .1 would save a fifth and cost .09. On yeast, left out,
where runs are at their best after 3 of 18 epochs, .1 would cost a whole one; at .2 it is measured after
each, as topics and signals."""


def measurements(
    workload: LoadedWorkload, facts: Facts, *, epochs: int, sample_rows: int | None = None
) -> int:
    """Return the most measurements of a run, by counts alone; 0 where each epoch of a short one is measured.

    They are the same on any machine, and for every recipe of a study.

    Args:
        workload: what is trained on.
        facts: of it, with the reference batch.
        epochs: of a whole run.
        sample_rows: training rows of a search trial; None for all.
    """
    price, rows = StepPrice.counted(facts), min(facts.batch_size, workload.rows)
    share = 1.0 if sample_rows is None else sample_rows / workload.rows
    epoch_seconds = share * workload.steps_per_epoch(rows) * price.seconds(rows, "AdamW")
    # a forward pass is a third of a step's passes
    measuring_seconds = (workload.valid_rows or 0) * price.row_seconds / 3
    if epochs * epoch_seconds * SHARE >= min(epochs, EVERY_EPOCH) * measuring_seconds:
        return 0
    return max(int(epochs * epoch_seconds * SHARE / measuring_seconds), len(rungs(epochs)))
