"""No distillation."""

from __future__ import annotations

from dataclasses import dataclass

from studies.distillation import DistillationChoice


@dataclass(frozen=True, kw_only=True)
class NoDistillation(DistillationChoice):
    """Leave the trained model as it is.

    Helps: when nothing limits the model's size or latency.
    Hurts: nothing.
    Source: the identity.
    """

    @classmethod
    def name(cls) -> str:
        """Return `none`."""
        return "none"
