"""Empty: no value in any training row; no input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.data.columns.column import LeftOut


@dataclass(frozen=True, kw_only=True)
class Empty(LeftOut):
    """Column that is never filled in the training rows."""

    kind: ClassVar = "empty"
    left_out: ClassVar = "empty in every training row"
