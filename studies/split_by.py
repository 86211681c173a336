"""Split by a column: across time, by groups, or as a column says. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass, fields

from studies.errors import BadValue, plainly


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitBy:
    """The column that a split goes by; none of them draws the rows at random."""

    time: str | None = None
    """Train on the earliest rows, validate on later ones, test on the latest."""
    group: str | None = None
    """Rows of one group stand in one part only."""
    split: str | None = None
    """The column says train, valid or test."""

    def __post_init__(self) -> None:
        flags = [
            f"--{f.name} {plainly(getattr(self, f.name))}" for f in fields(self) if getattr(self, f.name)
        ]
        if len(flags) > 1:
            raise BadValue(f"{' and '.join(flags)}: a split goes by one column; leave the others out")

    @property
    def way(self) -> str:
        """Return `time`, `group` or `split`; empty for a random split."""
        return next((f.name for f in fields(self) if getattr(self, f.name)), "")

    @property
    def column(self) -> str:
        """Return the name of the column; empty for a random split."""
        return (self.time or self.group or self.split) or ""

    @property
    def flag(self) -> str:
        """Return the option that says so."""
        return f"--{self.way} {self.column}"
