"""`advisor logs`: what the user's code printed, a trial at a time."""

from __future__ import annotations

import advisor as api
from studies.storage.journal import delete_study

LOOP = """
from training_functions import descend

def fit(recipe, report, seed):
    print("\\x1b[31mtraining with", recipe.optimizer.name())
    return descend(recipe, report, seed)
"""


def test_what_a_trial_printed_is_kept_and_shown_and_goes_with_its_study(tmp_path, home, inside):
    (tmp_path / "loop.py").write_text(LOOP)
    study = api.search(
        f"{tmp_path / 'loop.py'}:fit",
        metric="accuracy",
        optimizers=("AdamW", "SGD"),
        budget="2trials",
        epochs=1,
        workers=1,
        tracking_uri="off",
        home=home,
    )
    inside("list", "studies")  # after what the profile has printed here
    assert inside("logs", study, "0").stdout == "training with AdamW\n"
    assert "1  training with SGD" in inside("logs", study).stdout.splitlines()
    folder = home / "logs" / str(study)
    assert folder.exists()
    delete_study(home, str(study))
    assert not folder.exists()


def test_a_trial_that_is_not_there_or_printed_nothing_is_told_in_one_line(home, inside):
    study = api.search("iris", budget="2trials", epochs=1, tracking_uri="off", home=home)
    assert inside("logs", study).stderr.splitlines()[-1] == "no trial printed anything"
    assert "trial 0 of study 'iris-1' printed nothing" in inside("logs", study, "0").stderr
    assert "has no trial 999; they are 0 to" in inside("logs", study, "999").stderr
