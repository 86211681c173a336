"""Faults that are really done to searches on the command line: none costs a trial that had ended."""

from __future__ import annotations

import pytest

from benchmarks.faults import FAULTS

ROUNDS = 3
"""Of kill loops and damaged journals; `make faults` does 50."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_fault_loses_no_trial_and_ends_no_search(fault, tmp_path):
    toll = fault.run(tmp_path, ROUNDS)

    assert toll.lost == 0, toll.said
    assert toll.survived == toll.rounds, toll.said


def test_every_fault_has_a_name_of_its_own():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
