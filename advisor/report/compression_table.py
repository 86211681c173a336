"""Compression table: what to do to the trained model, and what else was measured."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap
from typing import Final

from advisor.compressed_model import CompressedModel
from advisor.report.compression_names import against_reference, sentence
from advisor.report.numbers import duration, number, size, times, trials
from advisor.report.section import Table
from studies.direction import Direction

TITLES: Final = ("recipe", "file", "through gzip", "one row", "quality", "change")
MOST: Final = 10
"""Rows of the table; the rest is in the JSON."""
GAP: Final = 2
NOTHING_FITS: Final = "No compressed model of it that fits the limits was measured."
FRONT: Final = "What nothing measured beats in quality, bytes, gzip bytes and latency, within 5 % alike"
NARROWEST: Final = 20
"""Columns that a recipe's name has at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressionTable:
    """Compression table of a recommendation: its compressed models in sentences and in rows."""

    advised: CompressedModel | None
    pareto_front: tuple[CompressedModel, ...]
    """Best quality first."""
    study: str
    metric: str
    direction: Direction
    tie: str
    """The tie margin in words."""

    def sentences(self) -> list[str]:
        """Return what is advised, what the runtime alone gives, and how to read the table."""
        if self.advised is None and not self.pareto_front:
            return []
        lines = self._on_advised(self.advised) if self.advised else [NOTHING_FITS]
        if shown := self._shown():
            left = sum(model not in shown for model in self.pareto_front)
            more = f" ({left} more in the JSON)" if left else ""
            lines.append(f"{FRONT}{more}{self._marked()}:")
        return lines

    def _marked(self) -> str:
        """Say what the star stands for, and whether that is on the front at all."""
        if self.advised is None:
            return ""
        on_front = any(map(self._is_advised, self.pareto_front))
        return "; * is advised" if on_front else ", and what is advised (*)"

    def _is_advised(self, model: CompressedModel) -> bool:
        return self.advised is not None and model.trials == self.advised.trials

    @property
    def table(self) -> Table:
        """Return its rows as a table."""
        return Table(titles=TITLES, rows=tuple(self.rows()), about="compressed models")

    def rows(self) -> list[tuple[str, ...]]:
        """Return the table: the front, and the advised one if it is not on it."""
        shown = self._shown()
        several_optimizers = len({model.optimizer for model in shown}) > 1
        return [
            (
                ("* " if self._is_advised(model) else "")
                + (f"{model.optimizer}: " if several_optimizers else "")
                + model.name,
                size(model.model_bytes),
                size(model.compressed_bytes),
                "-" if model.latency_seconds is None else duration(model.latency_seconds),
                number(model.quality),
                "-" if model.plain else self._change(model),
            )
            for model in shown
        ]

    def columns(self, width: int) -> list[str]:
        """Return the table as lines of text, the recipes broken so that none is wider than `width`."""
        rows = self.rows()
        if not rows:
            return []
        cells = [TITLES, *rows]
        widths = [max(len(row[column]) for row in cells) for column in range(1, len(TITLES))]
        room = max(
            NARROWEST, min(max(len(row[0]) for row in cells), width - GAP - sum(widths) - GAP * len(widths))
        )
        lines = []
        for name, *others in cells:
            first, *rest = wrap(name, room, subsequent_indent="  ", break_on_hyphens=False) or [""]
            figures = "".join(" " * GAP + cell.rjust(wide) for cell, wide in zip(others, widths, strict=True))
            lines += [" " * GAP + first.ljust(room) + figures, *(" " * GAP + line for line in rest)]
        return lines

    def _on_advised(self, advised: CompressedModel) -> list[str]:
        lines = [self._deployed(advised)]
        if advised.runtime_speedup and not advised.plain:
            alone = f"the runtime alone answers one row {times(advised.runtime_speedup)} as fast as torch"
            lines.append(f"Speeds are against the uncompressed file in the same runtime; {alone}.")
        if advised.file and self.study:
            beside = "beside it the 32-bit model as plain torch loads it (.pt2)"
            lines.append(
                f"Its file: models/{self.study}/{advised.file} in the home, for ONNX Runtime; {beside}."
            )
        return [*lines, *(f"Left untreated: {note}." for note in advised.notes)]

    def _deployed(self, advised: CompressedModel) -> str:
        figures = f"{sentence(advised, self.metric, self.direction)} ({trials(advised.trials)})"
        if not advised.plain:
            return f"Deploy its model with {figures}."
        verdict = f"; nothing measured makes it {advised.unbeaten} at a quality within {self.tie}"
        return f"Deploy its model as it is: {figures}{verdict if advised.unbeaten else ''}."

    def _change(self, model: CompressedModel) -> str:
        """Return the change without the metric's name, which heads no row twice."""
        change = against_reference(model, self.metric, self.direction)
        if change == f"the same {self.metric}":
            return "0"
        return change.removesuffix(f" of {self.metric}").removeprefix(f"{self.metric} ")

    def _shown(self) -> list[CompressedModel]:
        """Return what the table shows: the best of the front, and the advised one."""
        shown = list(self.pareto_front[:MOST])
        absent = self.advised is not None and not any(map(self._is_advised, shown))
        return [*shown, self.advised] if absent and self.advised else shown
