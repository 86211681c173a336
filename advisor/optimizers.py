"""Optimizers by name: `advisor.optimizers.Muon(lr=3e-3).build(model, total_steps)` is a torch optimizer."""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("optimizer", __name__)
