"""Truth: yes or no, true or false, as the numbers 1 and 0, scaled like any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.data.columns.number import Number


@dataclass(frozen=True, kw_only=True)
class Truth(Number):
    """Column of truths."""

    kind: ClassVar = "truth"
