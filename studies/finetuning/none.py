"""No fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass

from studies.finetuning import FinetuningChoice, Retraining


@dataclass(frozen=True, kw_only=True)
class NoFinetuning(FinetuningChoice):
    """Use the compressed model as it comes out.

    Helps: quantization to 8 or 16 bits, which costs next to nothing in quality.
    Hurts: pruning of more than a third of the weights, and weights of 2 or 3 bits: those need it.
    Source: the identity.
    """

    @classmethod
    def name(cls) -> str:
        """Return `none`."""
        return "none"

    def retraining(self) -> Retraining | None:
        """Return None."""
        return None
