"""Fields of a form, each with room below it for the line that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dashboard.widgets.words import plain

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


class Fields:
    """Fields by the name of the option that each sets.

    fields = Fields()
    budget = fields.text(column, "budget", "Budget", value="60s")
    fields.mark({"budget": "budget 'soon' is not understood; write it as 60s, 10m, 2h or 200trials"})
    """

    def __init__(self) -> None:
        self._rooms: dict[str, DeltaGenerator] = {}

    def text(self, column: DeltaGenerator, name: str, label: str, **options: Any) -> str:
        """Show a line of text and return it without blanks around."""
        value = column.text_input(label, key=name, **options)
        self.room(column, name)
        return (value or "").strip()

    def number(self, column: DeltaGenerator, name: str, label: str, **options: Any) -> int | None:
        """Show a whole number and return it; None where it is left to the advisor."""
        value = column.number_input(label, key=name, step=1, **options)
        self.room(column, name)
        return None if value is None else int(value)

    def choice(
        self, column: DeltaGenerator, name: str, label: str, options: Sequence[str], **more: Any
    ) -> str:
        """Show a choice and return what was chosen; empty for nothing."""
        value = column.selectbox(label, options, **{"key": name} | more)
        self.room(column, name)
        return str(value or "")

    def several(
        self, column: DeltaGenerator, name: str, label: str, options: Sequence[str], **more: Any
    ) -> str:
        """Show a choice of several and return their names with commas between them."""
        values = column.multiselect(label, options, key=name, **more)
        self.room(column, name)
        return ",".join(map(str, values))

    def room(self, column: DeltaGenerator, name: str) -> None:
        """Leave room for what may be wrong with an option, below what was shown last."""
        self._rooms[name] = column.empty()

    def mark(self, problems: Mapping[str, str]) -> None:
        """Say each problem below its field, where the field is shown."""
        for name, line in problems.items():
            if name in self._rooms:
                self._rooms[name].markdown(f":red[{plain(line)}]")
