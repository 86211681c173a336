"""`advisor export`: a folder of files that train the recommended recipe without us."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch

import advisor
from advisor.jobs.advice import advice
from advisor.jobs.downloads import downloads
from advisor.jobs.export import export
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from studies.errors import BadValue, UnknownChoice
from studies.recipe import Recipe
from studies.script.snippet import snippet_of
from studies.storage import journal


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    draw = np.random.default_rng(0)
    age, male = draw.integers(20, 80, 120), draw.integers(0, 2, 120)
    frame = pd.DataFrame(
        {
            "age": pd.Series(age, dtype=float).mask(draw.random(120) < 0.1),
            "paid": [f"{paid:,}" for paid in draw.integers(1_000, 9_999, 120)],
            "sex": np.where(male, "m", "f"),
            "since": [f"2024-0{month}-11" for month in draw.integers(1, 10, 120)],
            "ill": np.where(age + 10 * male + draw.normal(0, 8, 120) > 55, "yes", "no"),
        }
    )
    frame.to_csv(folder / "ill.csv", index=False)
    advisor.search(
        str(folder / "ill.csv"),
        target="ill",
        budget="4trials",
        home=folder / "home",
        tracking_uri="off",
        optimizers=("AdamW",),
    )
    return folder / "home"


@pytest.fixture(scope="module")
def written(home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("written") / "out"
    export(home, "ill-1", folder)
    return folder


@pytest.mark.slow
def test_downloads_of_a_study_are_the_files_of_its_export(home, written):
    files = downloads(home, "ill-1")
    script = (written / "train.py").read_text(encoding="utf-8")
    assert zipfile.ZipFile(io.BytesIO(files.script)).read("train.py").decode() == script
    assert files.code == snippet_of(script)
    assert "def build_optimizer(model):" in files.code
    assert "bundle/bundle.json" in zipfile.ZipFile(io.BytesIO(files.bundle)).namelist()
    assert files.notes == ()


def test_the_script_reads_the_users_file_and_reaches_what_the_study_reports(home, tmp_path):
    exported = export(home, "ill-1", tmp_path / "out")

    assert exported.files == (
        "README.md",
        "bundle/",
        "data.py",
        "recipe.toml",
        "report.html",
        "requirements.txt",
        "split.npz",
        "train.py",
    )
    assert exported.notes == ()
    run = subprocess.run(
        [sys.executable, "train.py"], cwd=tmp_path / "out", capture_output=True, text=True, check=True
    )
    records = journal.records(journal.open_study(home, "ill-1"))
    qualities = {f"{record.test_quality:.6g}" for record in records if record.test_quality is not None}
    assert run.stdout.split()[-1] in qualities
    assert torch.load(tmp_path / "out" / "weights.pt", weights_only=True)


def test_the_recipe_is_read_back_as_it_was(home, written):
    recipe = Recipe.from_toml(written / "recipe.toml")

    assert recipe in {
        Recipe.from_params(record.params) for record in journal.records(journal.open_study(home, "ill-1"))
    }


def test_the_recipe_says_what_was_reached_and_how_sure_that_is(home, written):
    text = (written / "recipe.toml").read_text()

    assert f"# {advice(home, 'ill-1').reached}\n" in text
    assert "90 % interval" in text


def test_the_bundle_predicts_as_the_study_does(home, written):
    rows = pd.read_csv(home.parent / "ill.csv")

    there = advisor.load(written / "bundle").predict(rows)

    here = advisor.load("ill-1", home=home).predict(rows)
    assert np.array_equal(there.values, here.values)
    assert np.array_equal(there.probabilities, here.probabilities)


def test_card_and_report_say_how_the_model_is_used_and_trained(written):
    card, report = ((written / name).read_text() for name in ("README.md", "report.html"))

    assert "python train.py" in card
    assert "advisor predict bundle new.csv --out predictions.csv" in card
    assert "## Limits and caveats" in card
    assert "def build_optimizer(model):" in report
    assert "torch.optim.AdamW(" in report


@pytest.mark.parametrize(("style", "package"), [("lightning", "lightning"), ("transformers", "transformers")])
def test_a_style_is_trained_by_its_own_trainer(home, tmp_path, style, package):
    export(home, "ill-1", tmp_path / "out", style=style)

    assert f"from {package}" in (tmp_path / "out" / "train.py").read_text()
    assert f"{package}==" in (tmp_path / "out" / "requirements.txt").read_text()


def test_an_unknown_style_is_refused_before_anything_is_written(home, tmp_path):
    with pytest.raises(UnknownChoice, match="unknown style 'lightnin'"):
        export(home, "ill-1", tmp_path / "out", style="lightnin")

    assert not (tmp_path / "out").exists()


def test_a_training_function_is_exported_without_script_and_bundle(tmp_path):
    def fit(recipe, report, seed):
        report(1, 0.5 + recipe.optimizer.lr)

    options = {"metric": "accuracy", "budget": "2trials", "epochs": 1, "tracking_uri": "off"}
    study = advisor.search(fit, home=tmp_path / "home", **options)

    exported = export(tmp_path / "home", study, tmp_path / "out")

    assert exported.files == ("README.md", "recipe.toml", "report.html")
    assert [note.partition(":")[0] for note in exported.notes] == ["No train.py", "No bundle"]


def test_a_folder_that_holds_files_is_left_alone_unless_asked(home, tmp_path):
    (tmp_path / "mine.txt").write_text("kept")

    with pytest.raises(BadValue, match="is not empty"):
        export(home, "ill-1", tmp_path)

    assert "mine.txt" not in export(home, "ill-1", tmp_path, force=True).files
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_a_folder_that_cannot_be_written_is_said(home, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(BadValue, match="cannot be written"):
        export(home, "ill-1", tmp_path / "file" / "out")


def test_a_search_starts_from_the_recipe_of_an_export(written, tmp_path):
    path = str(written / "recipe.toml")

    begun = prepare(Request.of("iris", start=path, optimizers="AdamW", tracking_uri="off"), tmp_path / "home")
    other = prepare(Request.of("iris", start=path, optimizers="SGD", tracking_uri="off"), tmp_path / "home")

    assert Recipe.from_params(begun.plan.starts[0].params) == Recipe.from_toml(path)
    assert not [start for start in other.plan.starts if path in start.origin]
    assert any("AdamW does not enter" in note for note in other.notes)
