"""Odd addresses: whatever a link says, a page shows something and no traceback."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dashboard import views
from dashboard.widgets.address import trial_number

from pages import VIEWS, fill, page

NAMES = sorted(
    {
        name
        for path in Path(views.__path__[0]).glob("*.py")
        for name in re.findall(r'"([a-z][a-z-]*)"', path.read_text())
        if len(name) < 20 and name not in {"name", "view", "home"}
    }
    | {"trial", "memory", "model-size", "latency", "train-time", "goal"}
)
ODD = [
    "²",
    "٣",
    "9" * 5000,
    "-1",
    "nan",
    "-inf",
    "1e400",
    "a\0b",
    "<script>",
    "x" * 10_000,
    "\u202e",
    "",
    "0x1",
    "1_0",
]


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    return fill(tmp_path_factory.mktemp("home"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    view=st.sampled_from(VIEWS),
    study=st.sampled_from(["full", "begun"]),
    value=st.sampled_from(ODD) | st.text(),
)
@example(view="curves", study="full", value="²")
@example(view="tradeoffs", study="full", value="9" * 5000)
@example(view="tradeoffs", study="full", value="²")
@example(view="optimizers", study="full", value="nan")
@example(view="optimizers", study="full", value="-inf")
@example(view="recommendation", study="full", value="1e400")
@example(view="recommendation", study="full", value="nan")
@example(view="memory", study="full", value="a\0b")
def test_no_value_in_an_address_breaks_a_page(view, study, value, studies):
    shown = page(view, studies, study, **dict.fromkeys(NAMES, value)).run()

    assert [error.value for error in shown.exception] == []


@given(text=st.text() | st.sampled_from(ODD))
def test_a_trial_number_is_plain_digits(text):
    number = trial_number(text)

    assert number is None or str(number) == text.lstrip("0") or (number == 0 and set(text) == {"0"})
