"""`advisor stop`: a search is asked to stop from another shell; where nobody works, a line says so."""

import advisor
from studies.storage.follow import read_study
from studies.storage.manifest import ASKED


def test_a_search_stops_when_another_shell_asks_it_to(home, inside):
    trials = 0

    def listen(event):
        nonlocal trials
        trials += event.record is not None
        if trials == 2:
            assert "advisor resume iris-1" in inside("stop", "iris-1").stdout

    study = advisor.search(
        "iris", home=home, listen=listen, budget="30trials", epochs=1, workers=0, tracking_uri="off",
        optimizers="AdamW,SGD",
    )  # fmt: skip

    assert read_study(home, study).manifest.stopped == ASKED
    result = inside("stop", study)
    assert result.returncode == 2
    assert (
        result.stderr.splitlines()[-1]
        == f"advisor: nobody works on study '{study}', so there is nothing to stop"
    )


def test_a_name_that_no_study_has_is_said_to_be_none(inside):
    result = inside("stop", "nowhere")

    assert result.returncode == 2
    assert "no study 'nowhere'" in result.stderr
