"""No quantization."""

from __future__ import annotations

from dataclasses import dataclass

from studies.quantization import QuantizationChoice


@dataclass(frozen=True, kw_only=True)
class NoQuantization(QuantizationChoice):
    """Leave the trained model as it is.

    Helps: when nothing limits the model's size or latency.
    Hurts: nothing.
    Source: the identity.
    """

    @classmethod
    def name(cls) -> str:
        """Return `none`."""
        return "none"
