"""Profile of a workload: facts in seconds, bytes by optimizer, and advice before any trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from advisor.decide.recommend import recommend
from advisor.decide.split_checks import split_checks
from advisor.evidence import Evidence
from advisor.jobs.command_lines import options_of, search
from advisor.jobs.planning import plan_for, planned_trials
from advisor.jobs.request import Request
from advisor.jobs.workloads import open_and_profile, reading
from advisor.recommendation import Recommendation
from advisor.report.columns_table import TITLES, column_rows, columns_text
from advisor.report.facts_text import WIDTH as FACTS_WIDTH
from advisor.report.facts_text import data_lines, data_text, model_lines, model_text
from advisor.report.layout import WIDTH, fold
from advisor.report.memory_table import least_first, memory_row, memory_text
from advisor.report.numbers import size, size_limit
from advisor.report.probes_text import probes_text
from advisor.report.section import Section, Table, sentence
from advisor.report.section_html import notebook_cell
from advisor.statements.check import Check
from studies import catalogue
from studies.callers_globals import set_aside
from studies.column_reading import ColumnReading
from studies.facts import Facts
from studies.limits import Limits
from studies.memory_forecast import Forecast
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload


SHOWN: Final = 8
"""Optimizers whose memory is shown unasked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Preview: facts and advice before any trial."""

    facts: Facts
    limits: Limits
    recommendation: Recommendation
    split_checks: tuple[Check, ...] = ()
    """Is the split honest?"""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became."""
    notes: tuple[str, ...] = ()
    """What else was done to the data."""
    everything: bool = False
    """Whether the memory of all optimizers is shown, and not of those that enter first."""

    def to_dict(self) -> dict[str, Any]:
        """Return what `profile --json` prints."""
        limit = self.limits.train_bytes
        memory = [memory_row(forecast, self.facts, limit) for forecast in self.facts.forecasts]
        return {
            "columns": [column.to_dict() for column in self.columns],
            "notes": list(self.notes),
            "facts": self.facts.to_dict(),
            "memory": memory,
            "readings": [reading.to_dict() for reading in self.recommendation.readings],
            "recommendation": self.recommendation.to_dict(),
            "split_checks": [check.to_dict() for check in self.split_checks],
        }

    def __str__(self) -> str:
        return self.to_text()

    def to_text(self, width: int = WIDTH) -> str:
        """Return facts, memory and advice as plain text, its lines as wide as that."""
        within = min(width, FACTS_WIDTH)
        parts = [
            columns_text(self.columns, width),
            data_text(self.facts),
            _under("What was done to the data:", self.notes, width),
            _under("Is the split honest?", self._warnings, width),
            model_text(self.facts, within),
            probes_text(self.facts, within),
            memory_text(self.facts, self._shown(), self.limits.train_bytes, within),
            replace(self.recommendation, columns=()).to_text(width),  # they stand above
        ]
        return "\n\n".join(part for part in parts if part)

    def _repr_html_(self) -> str:
        """Return facts, memory and advice as a notebook shows them."""
        advice = self.recommendation
        return notebook_cell("Before any trial", (str(advice.headline), advice.reached), self._sections())

    def _sections(self) -> tuple[Section, ...]:
        facts = (*data_lines(self.facts), *model_lines(self.facts), *self.notes)
        columns = Table(titles=TITLES, rows=tuple(column_rows(self.columns)), about="columns")
        return (
            Section(title="Data and model", sentences=tuple(map(sentence, facts))),
            Section(title="Is the split honest?", sentences=self._warnings),
            Section(title="Columns", tables=(columns,), folded=True),
            Section(title="Memory while training", tables=(self._memory(),)),
            Section(title="Why", sentences=tuple(map(str, self.recommendation.reasons)), folded=True),
        )

    def _memory(self) -> Table:
        """Return what training takes with each of the optimizers that are shown, the least first."""
        limit = self.limits.train_bytes
        ordered = least_first(self._shown())
        rows = [(each.optimizer, size(each.state_bytes), size(each.peak_bytes)) for each in ordered]
        titles = ("optimizer", "state", f"peak at batch size {self.facts.batch_size}")
        about = "memory while training"
        if limit is None:
            return Table(titles=titles, rows=tuple(rows), about=about)
        fits = ["yes" if each.peak_bytes <= limit else "no" for each in ordered]
        limited = tuple((*row, verdict) for row, verdict in zip(rows, fits, strict=True))
        return Table(
            titles=(*titles, f"within {size_limit(limit)}"),
            rows=limited,
            about=about,
        )

    @property
    def _warnings(self) -> tuple[str, ...]:
        """Return what is wrong with the split."""
        return tuple(str(check) for check in self.split_checks if not check.passed)

    def _shown(self) -> tuple[Forecast, ...]:
        """Return the forecasts that are shown, of the best contenders unless all are asked for."""
        if self.everything:
            return self.facts.forecasts
        likely = [contender.optimizer for contender in self.recommendation.contenders]
        order = {name: place for place, name in enumerate(likely)}
        ranked = sorted(self.facts.forecasts, key=lambda forecast: order.get(forecast.optimizer, len(order)))
        return tuple(ranked[:SHOWN])


@set_aside()
def preview(
    request: Request, *, everything: bool = False, tell: Callable[[str], None] = lambda line: None
) -> Preview:
    """Profile a workload and recommend from what is known before any trial.

    Args:
        request: what was asked for.
        everything: whether the memory of all optimizers is to be shown.
        tell: called with a line before anything that takes its time.

    Raises:
        StudyError: anything wrong with the request.
    """
    tell(reading(request.source))
    from studies.profiling.split import split_facts

    workload, facts = open_and_profile(request)
    plan, facts, _ = plan_for(request, workload, facts)
    metric = workload.metric
    evidence = Evidence(
        facts=facts,
        limits=request.limits,
        candidates=plan.candidates,
        direction=metric.direction,
        metric=metric.name,
        goal=request.goal,
        valid_rows=workload.dataset.valid.rows,
        planned_trials=planned_trials(facts, request.budget, plan.sample_rows),
        rules=request.rules,
        split_facts=split_facts(workload.dataset),
        columns=workload.columns,
    )
    recommendation = recommend(evidence)
    chosen = catalogue.find("optimizer", recommendation.optimizer)
    recipe = plan.space(workload).reference(chosen)  # type: ignore[arg-type]
    first = replace(recommendation, params=recipe.to_params(), steps=facts.steps)
    asked_anew = replace(evidence, command=_search(request, workload))
    return Preview(
        facts=facts,
        limits=request.limits,
        recommendation=first,
        split_checks=split_checks(asked_anew),
        columns=workload.columns,
        notes=workload.notes,
        everything=everything,
    )


def _under(title: str, lines: tuple[str, ...], width: int) -> str:
    """Return lines under a title, as text; nothing where there are none."""
    return "\n".join([title, *(fold(line, "- ", width=width) for line in lines)]) if lines else ""


def _search(request: Request, workload: LoadedWorkload) -> str:
    """Return the command that searches the workload of a profile."""
    manifest = StudyManifest(
        workload=workload.spec(),
        limits=request.limits,
        goal=request.goal,
        rules=request.rules,
        fair=request.fair,
        exhaust=request.exhaust,
        options=options_of(request),
    )
    return search(default_home(), manifest)
