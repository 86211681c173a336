"""Models, one file each; `build` makes the module for a shape of data.

A model's own fields are part of the recipe. A user's model is named `module:name` or `file.py:name`: a frozen
dataclass like the ones here (its fields are searched), a `torch.nn.Module` class, or a function that returns
one. It is called with (inputs, outputs) when it takes two arguments, else with none; inputs is the number of
columns, or the shape of an image.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from studies.choice import Choice
from studies.data.inputs import Inputs

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class ModelChoice(Choice, ABC):
    """Base of every model."""

    axis: ClassVar[str] = "model"
    searched: ClassVar[bool] = True
    """Whether a search moves the model's own fields unasked: yes for yours, no for those that ship here."""

    @property
    def is_users(self) -> bool:
        """Tell whether the module comes from the user's code, not from a file that ships here."""
        return not type(self).__module__.startswith("studies.models.") or not self.offered

    @classmethod
    def takes(cls, inputs: Inputs) -> bool:
        """Tell whether it can be built for rows of this form; by default for all that is numbers already."""
        return inputs.kind != "text"

    @abstractmethod
    def build(self, inputs: Inputs, outputs: int) -> nn.Module:
        """Return a fresh module that maps (batch, *inputs.shape) to (batch, outputs)."""
