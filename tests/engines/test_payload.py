"""Whatever a study trains on travels to another process and trains to the same numbers there."""

from __future__ import annotations

import pytest

from studies.engines.payload import CannotTravel, read_payload, write_payload


def test_a_workload_comes_back_with_its_data_and_its_name(iris, tmp_path):
    write_payload(tmp_path / "iris.payload", iris)
    back = read_payload(tmp_path / "iris.payload")
    assert back.spec() == iris.spec()
    assert back.on_split(3).dataset.digest == iris.on_split(3).dataset.digest
    assert back.on_all_rows().dataset.digest == iris.on_all_rows().dataset.digest


def test_what_only_this_process_has_is_refused_in_a_line(tmp_path):
    with pytest.raises(CannotTravel, match="generator"):
        write_payload(tmp_path / "stream.payload", {"rows": (row for row in range(3))})
    assert not list(tmp_path.iterdir())
