"""Ablation path: what each change from the defaults to the advised recipe brought, as steps of a stair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.ablation import Ablation, AblationStep
from advisor.analysis.ablation_text import effect, headline
from advisor.decide.recommend import recommend
from advisor.jobs.ablation import AblatedStudy, ablation
from advisor.report.numbers import number
from advisor.report.optimizer_styles import BLUE, GREY, VERMILION
from dashboard.charts import Plot
from dashboard.charts.looks import legend_below, worded
from studies.errors import StudyError
from studies.quantities import several

if TYPE_CHECKING:
    from dashboard.snapshot import Study

GAIN: Final = "gain"
LOSS: Final = "loss"
LOOKS: Final[Mapping[tuple[str, bool], dict[str, Any]]] = {
    (GAIN, True): {"color": BLUE},
    (LOSS, True): {"color": VERMILION},
    (GAIN, False): {"color": BLUE, "pattern": {"shape": "/"}, "opacity": 0.6},
    (LOSS, False): {"color": VERMILION, "pattern": {"shape": "/"}, "opacity": 0.6},
}
"""Hatched where a change is estimated, not measured."""


def ablation_stair(path: Ablation) -> go.Figure:
    """Draw a bar a change, from the quality before it to that after it, the first change on top."""
    figure = go.Figure()
    says = headline(path)
    known = [step for step in path.steps if step.quality is not None]
    if known:
        labels = {id(step): _label(index, step) for index, step in enumerate(path.steps)}
        _add_start(figure, path, labels)
        for (word, measured), looks in LOOKS.items():
            steps = [step for step in path.steps if step.effect is not None and step.measured == measured]
            _add_changes(
                figure, path, [step for step in steps if _word(path, step) == word], labels, word, looks
            )
        order = [labels[id(step)] for step in path.steps]
        figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], automargin=True)
        figure.update_xaxes(title_text=f"validation {path.metric} ({path.direction.word} is better)")
    worded(figure, "ablation", says).update_layout(barmode="overlay", showlegend=True)
    return legend_below(figure, height=190 + 40 * len(path.steps) if known else 200)


def _label(index: int, step: AblationStep) -> str:
    return f"{'+ ' if index else ''}{step.change}"


def _word(path: Ablation, step: AblationStep) -> str:
    change = step.effect or 0.0
    return GAIN if not change or (change > 0) == path.direction.maximizes else LOSS


def _add_changes(
    figure: go.Figure,
    path: Ablation,
    steps: Sequence[AblationStep],
    labels: Mapping[int, str],
    word: str,
    looks: Mapping[str, Any],
) -> None:
    if not steps:
        return
    error = {"array": [step.reach or 0.0 for step in steps], "thickness": 2, "width": 6, "color": GREY}
    figure.add_bar(
        y=[labels[id(step)] for step in steps],
        x=[step.effect for step in steps],
        base=[(step.quality or 0.0) - (step.effect or 0.0) for step in steps],
        orientation="h",
        name=word if steps[0].measured else f"{word}, estimated",
        marker=dict(looks),
        error_x=error if any(step.reach for step in steps) else None,
        text=[effect(path, step) for step in steps],
        textposition="none",
        customdata=[[number(step.quality or 0.0), several(len(step.trials), "run")] for step in steps],
        hovertemplate="%{y}<br>%{text}<br>"
        + path.metric
        + " %{customdata[0]} over %{customdata[1]}<extra></extra>",
    )


def _add_start(figure: go.Figure, path: Ablation, labels: Mapping[int, str]) -> None:
    """Add a mark at what each recipe reached, the start and the end among them."""
    steps = [step for step in path.steps if step.quality is not None]
    figure.add_scatter(
        y=[labels[id(step)] for step in steps],
        x=[step.quality for step in steps],
        customdata=[number(step.quality or 0.0) for step in steps],
        mode="markers",
        name="reached",
        marker={
            "color": GREY,
            "size": 10,
            "symbol": ["diamond" if step.trials else "diamond-open" for step in steps],
        },
        hovertemplate="after %{y}: " + path.metric + " %{customdata}<extra></extra>",
    )


def rows(path: Ablation) -> list[dict[str, Any]]:
    """Return what the stair draws as rows of a table."""
    return [
        {
            "change": step.change,
            "quality": step.quality,
            "effect": step.effect,
            "reach": step.reach,
            "measured": step.measured,
            "trials": " ".join(map(str, step.trials)),
        }
        for step in path.steps
    ]


def ablation_of(study: Study, trials: Sequence[int], start: str = "") -> Ablation:
    """Return the ablation of a study.

    Args:
        study: as it stands.
        trials: those that its recommendation rests on.
        start: name of the optimizer whose defaults the path begins at; empty for those of the advised one.

    Raises:
        StudyError: nothing to come to, or no such optimizer in the search.
    """
    ablated = AblatedStudy.of(
        study.name,
        direction=study.direction,
        manifest=study.manifest,
        records=study.records,
        ablations=study.ablations,
        trials=trials,
    )
    return ablation(ablated, start)


def _of_advised(study: Study) -> go.Figure:
    try:
        return ablation_stair(ablation_of(study, recommend(study.evidence).trials))
    except StudyError as error:
        says = f"No way from defaults to an advised recipe: {error}"
        return worded(go.Figure(), "ablation", says).update_layout(height=200)


PLOTS: Final[Mapping[str, Plot]] = {"ablation": Plot(_of_advised, "a whole study")}
