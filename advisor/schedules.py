"""Schedules by name: each builds the scheduler of an optimizer, to be stepped after every batch.

Example:
    >>> import advisor
    >>> from torch import nn
    >>> optimizer = advisor.optimizers.AdamW(lr=1e-3).build(nn.Linear(4, 3), total_steps=900)
    >>> schedule = advisor.schedules.Cosine(warmup=0.05).build(optimizer, total_steps=900)
    >>> schedule.get_last_lr()[0] < 1e-3  # the lr climbs at first
    True
"""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("schedule", __name__)
