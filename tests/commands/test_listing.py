"""What `advisor list` prints: aligned columns that a terminal can hold."""

from __future__ import annotations

import pytest

from advisor.cli.columns import COLUMNS, WIDTH, text
from advisor.cli.listing import AXES, listing


@pytest.mark.parametrize("kind", [*AXES, "rules"])
def test_a_list_has_a_heading_and_every_name_in_lines_that_fit(kind, home):
    rows = listing(kind, home)
    lines = text(kind, rows).splitlines()

    assert lines[0].startswith("name ")
    assert [row["name"] for row in rows] == [
        line.split()[0] for line in lines[1:] if not line.startswith(" ")
    ]
    assert max(map(len, lines)) <= WIDTH


@pytest.mark.parametrize("kind", sorted(set(COLUMNS) - {"trials"}))
def test_every_column_stands_below_its_heading(kind, home):
    heading, *lines = text(kind, listing(kind, home)).splitlines()
    starts = [heading.index(column) for column in COLUMNS[kind]]

    for line in lines:
        for start in starts[1:]:
            assert line[start - 2 : start] == "  "
            assert line[start] != " " or line.startswith(" ")


def test_a_dataset_is_listed_with_task_size_source_and_licence(inside):
    lines = {
        line.split()[0]: " ".join(line.split()) for line in inside("list", "datasets").stdout.splitlines()
    }

    assert lines["name"] == "name task kind size source licence"
    assert lines["digits"] == "digits classification image 1,797 x 64 scikit-learn load_digits CC BY 4.0"
    assert lines["diabetes"].startswith("diabetes regression table 442 x 10 scikit-learn load_diabetes")


def test_a_model_is_listed_with_the_kinds_of_data_it_takes(home):
    takes = {row["name"]: row["takes"] for row in listing("models", home)}

    assert takes["Transformer"] == takes["Bag"] == "text"
    assert takes["CNN"] == "image"
    assert takes["MLP"] == "table, image, signal"


def test_a_wrapper_is_listed_with_the_state_it_keeps(inside):
    assert "EMA        yes         1 " in inside("list", "wrappers").stdout
