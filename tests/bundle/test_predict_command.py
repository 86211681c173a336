"""`advisor predict`: the rows of a file with a column more, in their order, whatever form the file has."""

import gzip
import io
import json
import sqlite3
import sys

import numpy as np
import pandas as pd
import pytest

import advisor
from advisor.jobs.predicting.predict import predict_rows

from animals import animals, study_of


@pytest.fixture(scope="module")
def sorts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sorts")
    return folder, study_of(folder, "sort")


@pytest.fixture(scope="module")
def bundle(sorts):
    return advisor.load(sorts[1], home=sorts[0])


def predicted(bundle, text, folder, **options):
    """Return what comes out for a CSV, and the notes."""
    (folder / "rows.csv").write_text(text)
    out = io.StringIO()
    notes = predict_rows(bundle, str(folder / "rows.csv"), out=out, **options)
    return out.getvalue(), notes


def csv_of(frame):
    return frame.to_csv(index=False)


def test_rows_come_back_as_they_were_with_a_column_more(sorts, bundle, inside, tmp_path):
    folder, study = sorts
    done = inside("predict", study, str(folder / "animals.csv"), "--home", str(folder))

    lines = done.stdout.splitlines()
    assert [line.rpartition(",")[0] for line in lines] == (folder / "animals.csv").read_text().splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["prediction", *bundle.predict(animals()).values]
    assert done.stderr.startswith("accuracy 0.")
    assert (
        "over the 90 rows whose 'sort' is known; rows that the model was trained on flatter it."
        in done.stderr
    )


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "jsonl", "json"])
def test_each_form_of_output_holds_the_same(bundle, inside, sorts, tmp_path, ending):
    folder, study = sorts
    out = tmp_path / f"answers.{ending}"
    command = ["predict", study, str(folder / "animals.csv"), "--out", str(out), "--proba"]
    done = inside(*command, "--home", str(folder))

    assert done.stdout == ""
    readers = {"parquet": pd.read_parquet, "tsv": lambda path: pd.read_csv(path, sep="\t")}
    reader = readers.get(
        ending, lambda path: pd.read_json(path, lines=True) if "js" in ending else pd.read_csv(path)
    )
    answers, expected = reader(out), bundle.predict(animals())
    assert list(answers["prediction"]) == list(expected.values)
    assert answers[[f"p({label})" for label in expected.classes]].to_numpy() == pytest.approx(
        expected.probabilities, abs=1e-6
    )
    assert list(tmp_path.glob("*.part")) == []


def test_rows_come_from_standard_input(bundle, inside, sorts, monkeypatch):
    folder, study = sorts
    stdin = io.TextIOWrapper(io.BytesIO((folder / "animals.csv").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stdin)

    done = inside("predict", study, "-", "--home", str(folder))

    answers = pd.read_csv(io.StringIO(done.stdout))
    assert list(answers["prediction"]) == list(bundle.predict(animals()).values)


def saved(folder, form):
    rows = animals()
    path = folder / {"gz": "rows.csv.gz", "sqlite": "rows.db"}.get(form, f"rows.{form}")
    if form == "gz":
        path.write_bytes(gzip.compress(csv_of(rows).encode()))
    elif form == "sqlite":
        with sqlite3.connect(path) as database:
            rows.to_sql("animals", database, index=False)
    elif form == "jsonl":
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows.to_dict("records")))
    else:
        {"xlsx": rows.to_excel, "parquet": rows.to_parquet, "arrow": rows.to_feather}[form](
            path, **({"index": False} if form != "arrow" else {})
        )
    return path


@pytest.mark.parametrize("form", ["gz", "sqlite", "jsonl", "xlsx", "parquet", "arrow"])
def test_rows_come_from_every_form_of_file(bundle, tmp_path, form):
    out = io.StringIO()

    predict_rows(bundle, str(saved(tmp_path, form)), out=out)

    answers = pd.read_csv(io.StringIO(out.getvalue()))
    assert list(answers["prediction"]) == list(bundle.predict(animals()).values)


def test_fields_stay_as_they_are_written(bundle, tmp_path):
    rows = animals(5).astype({"size": object}).assign(note=['a "quoted" word', "1,5", "007", "", "NA"])
    rows["size"] = ["1.50", "1e0", "+2", "", " 4"]

    text, notes = predicted(bundle, csv_of(rows), tmp_path)

    answers = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    assert list(answers["note"]) == list(rows["note"])
    assert list(answers["size"]) == ["1.50", "1e0", "+2", "", "4"]
    assert notes[0] == "Passed over 1 column that the model does not know: 'note'."


def test_decimal_commas_are_read_and_written_as_such(bundle, tmp_path):
    rows = animals()
    european = rows.to_csv(index=False, sep=";", decimal=",")

    text, _ = predicted(bundle, european, tmp_path, proba=True)

    answers = pd.read_csv(io.StringIO(text), sep=";", decimal=",")
    assert list(answers["prediction"]) == list(bundle.predict(rows).values)
    assert answers["p(large)"].to_numpy() == pytest.approx(bundle.predict(rows).probabilities[:, 0], abs=1e-6)


def test_a_file_of_column_names_alone_gives_names_alone(bundle, tmp_path):
    text, notes = predicted(bundle, csv_of(animals().iloc[:0]), tmp_path)

    assert text == "size,price,colour,born,tame,weight,sort,prediction\n"
    assert notes == ()


def test_blank_lines_and_short_rows_are_no_rows_and_gaps(bundle, tmp_path):
    lines = csv_of(animals(4)).splitlines()
    short = ",".join(lines[4].split(",")[:-2])

    text, _ = predicted(
        bundle, "\n".join([lines[0], "", lines[1], lines[2], "", lines[3], short]) + "\n\n", tmp_path
    )

    answers = pd.read_csv(io.StringIO(text))
    assert len(answers) == 4
    assert answers["sort"].isna().tolist() == [False, False, False, True]


def test_rows_that_end_in_a_delimiter_are_read(bundle, tmp_path):
    lines = csv_of(animals(4)).splitlines()

    text, _ = predicted(bundle, "\n".join([lines[0], *(f"{line}," for line in lines[1:])]), tmp_path)

    assert pd.read_csv(io.StringIO(text))["prediction"].tolist() == list(bundle.predict(animals(4)).values)


def test_a_column_called_prediction_stays_and_the_new_one_is_named_otherwise(bundle, tmp_path):
    text, notes = predicted(bundle, csv_of(animals(3).assign(prediction="mine")), tmp_path)

    answers = pd.read_csv(io.StringIO(text))
    assert answers["prediction"].tolist() == ["mine"] * 3
    assert "The rows have a column 'prediction' already: the new one is 'prediction_2'." in notes
    assert answers["prediction_2"].tolist() == list(bundle.predict(animals(3)).values)


def test_a_block_boundary_changes_no_row_and_no_note(bundle, tmp_path, monkeypatch):
    from studies.datasets.files import text_blocks

    rows = animals()
    rows.loc[[0, 50], "colour"] = "violet"
    whole = predicted(bundle, csv_of(rows), tmp_path, proba=True)
    monkeypatch.setattr(text_blocks, "FEWEST_ROWS", 7)
    monkeypatch.setattr(text_blocks, "BLOCK_CELLS", 7)

    cut = predicted(bundle, csv_of(rows), tmp_path, proba=True)

    assert cut[1] == whole[1]
    left, right = (pd.read_csv(io.StringIO(text)) for text, _ in (whole, cut))
    pd.testing.assert_frame_equal(left, right, rtol=1e-5)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("missing.csv",), "no file 'missing.csv'"),
        (("empty.csv",), "'empty.csv' is empty; a table needs a line of column names"),
        (("twice.csv",), "'twice.csv' has 2 columns named 'size'; give each column its own name"),
        (
            ("few.csv",),
            "the rows have no column 'price', 'colour', 'born', 'tame', 'weight', which the model",
        ),
        (("animals.csv", "--out", "answers.docx"), "--out 'answers.docx' has none of the endings .csv, .tsv"),
        (("animals.csv", "--out", "animals.csv"), "--out 'animals.csv' is the file of the rows itself"),
        (("animals.csv", "--retrain", "some"), "retrain 'some' is not understood; allowed: all"),
        (("net.txt",), "neither a built-in dataset nor a file that is read here"),
    ],
)
def test_what_cannot_be_predicted_is_one_line(inside, sorts, words, line):
    from pathlib import Path

    folder, study = sorts
    Path("empty.csv").write_text("")
    Path("twice.csv").write_text("size,size\n1,2\n")
    Path("few.csv").write_text("size,sort\n1,large\n")
    Path("net.txt").write_text("1")
    animals().to_csv("animals.csv", index=False)

    done = inside("predict", study, *words, "--home", str(folder))

    assert done.returncode == 2
    assert line in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_amounts_have_no_probabilities(inside, tmp_path):
    study = study_of(tmp_path, "weight")
    words = ("predict", study, "animals.csv", "--home", str(tmp_path))

    done = inside(*words, "--proba")

    assert done.returncode == 2
    assert "predicts amounts, which has no probabilities; leave --proba out" in done.stderr
    assert "rmse" in inside(*words).stderr


def images_of(folder, rows=30):
    """Write pictures that are dark or light, a folder a class; return the folder."""
    from PIL import Image

    generator = np.random.default_rng(0)
    for number in range(rows):
        light = number % 2
        place = folder / ("light" if light else "dark")
        place.mkdir(parents=True, exist_ok=True)
        pixels = generator.integers(128 * light, 128 + 127 * light, (8, 8, 3)).astype("uint8")
        Image.fromarray(pixels).save(place / f"{number}.png")
    return folder


def test_images_below_a_folder_are_predicted_by_their_names(tmp_path):
    pictures = images_of(tmp_path / "pictures")
    options = {"budget": "2trials", "epochs": 3, "optimizers": "AdamW", "tracking_uri": "off", "model": "mlp"}
    study = advisor.search(str(pictures), home=tmp_path, **options)
    out = io.StringIO()

    predict_rows(advisor.load(study, home=tmp_path), str(pictures), out=out, proba=True)

    answers = pd.read_csv(io.StringIO(out.getvalue()))
    assert list(answers) == ["file", "prediction", "p(dark)", "p(light)"]
    assert (answers["file"].str.partition("/")[0] == answers["prediction"]).mean() > 0.9


@pytest.mark.parametrize("form", ["npy", "npz"])
def test_arrays_are_predicted_by_the_number_of_their_row(tmp_path, form):
    rows = np.random.default_rng(0).normal(size=(60, 4))
    np.savez(tmp_path / "train.npz", X=rows, y=np.where(rows[:, 0] > 0, "up", "down"))
    study = advisor.search(
        str(tmp_path / "train.npz"),
        home=tmp_path,
        budget="2trials",
        epochs=3,
        optimizers="AdamW",
        tracking_uri="off",
    )
    if form == "npy":
        np.save(tmp_path / "new.npy", rows)
    else:
        np.savez(tmp_path / "new.npz", X=rows)
    bundle, out = advisor.load(study, home=tmp_path), io.StringIO()

    predict_rows(bundle, str(tmp_path / f"new.{form}"), out=out)

    answers = pd.read_csv(io.StringIO(out.getvalue()))
    assert list(answers["row"]) == list(range(60))
    assert list(answers["prediction"]) == list(bundle.predict(rows).values)
