"""Row encoders: what turns rows of each form into inputs, fitted on the training rows, one file a form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self


class RowEncoder(Protocol):
    """What turns rows, new ones too, into the inputs of a model."""

    kind: ClassVar[str]
    """Its name where it is written down."""

    def transform(self, rows: Any) -> Any:
        """Return the inputs of rows as they came, (rows, *input_shape).

        Raises:
            BadWorkload: rows of another form.
        """

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_dict` made plain."""
