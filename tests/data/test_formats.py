"""Files that are no plain table: feather, ARFF, .npz and folders of images."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from studies.data.opening import from_arrays, open_dataset
from studies.data.prepare import prepare
from studies.datasets import Raw

from sample_arrays import GENERATOR, IMAGES, LABELS, ROWS, TABLE, parts, refusal


def test_a_feather_file_is_the_table_it_was(tmp_path):
    frame = pd.DataFrame(TABLE, columns=["a", "b", "c"]).assign(
        colour=["red", "blue", "red"] * 20, kind=LABELS
    )
    frame.to_feather(tmp_path / "t.feather")
    frame.to_parquet(tmp_path / "t.parquet")

    assert (
        open_dataset(str(tmp_path / "t.feather"), target="kind").digest
        == open_dataset(str(tmp_path / "t.parquet"), target="kind").digest
    )


ARFF = """% a comment
@relation 'pets at home'
@ATTRIBUTE size NUMERIC
@attribute 'coat colour' {red, 'light blue', "dark green"}
@attribute note string
@attribute kind {1, 2, 3}

@DATA
% another comment
"""


def test_an_arff_file_is_read_with_quotes_gaps_text_and_labels_that_are_numbers(tmp_path):
    colours = ("red", "'light blue'", "?") * 10
    lines = [f"{row}.5, {colour}, 'it\\'s, well', {row % 2 + 1}" for row, colour in enumerate(colours)]
    (tmp_path / "pets.arff").write_text(ARFF + "\n".join(lines))

    dataset = open_dataset(str(tmp_path / "pets.arff"), target="kind")

    assert dataset.classes == ("1", "2")
    assert dataset.feature_names == (
        "size",
        "coat colour=(missing)",
        "coat colour=light blue",
        "coat colour=red",
    )
    assert dataset.missing_share == pytest.approx(1 / 9)


def test_scipy_reads_the_same_from_an_arff_file(tmp_path):
    from scipy.io import arff

    rows = "\n".join(
        f"{a},{b},{'yes' if label else 'no'}" for (a, b, _), label in zip(TABLE, LABELS, strict=True)
    )
    path = tmp_path / "plain.arff"
    path.write_text(
        "@relation r\n@attribute a real\n@attribute b real\n@attribute kind {yes,no}\n@data\n" + rows
    )
    expected = pd.DataFrame(arff.loadarff(path)[0]).assign(
        kind=lambda frame: frame["kind"].str.decode("utf-8")
    )

    made = prepare(Raw(inputs=expected[["a", "b"]], targets=expected["kind"]), name="x", seed=0)

    assert open_dataset(str(path), target="kind").digest == made.digest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("size,kind\n1,2\n", "no @attribute lines", id="a CSV file"),
        pytest.param(ARFF, "no rows", id="no rows"),
        pytest.param(ARFF + "{0 1, 3 2}\n", "sparse ARFF", id="sparse"),
        pytest.param(
            "@attribute a real\n@attribute a real\n@data\n1,2\n", "2 columns named 'a'", id="duplicate names"
        ),
    ],
)
def test_an_arff_file_that_is_no_table_is_refused(tmp_path, content, said):
    (tmp_path / "pets.arff").write_text(content)

    assert said in refusal(open_dataset, str(tmp_path / "pets.arff"), target="kind")


@pytest.mark.parametrize(
    ("inputs", "entries", "kind", "shape"),
    [
        pytest.param(TABLE, {}, "table", (3,), id="a table"),
        pytest.param(IMAGES, {}, "image", (1, 6, 5), id="grey images"),
        pytest.param(np.stack([IMAGES] * 3, axis=-1), {}, "image", (3, 6, 5), id="RGB, channels last"),
        pytest.param(np.stack([IMAGES] * 3, axis=1), {}, "image", (3, 6, 5), id="RGB, channels first"),
        pytest.param(IMAGES, {"kind": "signal"}, "signal", (6, 5), id="signals of several channels"),
        pytest.param(TABLE, {"kind": "signal"}, "signal", (1, 3), id="signals of one channel"),
        pytest.param(IMAGES[:, 0], {"kind": "text"}, "text", (5,), id="token ids"),
    ],
)
def test_an_npz_file_holds_tables_images_signals_or_token_ids(tmp_path, inputs, entries, kind, shape):
    np.savez(tmp_path / "made.npz", X=inputs, y=LABELS, **entries)

    dataset = open_dataset(str(tmp_path / "made.npz"))

    assert (dataset.kind, dataset.input_shape, dataset.task) == (kind, shape, "classification")
    assert dataset.inputs.kind == kind
    assert all(part.inputs.dtype == (np.int64 if kind == "text" else np.float32) for part in parts(dataset))


def test_an_npz_file_may_bring_its_own_split(tmp_path):
    path = tmp_path / "made.npz"
    np.savez(path, x_train=TABLE[:40], y_train=LABELS[:40], x_test=TABLE[40:], y_test=LABELS[40:])

    dataset = open_dataset(str(path))

    assert [part.rows for part in parts(dataset)] == [32, 8, 20]
    assert dataset.test.targets.tolist() == LABELS[40:].tolist()
    assert any("Drew the validation rows" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        pytest.param({"a": TABLE}, "holds a; name the arrays X and y", id="other names"),
        pytest.param({"X": TABLE, "y": LABELS[:9]}, "60 rows of inputs but 9 targets", id="unequal lengths"),
        pytest.param(
            {"X": TABLE, "y": LABELS, "kind": "video"}, "kind 'video' is not one of", id="an unknown kind"
        ),
        pytest.param(
            {"X": np.ones((ROWS, 2, 2, 2, 2)), "y": LABELS}, "(rows, channels, height, width)", id="five axes"
        ),
        pytest.param({"X": np.array([None] * ROWS), "y": LABELS}, "cannot be read", id="objects"),
    ],
)
def test_an_npz_file_that_is_not_understood_is_refused(tmp_path, entries, said):
    np.savez(tmp_path / "made.npz", **entries)

    assert said in refusal(open_dataset, str(tmp_path / "made.npz"))


def test_broken_files_and_needless_targets_are_refused(tmp_path):
    (tmp_path / "made.npz").write_bytes(b"PK and no more")
    (tmp_path / "made.svm").write_text("hello world\n")

    assert "cannot be read" in refusal(open_dataset, str(tmp_path / "made.npz"))
    assert "cannot be read" in refusal(open_dataset, str(tmp_path / "made.svm"))
    assert "leave --target y out" in refusal(open_dataset, str(tmp_path / "made.npz"), target="y")


def test_signals_are_centred_by_channel_on_the_training_rows():
    signals = GENERATOR.normal([[5], [-50]], [[1], [20]], (ROWS, 2, 7))

    dataset = from_arrays((signals, LABELS), kind="signal")

    assert dataset.train.inputs.mean(axis=(0, 2)) == pytest.approx([0, 0], abs=1e-5)
    assert dataset.train.inputs.std(axis=(0, 2)) == pytest.approx([1, 1], abs=1e-5)


def painted(path, mode: str = "RGB", size: tuple[int, int] = (20, 10), value: int = 100) -> None:
    images = pytest.importorskip("PIL.Image")
    path.parent.mkdir(parents=True, exist_ok=True)
    images.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path)


def test_a_folder_of_images_has_a_class_a_sub_folder(tmp_path):
    for row in range(24):
        painted(
            tmp_path / "pets" / ("cat", "dog")[row % 2] / "more" / f"{row}.png",
            size=(20 + row, 10),
            value=row * 10,
        )
    (tmp_path / "pets" / "cat" / "notes.txt").write_text("no image")

    dataset = open_dataset(str(tmp_path / "pets"))

    assert (dataset.name, dataset.kind, dataset.classes) == ("pets", "image", ("cat", "dog"))
    assert dataset.input_shape == (3, 32, 32)
    assert any("24 images as RGB, 32 x 32 pixels, resized" in note for note in dataset.notes)


def test_small_grey_images_of_one_size_keep_it_and_a_given_split_is_kept(tmp_path):
    for part, count in (("train", 20), ("test", 6)):
        for row in range(count):
            painted(tmp_path / part / str(row % 2) / f"{row}.png", mode="L", value=row)

    dataset = open_dataset(str(tmp_path))

    assert dataset.input_shape == (1, 10, 20)
    assert dataset.classes == ("0", "1")
    assert [part.rows for part in parts(dataset)] == [16, 4, 6]


def test_a_folder_without_images_or_with_a_broken_one_is_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    assert "one sub-folder a class" in refusal(open_dataset, str(tmp_path))

    (tmp_path / "cat" / "a.png").write_bytes(b"no image")
    assert "'a.png' cannot be read as an image" in refusal(open_dataset, str(tmp_path))
