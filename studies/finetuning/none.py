"""No fine-tuning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studies.finetuning import FinetuningChoice

if TYPE_CHECKING:
    from studies.recipe import Recipe


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

    def recipe(self, trained: Recipe) -> Recipe | None:  # noqa: ARG002
        """Return None."""
        return None
