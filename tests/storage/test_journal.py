"""A journal that is followed holds what Optuna's replay of it holds, and each line is read once."""

import json
import tempfile
from pathlib import Path

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.errors import StoreError, StudyNotFound
from studies.storage.follow import Journal
from studies.storage.journal import (
    RECOMMENDED,
    create_study,
    manifest_of,
    mark_recommended,
    open_study,
    records,
)
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import TrialLine, next_number, tell

from records import confirmations, record

TRIALS = (
    record(0, "SGD", 0.8),
    record(1, "AdamW", None, state="failed"),
    record(2, "AdamW", 0.9, state="pruned"),
)


@pytest.fixture
def study(tmp_path):
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return create_study(
        tmp_path, "s", direction="minimize", manifest=StudyManifest.from_dict({"metric": "rmse"})
    )


def searched(study, trials):
    for entry in trials:
        tell(study, entry, TrialLine(spent_seconds=float(entry.number)))


def read_by_optuna(home):
    study = open_study(home, "s")
    return study.direction.name.lower(), manifest_of(study), records(study)


def read_by_journal(journal):
    content = journal.read()
    return content.direction, content.manifest, content.records


def test_it_holds_what_a_replay_holds_at_every_step(study, tmp_path):
    journal = Journal(tmp_path, "s")
    assert read_by_journal(journal) == read_by_optuna(tmp_path)
    for entry in (*TRIALS, *confirmations(3, "AdamW", (0.9, None), source=2)):
        searched(study, [entry])
        assert read_by_journal(journal) == read_by_optuna(tmp_path)
    assert read_by_journal(Journal(tmp_path, "s")) == read_by_journal(journal)


def test_trials_that_were_added_whole_count_too(study, tmp_path):
    attributes = {"record": TRIALS[0].to_dict()}
    study.add_trial(optuna.trial.create_trial(value=0.8, params={}, distributions={}, user_attrs=attributes))
    searched(study, TRIALS[1:2])
    assert read_by_journal(Journal(tmp_path, "s")) == read_by_optuna(tmp_path)


def test_what_was_read_once_is_not_read_again(study, tmp_path):
    journal = Journal(tmp_path, "s")
    searched(study, TRIALS[:2])
    first = journal.read().records
    searched(study, TRIALS[2:])
    again = journal.read().records
    assert [earlier is later for earlier, later in zip(first, again, strict=False)] == [True, True]
    assert again == TRIALS


def test_a_torn_line_is_left_until_it_is_whole(study, tmp_path):
    searched(study, TRIALS)
    path = tmp_path / "studies" / "s.journal"
    whole = path.read_bytes()
    for cut in (1, 100, 3000):
        path.write_bytes(whole[:-cut])
        journal = Journal(tmp_path, "s")
        before = journal.read()
        with path.open("ab") as file:
            file.write(whole[-cut:])
        assert len(before.records) <= 3
        assert read_by_journal(journal) == read_by_optuna(tmp_path)


def test_a_journal_that_was_replaced_is_read_anew(study, tmp_path):
    searched(study, TRIALS)
    journal = Journal(tmp_path, "s")
    assert len(journal.read().records) == 3
    (tmp_path / "studies" / "s.journal").unlink()
    searched(
        create_study(
            tmp_path, "s", direction="maximize", manifest=StudyManifest.from_dict({"metric": "accuracy"})
        ),
        TRIALS[::-1] * 2,
    )
    assert read_by_journal(journal) == read_by_optuna(tmp_path)


def test_lines_that_begin_otherwise_are_read_whole(study, tmp_path):
    searched(study, TRIALS)
    path = tmp_path / "studies" / "s.journal"
    operations = [json.loads(line) for line in path.read_bytes().splitlines()]
    path.write_text("".join(f" {json.dumps(dict(reversed(each.items())))}\n" for each in operations))
    assert read_by_journal(Journal(tmp_path, "s")) == read_by_optuna(tmp_path)


def test_what_cannot_be_read_is_said_in_one_line(study, tmp_path):
    with pytest.raises(StudyNotFound, match=r"no study 'sss' in .*; did you mean 's'"):
        Journal(tmp_path, "sss").read()
    (tmp_path / "studies" / "s.journal").write_text('{"op_code":4,"study_id"\n')
    with pytest.raises(StoreError, match=r"cannot be read .*; restore it from a copy or delete it"):
        Journal(tmp_path, "s").read()


@given(numbers=st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=6))
@settings(deadline=None, max_examples=20)
def test_records_are_in_the_order_of_their_numbers_wherever_their_lines_stand(numbers):
    trials = [
        record(number, "SGD", 0.8, stage=("race", "confirm", "compress")[number % 3]) for number in numbers
    ]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        study = create_study(home, "s", direction="minimize", manifest=StudyManifest())
        searched(study, trials)

        assert next_number(study) == max(numbers) + 1
        assert [each.number for each in records(study)] == sorted(numbers)
        assert read_by_journal(Journal(home, "s")) == read_by_optuna(home)


def test_a_line_that_was_copied_counts_once(study, tmp_path):
    searched(study, TRIALS)
    path = tmp_path / "studies" / "s.journal"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[-1]]))

    assert Journal(tmp_path, "s").read().records == TRIALS
    assert read_by_journal(Journal(tmp_path, "s")) == read_by_optuna(tmp_path)


def test_the_recommended_trial_is_marked_by_its_place_among_optunas_trials(study):
    searched(study, [record(7, "SGD", 0.8), record(3, "SGD", 0.9)])
    mark_recommended(study, 3)
    assert study.user_attrs[RECOMMENDED] == 1
