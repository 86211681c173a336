"""The shape of the house: what imports what, what is public, what is light."""

from __future__ import annotations

import subprocess
import sys

import pytest

import advisor

HEAVY = ("torch", "sklearn", "mlflow", "streamlit", "optuna")


@pytest.mark.parametrize(
    "module",
    [
        "advisor",
        "advisor.decide.recommend",
        "advisor.rules",
        "advisor.jobs.advice",
        "studies.record",
        "studies.recipe",
        "studies.catalogue",
        "dashboard.charts",
    ],
)
def test_what_reads_and_decides_is_light(module):
    code = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_public_names_are_sorted_and_there():
    assert list(advisor.__all__) == sorted(advisor.__all__)
    assert all(hasattr(advisor, name) for name in advisor.__all__)


def test_the_function_recommend_is_not_hidden_by_its_module():
    import advisor.decide.recommend

    assert callable(advisor.recommend)
    assert callable(advisor.decide.recommend.recommend)
