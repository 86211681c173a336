"""The table of trials: filtered, sorted, in groups, with chosen columns, and as CSV."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import trials_table
from dashboard.trials_table import Arrangement, conditions
from studies.direction import MAXIMIZE
from studies.errors import BadValue
from studies.storage.annotations import TrialAnnotations, change_annotations

from pages import STUDIES, fill, page, words

RACE = STUDIES["full"]
SAID = {4: TrialAnnotations(tags=("odd", "paper"), note="Late.")}
ROWS = [trials_table.row(each, SAID.get(each.number, TrialAnnotations())) for each in RACE]
NAMES = trials_table.columns(ROWS)


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    home = fill(tmp_path_factory.mktemp("home"), {"full": RACE})
    change_annotations(home, "full", lambda said: said.tagged(["odd"], trial=4))
    return home


def numbers(rows):
    return [row["number"] for row in rows]


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("", list(range(11))),
        ("quality > 0.9", [6, 8, 9, 10]),
        ("quality >= 0.9, optimizer = adamw, stage != confirm", [2, 6]),
        ("optimizer ~ GD", [0, 3]),
        ("state=failed", [7]),
        ("why it ended ~ 9 mib", [5]),
        ("peak memory in training < 0.15 MiB", [0]),
        ("train_seconds <= 700 ms", [3]),
        ("tags = paper", [4]),
        ("tags ~ dd", [4]),
        ("trial >= 9", [9, 10]),
        ("learning rate = 0.03", [1, 5, 7]),
        ("model = linear, quality < 0.8", [3]),
    ],
)
def test_a_filter_leaves_the_trials_that_meet_every_condition(where, left):
    assert numbers(Arrangement(where=where).of(ROWS)) == left


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("qualty > 1", "no trial has a column 'qualty'; did you mean 'quality'?"),
        ("quality", "condition 'quality' is not COLUMN SIGN VALUE"),
        ("quality >", "is not COLUMN SIGN VALUE"),
        ("> 3", "is not COLUMN SIGN VALUE"),
        ("quality > good", "'good' is no number, which validation quality is"),
    ],
)
def test_a_filter_that_cannot_be_read_is_told_in_one_line(where, says):
    with pytest.raises(BadValue, match=says.replace("?", r"\?")) as refused:
        conditions(where, NAMES)
    assert "\n" not in str(refused.value)


@settings(max_examples=150)
@given(st.text(alphabet="quality><=!~ ,.0123456789ab\n\0²", max_size=30))
def test_no_filter_does_anything_but_leave_rows_or_be_refused(where):
    try:
        left = Arrangement(where=where).of(ROWS)
    except BadValue:
        return
    assert all(row in ROWS for row in left)


@given(st.sampled_from(NAMES), st.booleans(), st.sampled_from(("", *trials_table.GROUPS)))
def test_every_order_keeps_every_trial_and_puts_those_without_a_value_last(by, falling, group):
    rows = Arrangement(by=by, falling=falling, group=group).of(ROWS)

    assert sorted(numbers(rows)) == list(range(11))
    if not group:
        missing = [row[by] is None or row[by] == "" for row in rows if by in row]
        assert missing == sorted(missing)
    else:
        values = [str(row.get(group)) for row in rows]
        changes = sum(left != right for left, right in pairwise(values))
        assert changes == len(set(values)) - 1


def test_a_group_tells_how_many_there_are_and_what_they_reached():
    rows = Arrangement(group="optimizer").of(ROWS)
    lines = {line["optimizer"]: line for line in trials_table.groups(rows, "optimizer", MAXIMIZE)}

    assert {name: (line["trials"], line["whole"], line["best"]) for name, line in lines.items()} == {
        "AdamW": (6, 6, 0.94), "Momentum": (3, 1, 0.85), "SGD": (2, 1, 0.8),
    }  # fmt: skip


def test_the_page_filters_sorts_and_groups_as_its_address_says(studies):
    shown = page(
        "trials", studies, "full", filter="optimizer = AdamW", sort="quality", falling="yes", group="stage",
        columns="quality,lr,tags",
    ).run()  # fmt: skip

    assert not shown.exception
    assert "6 of 11 trials" in words(shown)
    lines, trials = (frame.value for frame in shown.dataframe)
    assert list(lines["stage"]) == ["confirm", "race", "reference"]
    assert list(trials["number"]) == [9, 10, 8, 6, 4, 2]
    assert [button.label for button in shown.get("download_button")] == ["CSV"]


def test_a_filter_that_names_no_column_is_said_and_breaks_nothing(studies):
    shown = page("trials", studies, "full", filter="colour = red").run()

    assert not shown.exception
    assert "no trial has a column 'colour'" in words(shown)
    assert "No trial meets the filter." in words(page("trials", studies, "full", filter="quality > 2").run())
