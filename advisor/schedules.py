"""Schedules by name: `advisor.schedules.Cosine().build(optimizer, total_steps)` is a torch scheduler."""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("schedule", __name__)
