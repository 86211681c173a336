"""Bundles: a study's model predicts on rows as they came, in memory, from a folder and without the study."""

import json
import subprocess
import sys

import numpy as np
import pytest

import advisor
from studies.bundle.bundle import Bundle
from studies.bundle.row_remarks import RowRemarks
from studies.data.rows import tensors
from studies.errors import BadValue, BadWorkload, StoreError
from studies.measure.outputs import outputs_of
from studies.recipe import Recipe
from studies.storage import journal
from studies.trials.checkpoints import Checkpoints
from studies.workload_opening import reopen_workload

from animals import animals, study_of
from waiting import HANG_SECONDS

CLEAN = """
import sys, pandas
from studies.bundle.bundle import Bundle
values = Bundle.load(sys.argv[1]).predict(pandas.read_csv(sys.argv[2])).values
heavy = {"optuna", "mlflow", "sklearn", "streamlit", "onnx", "onnxruntime", "scipy"} & set(sys.modules)
print(list(values), sorted(heavy))
"""


@pytest.fixture(scope="module")
def sorts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorts")
    return folder, advisor.load(study_of(folder, "sort"), home=folder)


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return folder, advisor.load(study_of(folder, "weight"), home=folder)


def of_the_run(folder, bundle):
    """Return the trained model of the bundle's run, and its workload, apart from any bundle."""
    study = journal.open_study(folder, bundle.about.study)
    record = next(run for run in journal.records(study) if run.number == bundle.members[0].trial)
    workload = reopen_workload(journal.manifest_of(study).opened)
    checkpoint = Checkpoints.of(folder, bundle.about.study).load_or_train(record, workload, device="cpu")
    return checkpoint.model, checkpoint.workload


def frame_of(part, workload, rows):
    """Return the raw rows of a part of the workload's split, found by what they were encoded as."""
    encoded = [row.tobytes() for row in workload.dataset.encoder.transform(rows)]
    places = [encoded.index(row.tobytes()) for row in part.inputs]
    return rows.iloc[places]


@pytest.mark.parametrize("part", ["valid", "test"])
def test_probabilities_are_those_of_the_trained_model_on_the_studys_own_rows(sorts, part):
    folder, bundle = sorts
    model, workload = of_the_run(folder, bundle)
    rows = frame_of(getattr(workload.dataset, part), workload, animals())

    logits = outputs_of(model, tensors(workload.dataset, part, next(model.parameters()).device)[0])

    predictions = bundle.predict(rows)
    assert np.allclose(predictions.probabilities, logits.softmax(dim=1).numpy(), atol=1e-6)
    assert list(predictions.values) == [workload.dataset.classes[code] for code in logits.argmax(dim=1)]
    assert set(predictions.classes) == {"large", "small", "small red"}


def test_amounts_are_in_the_targets_own_units(weights):
    folder, bundle = weights
    model, workload = of_the_run(folder, bundle)
    rows = frame_of(workload.dataset.test, workload, animals())
    outputs = outputs_of(model, tensors(workload.dataset, "test", next(model.parameters()).device)[0])

    values = bundle.predict(rows).values

    assert values.shape == (len(rows),)
    assert np.allclose(
        values, outputs.numpy()[:, 0] * workload.dataset.target_scale + workload.dataset.target_mean
    )
    assert np.corrcoef(values, rows["weight"])[0, 1] > 0.5
    assert bundle.predict(rows).probabilities is None


def test_a_bundle_read_from_its_folder_predicts_the_same_bit_for_bit(sorts, tmp_path):
    _, bundle = sorts
    bundle.save(tmp_path / "bundle")

    again = Bundle.load(tmp_path / "bundle")

    assert np.array_equal(again.predict(animals()).probabilities, bundle.predict(animals()).probabilities)
    assert again.about == bundle.about
    assert Recipe.from_params(again.recipe) == Recipe.from_params(bundle.recipe)
    assert Recipe.from_toml(tmp_path / "bundle" / "recipe.toml") == Recipe.from_params(bundle.recipe)


def test_the_folder_holds_no_pickle(sorts, tmp_path):
    _, bundle = sorts
    bundle.save(tmp_path / "bundle")

    files = {path.name for path in (tmp_path / "bundle").iterdir()}

    assert {"bundle.json", "encoder.json", "recipe.toml", "weights.safetensors"} <= files
    assert not [name for name in files if name.endswith((".pt", ".pkl", ".bin", ".pth"))]


def test_predicting_imports_nothing_of_the_search(sorts, tmp_path):
    folder, bundle = sorts
    bundle.save(tmp_path / "bundle")
    command = [sys.executable, "-c", CLEAN, tmp_path / "bundle", folder / "animals.csv"]

    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=HANG_SECONDS)

    assert done.stdout.strip() == f"{list(bundle.predict(animals()).values)} []", done.stderr


def test_its_weights_are_the_best_confirmation_seed_on_validation(sorts):
    folder, bundle = sorts
    records = journal.records(journal.open_study(folder, bundle.about.study))
    confirmed = {record.number: record.quality for record in records if record.stage == "confirm"}

    assert confirmed[bundle.members[0].trial] == max(confirmed.values())
    assert (
        bundle.about.weights
        == f"trial {bundle.members[0].trial}: the best on validation of 3 confirmation seeds"
    )
    assert bundle.about.metric["name"] == "accuracy"
    assert bundle.about.notes == ()


def test_a_missing_column_is_named_with_the_nearest_there_is(sorts):
    _, bundle = sorts
    with pytest.raises(
        BadWorkload, match="no column 'colour', which the model was trained on; did you mean 'color'"
    ):
        bundle.predict(animals().rename(columns={"colour": "color"}))


def test_further_columns_are_noted_and_the_target_is_not(sorts):
    _, bundle = sorts
    rows = animals()[["weight", "sort", "tame", "born", "colour", "price", "size"]]

    assert bundle.predict(rows).notes == ()
    assert bundle.predict(rows.assign(more=1)).notes == (
        "Passed over 1 column that the model does not know: 'more'.",
    )


def test_an_unknown_level_is_noted_with_its_rows(sorts):
    _, bundle = sorts
    rows = animals()
    rows.loc[:2, "colour"] = "violet"

    (note,) = bundle.predict(rows).notes

    assert note == "Column 'colour': 3 rows of 90 have 1 level that training did not tell apart ('violet')."


def test_a_slip_in_a_column_of_numbers_is_a_gap_and_noted(sorts):
    _, bundle = sorts
    rows = animals().astype({"size": object})
    gaps = rows.copy()
    rows.loc[3, "size"], gaps.loc[3, "size"] = "abc", None

    predictions = bundle.predict(rows)

    assert predictions.notes == (
        "Column 'size': 1 value cannot be read as a number and counts as missing ('abc').",
    )
    assert np.array_equal(predictions.probabilities, bundle.predict(gaps).probabilities)


def test_a_column_of_another_type_throughout_is_refused(sorts):
    _, bundle = sorts
    with pytest.raises(
        BadWorkload, match="column 'size' holds no number, as it did in training, but values like"
    ):
        bundle.predict(animals().assign(size="heavy"))


def test_no_rows_give_no_predictions(sorts, weights):
    for _, bundle in (sorts, weights):
        assert len(bundle.predict(animals().iloc[:0])) == 0


def test_rows_come_as_dicts_and_in_any_order_of_columns(sorts):
    _, bundle = sorts
    rows = animals().drop(columns="sort")
    expected = bundle.predict(rows).probabilities

    assert np.array_equal(bundle.predict(rows.to_dict("records")).probabilities, expected)
    assert np.array_equal(bundle.predict(rows[rows.columns[::-1]]).probabilities, expected)


def test_a_folder_without_a_bundle_or_of_a_later_version_is_said(sorts, tmp_path):
    _, bundle = sorts
    with pytest.raises(StoreError, match=r"holds no bundle: it has no bundle\.json"):
        Bundle.load(tmp_path)
    bundle.save(tmp_path)
    about = json.loads((tmp_path / "bundle.json").read_text())
    (tmp_path / "bundle.json").write_text(json.dumps(about | {"format": 9}))
    with pytest.raises(StoreError, match="is of format 9, and this version reads up to 1"):
        Bundle.load(tmp_path)


def test_other_weights_than_there_are_are_refused(sorts, tmp_path):
    folder, bundle = sorts
    bundle.save(tmp_path)
    with pytest.raises(BadValue, match="is a saved bundle, whose weights are as they are"):
        advisor.load(tmp_path, retrain="all")
    with pytest.raises(BadValue, match="retrain 'some' is not understood"):
        advisor.load(bundle.about.study, retrain="some", home=folder)


def test_trained_once_more_it_has_the_rows_that_validated_and_the_best_epoch_of_the_run(sorts):
    folder, bundle = sorts
    again = advisor.load(bundle.about.study, retrain="all", home=folder)
    member = again.members[0]

    assert again.about.weights == "trained once more on the rows that trained or validated"
    assert f"on the {90 * 0.8:.0f} rows that trained or validated" in again.about.notes[0]
    assert member.encoder != bundle.members[0].encoder
    assert (again.predict(animals()).values == animals()["sort"]).mean() > 0.5
    assert np.array_equal(
        advisor.load(bundle.about.study, retrain="all", home=folder).predict(animals()).probabilities,
        again.predict(animals()).probabilities,
    )


def test_no_test_row_trains_a_model_that_is_trained_once_more(sorts):
    folder, bundle = sorts
    workload = reopen_workload(journal.manifest_of(journal.open_study(folder, bundle.about.study)).opened)
    joined = workload.on_all_rows().dataset

    rows = {row.tobytes() for row in joined.train.inputs}
    assert joined.train.rows == workload.dataset.train.rows + workload.dataset.valid.rows
    assert not rows & {row.tobytes() for row in joined.test.inputs}


@pytest.mark.parametrize("of_target", ["sorts", "weights"])
def test_an_ensemble_averages_its_seeds_and_says_what_that_gains(of_target, request, tmp_path):
    folder, bundle = request.getfixturevalue(of_target)
    ensemble = advisor.load(bundle.about.study, ensemble=True, home=folder)

    answers = [member.answer(animals(), ensemble.about, RowRemarks()) for member in ensemble.members]

    mean = np.mean(answers, axis=0)
    predictions = ensemble.predict(animals())
    values = predictions.values[:, None] if predictions.probabilities is None else predictions.probabilities
    assert len(ensemble.members) == 3
    assert np.array_equal(values, mean)
    assert set(ensemble.about.gain) == {"test"}, "its seeds validated on rows of their own"
    assert "The average of 3 models reaches" in ensemble.about.notes[0]
    ensemble.save(tmp_path)
    assert np.array_equal(Bundle.load(tmp_path).predict(animals()).values, predictions.values)


def test_the_gain_of_an_ensemble_is_its_metric_on_the_test_rows(sorts):
    folder, bundle = sorts
    ensemble = advisor.load(bundle.about.study, ensemble=True, home=folder)
    _, workload = of_the_run(folder, bundle)
    rows = frame_of(workload.dataset.test, workload, animals())

    right = (ensemble.predict(rows).values == rows["sort"]).mean()

    assert ensemble.about.gain["test"]["average"] == pytest.approx(right)
    assert 0 < ensemble.about.gain["test"]["members"] <= 1
