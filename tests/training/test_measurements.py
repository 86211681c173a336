"""Measurements of a run: a small part of its training, by counts alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import advisor
from studies.facts import Facts
from studies.models.cnn import CNN
from studies.plans.measurements import measurements
from studies.recipe import Recipe
from studies.rungs import EVERY_EPOCH, rungs
from studies.storage.follow import Journal
from studies.storage.manifest import StudyManifest

from made_workloads import FORMS, dataset_of, part, workload

IMAGE = workload(FORMS["image"], CNN)


def with_rows(train: int, valid: int):
    parts = {"train": part(FORMS["image"], train, 0), "valid": part(FORMS["image"], valid, 1)}
    return replace(IMAGE, dataset=dataset_of(FORMS["image"], **parts, test=IMAGE.dataset.test))


WORK = {valid: with_rows(40, valid) for valid in (8, 40, 4000)}
SIZES = st.sampled_from([10_000, 1_000_000, 100_000_000])


@given(valid=st.sampled_from([8, 40, 4000]), epochs=st.integers(1, 300), macs=SIZES, batch=st.integers(1, 64))
def test_a_run_is_measured_at_its_rungs_at_least_and_never_oftener_for_more_rows(valid, epochs, macs, batch):
    facts = Facts(macs=macs, batch_size=batch)
    most = measurements(WORK[valid], facts, epochs=epochs)

    assert most == 0 or len(rungs(epochs)) <= most
    more = measurements(WORK[4000], facts, epochs=epochs)
    assert (more or EVERY_EPOCH) <= (most or EVERY_EPOCH) or most < len(rungs(epochs)) + 1


def test_few_rows_that_validate_are_measured_after_each_epoch_and_many_at_few():
    facts = Facts(macs=1_000_000, batch_size=32)
    assert measurements(WORK[8], facts, epochs=18) == 0
    assert measurements(WORK[4000], facts, epochs=18) == len(rungs(18))


def test_a_search_where_more_rows_validate_than_train_measures_less_and_says_so_in_its_journal(tmp_path):
    chance = np.random.default_rng(0)
    rows, labels = chance.normal(size=(2, 600, 12)), chance.integers(0, 3, (2, 600))
    study = advisor.search(
        advisor.Workload(
            train=(rows[0, :40], labels[0, :40]), valid=(rows[1], labels[1]), model="mlp", name="wide"
        ),
        budget="1trials", epochs=18, optimizers="AdamW", batch_size=40, home=tmp_path, tracking_uri="off",
    )  # fmt: skip
    stored = Journal(tmp_path, study.name).read()
    manifest, recorded = stored.manifest, stored.records

    assert manifest.measurements
    assert all(len(record.curve) <= max(manifest.measurements, len(rungs(18)) + 1) for record in recorded)
    assert all(Recipe.from_params(record.params).measurements == manifest.measurements for record in recorded)


def test_a_study_of_an_earlier_version_measures_as_it_did():
    assert StudyManifest.from_dict({}).measurements == 0
    assert Recipe.from_params({}).measurements == 0
