"""Bundles of any table: what they predict is what the trained model answers, whatever the columns hold."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.jobs.bundle_facts import about_data
from studies.bundle.about import About
from studies.bundle.bundle import Bundle
from studies.bundle.member import Member
from studies.data.prepare import prepare
from studies.data.raw import split_of, targets_of
from studies.data.rows import tensors
from studies.datasets import Raw
from studies.loaded_workload import LoadedWorkload
from studies.measure.outputs import outputs_of
from studies.metric_on_data import in_units
from studies.metrics import metric
from studies.models.mlp import MLP

from drawn_tables import raw_tables

CPU = torch.device("cpu")


def bundled(frame, seed):
    """Return a bundle of a net that is not trained, its workload, and the places of its validation rows."""
    frame.loc[len(frame) - 1, "label"] = frame.loc[0, "label"]
    raw = Raw(inputs=frame.drop(columns="label"), targets=frame["label"])
    dataset = prepare(raw, name="any", seed=seed)
    model = MLP(width=16, depth=1)
    workload = LoadedWorkload(dataset=dataset, model=model, metric=metric(None, dataset.task))
    torch.manual_seed(seed)
    member = Member(
        module=workload.build(model).eval(), encoder=dataset.encoder, target=dataset.target_encoder
    )
    about = About(
        **about_data(workload), model={"name": model.name(), "fields": model.fields()}, target="label"
    )
    targets = targets_of(raw, "auto", [])
    valid = targets.rows[split_of(raw, targets, seed, []).valid]
    return Bundle(about=about, members=(member,)), workload, valid


def numbers(predictions):
    return predictions.values if predictions.probabilities is None else predictions.probabilities


@settings(max_examples=60, deadline=None)
@given(frame=raw_tables(), seed=st.integers(0, 5))
def test_validation_rows_get_what_the_model_answers(frame, seed):
    bundle, workload, valid = bundled(frame, seed)
    inputs, targets = tensors(workload.dataset, "valid", CPU)

    predictions = bundle.predict(frame.iloc[valid])

    outputs = outputs_of(bundle.members[0].module, inputs)
    if workload.dataset.classes:
        assert np.allclose(predictions.probabilities, outputs.softmax(dim=1).numpy(), atol=1e-6)
        assert list(predictions.values) == [workload.dataset.classes[code] for code in outputs.argmax(dim=1)]
    else:
        expected = in_units(workload.dataset, outputs, targets)[0][:, 0]
        assert np.allclose(predictions.values, expected, rtol=1e-5, atol=1e-6 * workload.dataset.target_scale)


@settings(max_examples=60, deadline=None)
@given(frame=raw_tables(), seed=st.integers(0, 5), cut=st.integers(0, 12))
def test_the_order_and_the_company_of_rows_change_no_prediction(frame, seed, cut):
    bundle, workload, _ = bundled(frame, seed)
    order = np.random.default_rng(seed).permutation(len(frame))
    whole = numbers(bundle.predict(frame))
    close = {"rtol": 1e-5, "atol": 1e-6 * float(np.max(workload.dataset.target_scale))}

    assert np.allclose(numbers(bundle.predict(frame.iloc[order])), whole[order], **close)
    parts = [numbers(bundle.predict(part)) for part in (frame.iloc[:cut], frame.iloc[cut:])]
    assert np.allclose(np.concatenate(parts), whole, **close)


@settings(max_examples=25, deadline=None)
@given(frame=raw_tables(), seed=st.integers(0, 5))
def test_a_folder_gives_the_bundle_back(tmp_path_factory, frame, seed):
    bundle, _, _ = bundled(frame, seed)
    folder = tmp_path_factory.mktemp("bundle")
    bundle.save(folder)
    again = Bundle.load(folder)

    assert np.array_equal(numbers(again.predict(frame)), numbers(bundle.predict(frame)))
    assert again.about == bundle.about
    assert again.members[0].encoder == bundle.members[0].encoder
