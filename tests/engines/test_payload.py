"""Whatever a study trains on travels to another process and trains to the same numbers there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from studies.engines.payload import write_payload

from payload_files import write_files
from payload_kinds import kinds, more_kinds, outcome
from waiting import HANG_SECONDS

pytestmark = pytest.mark.filterwarnings("ignore")  # odd modules warn of much

NOWHERE = Path(os.devnull)
READER = Path(__file__).with_name("payload_reader.py")


def travelled(folder, values):
    """Return what training makes of each value in an interpreter that knows nothing of this one."""
    for number, value in enumerate(values):
        write_payload(folder / f"{number}.payload", value)
    command = [sys.executable, "-P", str(READER), str(folder), str(len(values))]
    subprocess.run(command, cwd="/", check=True, timeout=HANG_SECONDS)
    return json.loads((folder / "outcomes.json").read_text())


class Journeys:
    """Outcomes of training here and there, by kind."""

    def __init__(self, folder, makers):
        values = {kind: make() for kind, make in makers.items()}
        self.there = dict(zip(values, travelled(folder, values.values()), strict=True))
        self.values = values


@pytest.fixture(scope="module")
def journeys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("payloads")
    write_files(folder)
    return Journeys(folder, kinds(folder))


@pytest.fixture(scope="module")
def more_journeys(tmp_path_factory):
    return Journeys(tmp_path_factory.mktemp("payloads"), more_kinds())


@pytest.mark.parametrize("kind", kinds(NOWHERE))
def test_another_process_trains_to_the_same_numbers(kind, journeys):
    assert journeys.there[kind] == outcome(journeys.values[kind])


@pytest.mark.slow
@pytest.mark.parametrize("kind", more_kinds())
def test_another_process_trains_to_the_same_numbers_with_odd_modules_too(kind, more_journeys):
    assert more_journeys.there[kind] == outcome(more_journeys.values[kind])
