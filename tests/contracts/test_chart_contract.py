"""Every figure, found by its file, is drawn of a study at every age; who adds one writes no test for that."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from dashboard import charts
from dashboard.charts import plots
from dashboard.snapshot import Study
from studies.record import Stint

from pages import RACE, SWEEP, fill
from records import compressions, confirmations, facts, record

RAN = confirmations(40, "AdamW", (0.92, 0.94, 0.93), source=6)
STUDIES = {
    "empty": (),
    "running": (record(0, "AdamW", state="running", stage="reference"),),
    "one-trial": (record(0, "AdamW", 0.9, stage="reference"),),
    "full": tuple(
        replace(run, stints=(Stint(worker=run.number % 2, began=float(run.number), seconds=1.5),))
        for run in (
            *SWEEP,
            *(record(21 + r.number, r.optimizer, r.quality, state=r.state) for r in RACE),
            *RAN,
            *compressions(50, RAN),
        )
    ),
}
LAYERS = [{"name": "0", "size": 640, "before": 0.2, "levels": [0.5, 0.9], "losses": [0.21, 0.4]}]
DRAWN = {"nothing": tuple(STUDIES), "a whole run": ("one-trial", "full"), "a whole study": ("full",)}
EACH = [pytest.param(kind, name, id=f"{kind}-{name}") for kind in plots() for name in STUDIES]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    sparse = facts(input_density=0.02).to_dict()  # a rule speaks on it before any trial
    young = {name: trials for name, trials in STUDIES.items() if name != "full"}
    home = fill(tmp_path_factory.mktemp("home"), young, facts=sparse)
    return fill(home, {"full": STUDIES["full"]}, facts=sparse, sensitivity=LAYERS)


@pytest.mark.parametrize(("kind", "name"), EACH)
def test_a_figure_is_drawn_or_says_what_is_missing(kind, name, home):
    plot = plots()[kind]
    figure = plot(Study.read(home, name))
    words = [
        figure.layout.title.text,
        *(axis.title.text or "" for axis in (*figure.select_xaxes(), *figure.select_yaxes())),
    ]

    assert figure.to_json()
    if kind != "compression":
        assert figure.layout.meta["says"].split() == words[0].replace("<br>", " ").split()
    assert not re.search(r"\b(nan|inf|None)\b", " ".join(words))
    if name in DRAWN[plot.needs]:
        assert shown(figure), f"'{figure.layout.title.text}'; name what it needs in its PLOTS"
    elif not shown(figure):
        assert re.match(r"No\b|Nothing\b|.*too few", words[0]), words[0]


def test_every_file_that_draws_offers_its_figures():
    for module in pkgutil.iter_modules(charts.__path__, f"{charts.__name__}."):
        file = importlib.import_module(module.name)
        draws = "go.Figure(" in inspect.getsource(file)
        assert hasattr(file, "PLOTS") or not draws, f"{module.name} draws; offer its figures in PLOTS"


def shown(figure):
    """Return whether a figure shows a value: a mark, a bar, a line or a cell that is not empty."""
    values = [
        trace.dimensions[-1].values
        if trace.type == "parcoords"
        else trace.z
        if trace.type in {"heatmap", "contour"}
        else trace.x
        for trace in figure.data
    ]
    return any(pd.notna(np.array(value, dtype=object)).any() for value in values if value is not None)
