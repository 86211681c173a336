"""Bundles of compressed models: they predict as the file that the study recommends, here and elsewhere."""

import numpy as np
import pytest

import advisor
from advisor.jobs.export import export
from studies.bundle.bundle import Bundle
from studies.deployment.export import run, session

from animals import animals

SEARCH = {"model": "mlp", "budget": "6trials", "epochs": 3, "optimizers": "AdamW", "tracking_uri": "off"}


def searched(folder, **wanted):
    animals().to_csv(folder / "animals.csv", index=False)
    return advisor.search(
        str(folder / "animals.csv"), target="sort", home=folder / "home", **SEARCH, **wanted
    )


@pytest.mark.slow
def test_a_compressed_recommendation_predicts_as_its_onnx_file(tmp_path):
    study = searched(tmp_path, compression="after")
    home, rows = tmp_path / "home", animals()
    recommended = advisor.recommend(study, home=home).compression

    bundle = advisor.load(study, home=home)
    exported = export(home, study, tmp_path / "out")

    graph = (home / "models" / study / recommended.file).read_bytes()
    logits = run(session(graph), bundle.members[0].encoder.transform(rows))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert np.allclose(bundle.predict(rows).probabilities, shares, atol=1e-6)
    there = Bundle.load(tmp_path / "out" / "bundle").predict(rows)
    assert np.array_equal(there.probabilities, bundle.predict(rows).probabilities)
    assert (tmp_path / "out" / "model.onnx").read_bytes() == graph
    assert any("model.onnx is the compressed model" in note for note in exported.notes)


@pytest.mark.slow
def test_a_joint_recommendation_says_that_its_bundle_is_the_model_before_compression(tmp_path):
    study = searched(tmp_path, compression="joint", limits=advisor.Limits(model_bytes=40_000))
    home, rows = tmp_path / "home", animals()

    bundle = advisor.load(study, home=home)
    bundle.save(tmp_path / "bundle")

    export(home, study, tmp_path / "out")
    assert "measured on the compressed model" in (tmp_path / "out" / "train.py").read_text()
    assert any("holds the model before compression" in note for note in bundle.about.notes)
    there = Bundle.load(tmp_path / "bundle").predict(rows)
    assert np.array_equal(there.probabilities, bundle.predict(rows).probabilities)
