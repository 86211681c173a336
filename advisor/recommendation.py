"""Recommendation: which optimizer and recipe, how sure, why and at what cost; as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Final

from advisor.compressed_model import CompressedModel
from advisor.confidence import Label, verb
from advisor.contender import Contender
from advisor.evidence import Finding
from advisor.report.compression_table import TITLES, CompressionTable
from advisor.report.layout import WIDTH, cost_lines, fold, grid, settings, table
from advisor.report.numbers import number, trials
from advisor.report.section import Section, Table
from advisor.statements.check import Check
from advisor.statements.headline import Headline
from advisor.statements.statement import Statement
from studies.column_reading import ColumnReading, columns_in_short
from studies.direction import Direction
from studies.quantities import several

if TYPE_CHECKING:
    from studies.recipe import Recipe

STATEMENTS: Final = ("reasons", "readings", "alternatives", "would_change", "checklist")
"""Parts of the answer that are statements."""
TABLES: Final = ("findings", "contenders", "compressed", "columns")
COMPRESSION: Final = "Compression"
SHARES: Final = ("best", "within the margin", "expected loss")
COLUMNS: Final = ("optimizer", "{metric}", "90 % interval", *SHARES, "whole runs", "trials")
"""Of the table of all that fit."""
RECIPE: Final = ("axis", "setting")
"""Titles of the table of the recipe."""
BASIS: Final = "it rests on published results and on the facts of the data and the model"
NOT_TRAINED: Final = f"No whole run of it stands behind this: {BASIS}."


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommendation:
    """Recommendation: which optimizer, how sure, because of what, and what would change the answer.

    It prints as the text of `advisor recommend`.

    Example:
        >>> import advisor
        >>> answer = advisor.recommend(advisor.Evidence(candidates=("AdamW", "SGD")))
        >>> 0 <= answer.p_best <= 1
        True
        >>> recipe = advisor.Recipe.from_params(answer.params)
    """

    study: str
    optimizer: str
    params: Mapping[str, Any]
    """The whole recipe in flat form."""
    label: Label
    p_best: float
    p_tie: float
    expected_regret: float
    metric: str
    direction: Direction
    quality: float | None
    """Validation metric: mean over the confirmation seeds, else the best search trial's; of a compressed
    recipe, of its files."""
    interval: tuple[float, float] | None
    test_quality: float | None
    """Mean test metric over the confirmation seeds."""
    test_spread: float | None
    """Standard deviation of the test metric over the seeds."""
    seeds: tuple[int, ...]
    trials: tuple[int, ...]
    """Trial numbers behind `quality`."""
    costs: Mapping[str, float | int | None]
    """train_seconds, peak_bytes, optimizer_state_bytes, model_bytes, latency_seconds of the recommended
    recipe."""
    headline: Headline
    """The answer in one or two sentences."""
    reasons: tuple[Statement, ...]
    """Statements, most telling first, each with its figures and its trials or its source."""
    findings: tuple[Finding, ...]
    readings: tuple[Statement, ...]
    """What the rules on sparsity, memory and convergence looked at, silent ones too."""
    alternatives: tuple[Statement, ...]
    """The runner-up and others, each with when to prefer it."""
    would_change: tuple[Statement, ...]
    checklist: tuple[Check, ...]
    contenders: tuple[Contender, ...]
    """All optimizers that fit the limits, the recommended one included, least expected regret first; findings
    veto the others."""
    margin: float = 0.02
    """Log-ratio of loss below which two optimizers count as tied: 2 %, or the spread over seeds up to a
    tenth, or half a row."""
    tie: str = ""
    """The same in words."""
    steps: int | None = None
    """Optimizer steps of the recommended run, for settings that are a share of it."""
    compressed: tuple[CompressedModel, ...] = ()
    """What no other compressed model beats in quality, file bytes, gzip bytes and latency; best quality
    first."""
    compression: CompressedModel | None = None
    """The one advised, of the recommended optimizer: the best quality that fits limits on the model's size
    and latency; without such limits the smallest within the tie margin of the uncompressed model. None
    when nothing was compressed or nothing fits."""

    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became; empty where nobody knows, and for other data."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", Direction(self.direction))

    @property
    def recipe(self) -> Recipe:
        """Return the recipe, ready to build; a model of the user's own is imported here and not before."""
        from studies.recipe import Recipe

        return Recipe.from_params(self.params)

    @property
    def in_short(self) -> str:
        """Return what to do in two words or three: Use AdamW; Start with AdamW."""
        return f"{verb(self.label)} {self.optimizer}"

    @property
    def recipe_table(self) -> Table:
        """Return the recipe as a table."""
        rows = tuple(settings(self.params, self.steps))
        return Table(titles=RECIPE, rows=rows, about="the recipe")

    @property
    def contender_titles(self) -> tuple[str, ...]:
        """Return the titles of the table of all that fit."""
        return tuple(title.format(metric=self.metric) for title in COLUMNS)

    @property
    def compression_table(self) -> CompressionTable:
        """Return what to do to the trained model and what else was measured, ready to be printed."""
        return CompressionTable(
            advised=self.compression,
            pareto_front=self.compressed,
            study=self.study,
            metric=self.metric,
            direction=self.direction,
            tie=self.tie,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists and dicts, ready for JSON."""
        plain = {field.name: getattr(self, field.name) for field in fields(self)}
        tables = {name: [asdict(row) for row in plain[name]] for name in TABLES}
        said = {name: [line.to_dict() for line in plain[name]] for name in STATEMENTS}
        others = {
            "headline": self.headline.to_dict(),
            "params": dict(self.params),
            "costs": dict(self.costs),
            "compression": asdict(self.compression) if self.compression else None,
        }
        return plain | tables | said | others

    def to_markdown(self) -> str:
        """Return the answer as a Markdown page."""
        title = f"# {self.optimizer}" + (f" for {self.study}" if self.study else "")
        parts = [title, f"**{self.headline}**", self.reached]
        for heading, lines in self._sections():
            rows = self.compression_table.rows() if heading == COMPRESSION else []
            below = ["", grid(TITLES, rows)] if rows else []
            parts.append("\n".join([f"## {heading}", "", *(f"- {line}" for line in lines), *below]))
        parts.append(table("Recipe", RECIPE, settings(self.params, self.steps)))
        if len(self.contenders) > 1:
            rows = [contender.cells() for contender in self.contenders]
            parts.append(table("All that fit", self.contender_titles, rows))
        return "\n\n".join(part for part in parts if part) + "\n"

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int = WIDTH) -> str:
        """Return the whole answer as plain text; no line is wider than `width` unless a word is."""
        parts = [fold(str(self.headline), width=width), fold(self.reached, width=width)]
        for title, lines in self._sections():
            rows = self.compression_table.columns(width) if title == COMPRESSION else []
            parts.append("\n".join([title, *(fold(line, "- ", width=width) for line in lines), *rows]))
        recipe = [
            fold(f"{axis:<13} {value}", "  ", 16, width=width)
            for axis, value in settings(self.params, self.steps)
        ]
        return "\n\n".join([*(part for part in parts if part), "\n".join(["Recipe", *recipe])])

    def _repr_html_(self) -> str:
        """Return the answer as a notebook shows it."""
        from advisor.report.section_html import notebook_cell

        title = self.in_short + (f": {self.study}" if self.study else "")
        return notebook_cell(title, (str(self.headline), self.reached), self._notebook_sections())

    def _notebook_sections(self) -> list[Section]:
        """Return the recipe, what is said under each heading, and the table of all that fit."""
        small = self.compression_table.table
        said = [
            Section(
                title=title,
                sentences=tuple(lines),
                tables=(small,) if title == COMPRESSION else (),
                folded=title != "Why",
            )
            for title, lines in self._sections()
        ]
        rows = tuple(contender.cells() for contender in self.contenders)
        fit = Table(titles=self.contender_titles, rows=rows, about="all that fit")
        return [
            Section(title="Recipe", tables=(self.recipe_table,)),
            *said,
            Section(title="All that fit", tables=(fit,), folded=True),
        ]

    @property
    def reached(self) -> str:
        """Return what its quality was on validation and on the test rows, over which seeds and trials."""
        if self.quality is None:
            return NOT_TRAINED
        way = "" if self.direction.maximizes else ", lower is better"
        interval = (
            "" if self.interval is None else ", 90 % interval {} to {}".format(*map(number, self.interval))
        )
        seeds = ("mean of " if len(self.seeds) > 1 else "") + several(len(self.seeds), "seed")
        valid = (
            f"Validation {self.metric} {number(self.quality)} ({seeds}, {trials(self.trials)}{interval}{way})"
        )
        if self.test_quality is None:
            return f"{valid}."
        spread = f" +- {self.test_spread:.2g}" if self.test_spread is not None else ""
        return f"{valid}; test {self.metric} {number(self.test_quality)}{spread}."

    def _sections(self) -> list[tuple[str, list[str]]]:
        """Return each section that has something to say: its title and its lines."""
        sections = [
            ("Why", [*map(str, self.reasons)]),
            ("What the rules looked at", [f"{reading}." for reading in self.readings]),
            ("Costs", cost_lines(self.costs)),
            (COMPRESSION, self.compression_table.sentences()),
            ("Runner-up and alternatives", [*map(str, self.alternatives)]),
            ("What would change this", [*map(str, self.would_change)]),
            ("Is the study sound?", self._checklist()),
            ("Columns", self._columns()),
        ]
        return [(title, lines) for title, lines in sections if lines]

    def _columns(self) -> list[str]:
        """Return what became of the table's columns, where that is worth a word."""
        short = columns_in_short(self.columns)
        return (
            [f"{short} The table of columns is in --json, on the page and in `advisor profile`."]
            if short
            else []
        )

    def _checklist(self) -> list[str]:
        failed = [str(check) for check in self.checklist if not check.passed]
        return failed or ([f"All {len(self.checklist)} checks passed."] if self.checklist else [])
