"""Sensitivity: by how much the loss rises when one layer is pruned, for each layer of the trained model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.statements.statement import Statement
from advisor.statements.titles_costs import LayersBear
from dashboard.charts import Plot
from dashboard.charts.looks import transparent
from studies.storage.manifest_entries import Layer

if TYPE_CHECKING:
    from dashboard.snapshot import Study

LAYER: Final = 24
"""Characters of a layer's name that fit beside its row."""


def sensitivity(layers: Sequence[Layer]) -> go.Figure:
    """Draw the rise of the loss when a share of a layer's smallest weights is set to zero, a row a layer.

    Args:
        layers: of a study's manifest, in the order of the model.
    """
    names = [_short(layer.name) for layer in layers]
    places = list(range(len(names)))
    levels = [f"{100 * level:g} %" for level in layers[0].levels]
    rises = [[loss - layer.before for loss in layer.losses] for layer in layers]
    about = [[[layer.name, layer.size]] * len(levels) for layer in layers]
    figure = go.Figure(
        go.Heatmap(
            x=levels,
            y=places,
            z=[[_depth(rise, layers[0].before) for rise in row] for row in rises],
            text=[[_signed(rise) for rise in row] for row in rises],
            texttemplate="%{text}",
            customdata=about,
            colorscale="Blues",
            zmin=0,
            xgap=2,
            ygap=2,
            showscale=False,
            hovertemplate="%{customdata[0]}, %{customdata[1]:,} weights"
            "<br>%{x} set to zero: loss %{text}<extra></extra>",
        )
    )
    title = "share of the layer's weights set to zero, its smallest first"
    figure.update_xaxes(title_text=title, type="category")
    figure.update_yaxes(tickvals=places, ticktext=names, autorange="reversed", automargin=True)
    return transparent(figure, layers_bear(layers), height=170 + 30 * len(names))


def rows(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return what the heat map draws as rows of a table, a row a layer and share."""
    return [
        {
            "layer": layer.name,
            "weights": layer.size,
            "share": level,
            "loss": loss,
            "loss_before": layer.before,
        }
        for layer in layers
        for level, loss in zip(layer.levels, layer.losses, strict=True)
    ]


def layers_bear(layers: Sequence[Layer]) -> Statement:
    """Say which layers bear least and most, at the middle one of the shares."""
    if not layers:
        return LayersBear(share=0.0, rises=())
    middle = len(layers[0].levels) // 2
    rises = tuple((layer.name, layer.losses[middle] - layer.before) for layer in layers)
    return LayersBear(share=layers[0].levels[middle], rises=rises, source="sensitivity")


def _depth(rise: float, before: float) -> float:
    """Return a rise for the colour scale: a log, as rises span decades."""
    return math.log1p(max(0.0, min(rise, 1e6)) / max(abs(before), 1e-3))


def _signed(rise: float) -> str:
    return "not finite" if not math.isfinite(rise) else f"{rise:+.2g}"


def _short(name: str) -> str:
    return name if len(name) <= LAYER else f"...{name[3 - LAYER :]}"


def _drawn_sensitivity(study: Study) -> go.Figure:
    layers = study.manifest.sensitivity
    if layers:
        return sensitivity(layers)
    return transparent(go.Figure(), layers_bear(()), height=200)


PLOTS: Final[Mapping[str, Plot]] = {"sensitivity": Plot(_drawn_sensitivity, "a whole study")}
