"""Recipes drawn at random: every choice of every axis, at any of the values that a search may try."""

from __future__ import annotations

from hypothesis import strategies as st

from studies import catalogue
from studies.models.mlp import MLP
from studies.plans.search_space import SearchSpace
from studies.space import Numeric

SPACE = SearchSpace(
    optimizers=tuple(catalogue.choices("optimizer").values()),
    schedules=tuple(catalogue.choices("schedule").values()),
    regularizers=tuple(catalogue.choices("regularizers").values()),
    wrappers=tuple(catalogue.choices("wrappers").values()),
    batch_size=Numeric(low=1, default=32, high=1079, scale="log", whole=True),
    model=MLP(),
    epochs=27,
    lr_scaling=True,
    search_model=True,
)


@st.composite
def points(draw):
    """Draw a point of the space."""
    point = {}
    for name, distribution in SPACE.distributions.items():
        options = getattr(distribution, "choices", None)
        point[name] = draw(st.sampled_from(options) if options else st.floats(-1, 1))
    return point
