"""Live study: what is said of a search that runs, read from its files while a real one writes them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

import advisor
from advisor.jobs.live_study import LiveStudy, how_it_ended
from advisor.report.stage_names import STAGE_NAMES
from studies.limits import Budget
from studies.outlook import Outlook
from studies.record import STAGES
from studies.storage.follow import read_study
from studies.storage.manifest import ASKED, INTERRUPTED, StudyManifest
from studies.storage.manifest_entries import SavedAdvice
from studies.storage.stop_wish import wish_to_stop

from records import record

LIVE = st.builds(
    LiveStudy,
    stage=st.sampled_from((None, *STAGES)),
    compresses=st.just(True),
    elapsed_seconds=st.floats(0, 1e5),
    of_seconds=st.none() | st.floats(1, 1e5),
    trials=st.integers(0, 999),
    of_trials=st.none() | st.integers(1, 999),
    training=st.lists(st.sampled_from(("AdamW at lr 0.001", "Lion", "SGD at lr 0.1")), max_size=9).map(tuple),
    stopping=st.booleans(),
)
ANSWERED = StudyManifest(
    budget=Budget(seconds=150), spent_seconds=47, recommendation=SavedAdvice(markdown="", json="{}")
)


def test_what_a_running_search_does_is_read_from_its_files(home):
    looks = []

    def listen(event):
        if event.record is not None:
            stored = read_study(home, "iris-1")
            looks.append(LiveStudy.read(home, "iris-1", stored.manifest, stored.records))
        if len(looks) == 4 and not looks[-1].stopping:
            wish_to_stop(home, "iris-1")
            looks.append(LiveStudy.read(home, "iris-1", stored.manifest, stored.records))

    advisor.search(
        "iris", home=home, listen=listen, budget="30trials", epochs=2, workers=0, tracking_uri="off"
    )
    trained = [name.split()[0] for look in looks for name in look.training]

    assert [look.trials for look in looks[:4]] == [1, 2, 3, 4]
    assert all(look.of_trials == 30 and look.stage in {"reference", "start", "race"} for look in looks)
    assert set(trained) <= set(read_study(home, "iris-1").manifest.candidates)
    assert [look.elapsed_seconds for look in looks] == sorted(look.elapsed_seconds for look in looks)
    assert looks[-1].stopping
    assert not looks[0].stopping


@given(LIVE)
def test_its_sentences_name_what_trains_and_never_more_than_there_is(live):
    assert 0 <= live.share <= 1
    assert live.clock()
    assert live.place()
    now = live.now()
    assert all(name in now for name in set(live.training))
    assert ("Nothing is trained" in now) == (not live.training)
    assert live.rest() == "" or live.rest().endswith(".")
    if live.of_seconds and not live.stopping and live.elapsed_seconds >= live.of_seconds:
        assert live.rest().startswith("At most 0")


def test_a_crowd_of_trials_is_counted():
    live = LiveStudy(training=("A at lr 1", "B", "B", "C", "D", "E"), stage="race")

    assert live.now() == "Trained now: A at lr 1, 2 times B, C and 2 more."
    assert live.place() == "race, stage 2 of 3"
    assert set(STAGE_NAMES) == set(STAGES)


def test_how_a_search_ended_is_said_by_who_ended_it():
    ahead = Outlook(trials=40, trials_left=60, gain=0.0004, noise=0.002)

    assert how_it_ended(replace(ANSWERED, stopped=ASKED), ()) == "Stopped by you; 103 s of 150 s are left."
    assert how_it_ended(replace(ANSWERED, stopped=INTERRUPTED), ()).startswith("Stopped by Ctrl-C")
    assert "60 more trials" in how_it_ended(replace(ANSWERED, outlook=ahead), ())
    assert how_it_ended(ANSWERED, ()) == "Finished."
    assert how_it_ended(replace(ANSWERED, recommendation=None), (record(0, "SGD", 0.8),)).startswith("Not")
