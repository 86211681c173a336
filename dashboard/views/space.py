"""Search space: where good settings lie, which of them matter, and whose best lies at a range's end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import streamlit as st

from advisor.analysis.ablation_text import basis
from advisor.analysis.importances import ENOUGH
from advisor.analysis.searched_space import edges, numbers, options, searched
from advisor.jobs.command_lines import at_home
from advisor.report.optimizer_styles import styles
from dashboard import reads
from dashboard.charts.search_space import (
    ablation,
    brushing,
    contour,
    importances,
    interactions,
    parallel,
    slices,
    subject,
)
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import chart, nothing_yet, open_study
from dashboard.widgets.words import bullets, plain, resume
from studies.errors import StudyError
from studies.quantities import several

ALL: Final = "all"
BEYOND: Final = (
    "Best runs on the end of a range. A better one may lie beyond it, where a longer search does not look "
    "either:"
)
SLICES: Final = (
    "Each mark is a trial. Faded: cut short, its quality so far. Thin crosses at the edge: no result (hover "
    "says why). Dotted lines: the ends of the range that was searched."
)
SHARED: Final = (
    "Every value stands in the range of its own optimizer, so that ranges of different sizes share an axis. "
)
IMPORTANCES: Final = (
    "Of whole runs, how far the rank of quality goes with a setting: numbers by their low, middle and high "
    "third, options one by one. Faded bars are no more than chance. "
    "The sampler looks where it hopes for the best, so what it soon left alone looks small."
)
INTERACTIONS: Final = (
    "How far the rank of quality goes with two settings together beyond what goes with each: where it does, "
    "the best value of one depends on the other. Faded bars are no more than the largest of all pairs "
    "reaches by chance."
)
CONTOUR: Final = (
    "A weight decay is the one that torch takes, lr and decay horizon in one. The surface is an average "
    "over near trials, blank where there are none."
)
PARALLEL: Final = (
    "Each line is a whole run, coloured by its quality. Drag along an axis to see only the runs that pass "
    "there, drag a name to move its axis, click a marked range to clear it. Each axis spans the range that "
    "was searched."
)
FEWEST_AXES: Final = 2


def show(home: Path, name: str) -> None:
    """Show the search space of a study."""
    study = open_study(home, name, "Search space")
    if study is None:
        return
    tried = [name for name in study.optimizers if searched(study.records, name)]
    if not tried:
        message = "No trial has ended yet. Here stands each searched number against the quality it gave."
        nothing_yet(message, resume(study))
        return
    _edges(study)
    first = subject.first_optimizer(study)
    optimizer = address.selectbox(
        "Optimizer",
        [*tried, ALL],
        "optimizer",
        study=name,
        default=first,
        words=lambda option: "all of them" if option == ALL else option,
    )
    if optimizer == ALL:
        _all_slices(study)
    else:
        _slices(study, optimizer)
        _importances(study, optimizer)
        _interactions(study, optimizer)
        _parallel(study, optimizer)
        _contour(study, optimizer)
    _ablation(home, study)


def _ablation(home: Path, study: Study) -> None:
    """Show what each change from an optimizer's defaults to the advised recipe brought."""
    st.header("From the defaults to the advised recipe")
    try:
        answer = reads.recommendation(home, study.name)
        start = address.selectbox(
            "Defaults of", list(study.manifest.candidates), "from", study=study.name, default=answer.optimizer
        )
        path = reads.ablation(home, study.name, start)
    except StudyError as error:
        st.info(plain(error))
        return
    chart(ablation.ablation_stair(path), f"{study.name}-ablation", ablation.rows(path))
    st.caption(plain(basis(path)))
    if not path.measured:
        st.code(f"advisor ablate {study.name} --from {start}{at_home(home)}", language="sh", wrap_lines=True)


def _edges(study: Study) -> None:
    on_edge = edges(study.evidence)
    if on_edge:
        st.warning(f"{plain(BEYOND)}\n\n{bullets(map(str, on_edge))}")


def _all_slices(study: Study) -> None:
    records = [record for record in study.records if record.searched]
    panels = slices.shared_panels(records)
    figure = slices.slices(
        records,
        panels,
        styles(study.optimizers),
        metric=study.metric,
        direction=study.direction,
    )
    chart(figure, f"{study.name}-slices", slices.rows(records, panels))
    st.caption(SHARED + SLICES)
    _all_parallel(study, panels)


def _slices(study: Study, optimizer: str) -> None:
    records = searched(study.records, optimizer)
    panels = slices.panels_of(numbers(study.records, optimizer, batch_size=subject.batch_range(study)))
    if not panels:
        st.info(plain(f"All trials of {optimizer} so far have the same numbers."))
        return
    style = {optimizer: styles(study.optimizers)[optimizer]}
    figure = slices.slices(records, panels, style, metric=study.metric, direction=study.direction)
    chart(figure, f"{study.name}-slices-{optimizer}", slices.rows(records, panels))
    st.caption(SLICES)


def _importances(study: Study, optimizer: str) -> None:
    shares = importances.importances(study, optimizer)
    st.header("What matters")
    if not shares:
        st.info(plain(f"{optimizer} has too few whole runs to tell which of its settings matters."))
        return
    runs = max(share.runs for share in shares)
    if runs < ENOUGH:
        few = f"{several(runs, 'whole run')}: these shares mean little. From about {ENOUGH} on they begin to."
        st.warning(plain(few))
    figure = importances.bars(shares, optimizer, styles(study.optimizers)[optimizer])
    chart(figure, f"{study.name}-importances-{optimizer}", importances.rows(shares))
    st.caption(IMPORTANCES)


def _interactions(study: Study, optimizer: str) -> None:
    ranking = interactions.interactions_of(study, optimizer)
    if ranking:
        figure = interactions.pair_bars(ranking, optimizer, styles(study.optimizers)[optimizer])
        chart(figure, f"{study.name}-interactions-{optimizer}", interactions.rows(ranking))
        st.caption(INTERACTIONS)


def _parallel(study: Study, optimizer: str) -> None:
    records = searched(study.records, optimizer)
    panels = numbers(study.records, optimizer, batch_size=subject.batch_range(study))
    others = options(study.records, optimizer)
    lines = parallel.rows(records, panels, others)
    st.header("Whole recipes")
    if not lines or not (panels or others):
        st.info(plain(f"{optimizer} has no two whole runs with different recipes yet."))
        return
    figure = brushing.brushed(records, panels, others, metric=study.metric, direction=study.direction)
    chart(figure, f"{study.name}-parallel-{optimizer}", lines)
    st.caption(PARALLEL)


def _all_parallel(study: Study, panels: Sequence[slices.Panel]) -> None:
    records = [record for record in study.records if record.searched]
    numeric, categorical = brushing.axes_of_all(records, panels)
    lines = parallel.rows(records, numeric, categorical)
    if lines:
        st.header("Whole recipes")
        figure = brushing.brushed(
            records, numeric, categorical, metric=study.metric, direction=study.direction
        )
        chart(figure, f"{study.name}-parallel", lines)
        st.caption(f"{PARALLEL} {SHARED}-1 is the low end, 0 the default, 1 the high end.")


def _contour(study: Study, optimizer: str) -> None:
    st.header("Quality over two settings")
    records, settings = searched(study.records, optimizer), contour.settings_of(study, optimizer)
    if len(settings) < FEWEST_AXES:
        st.info(plain(f"No two numbers differ among the trials of {optimizer} yet."))
        return
    by_label = {setting.label: setting for setting in settings}
    pair = [by_label[label] for label in _two_labels(study.name, list(by_label))]
    lines = contour.rows(records, (pair[0], pair[1]))
    if not lines:
        st.info(plain(f"No whole run of {optimizer} has both of these settings yet."))
        return
    style = styles(study.optimizers)[optimizer]
    figure = contour.contour(
        records, (pair[0], pair[1]), style, metric=study.metric, direction=study.direction
    )
    chart(figure, f"{study.name}-contour-{optimizer}", lines)
    st.caption(CONTOUR)


def _two_labels(name: str, labels: list[str]) -> tuple[str, str]:
    """Let a reader choose two settings, which are not the same."""
    left, right = st.columns(2)
    with left:
        across = address.selectbox("Across", labels, "across", study=name)
    with right:
        others = [label for label in labels if label != across]
        up = address.selectbox("Up", others, "up", study=name)
    return across, up
