"""Forms of data: every kind of file, text, sparse rows, folders of images, and what comes from code."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.datasets import dump_svmlight_file
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, WeightedRandomSampler

from studies.data import Dataset, from_arrays, open_dataset, prepare
from studies.datasets import Raw
from studies.errors import BadWorkload
from studies.evaluate import first_rows, outputs_of, settle, tensors
from studies.tables import encode
from studies.text import is_free_text, tokens

CPU = torch.device("cpu")
ROWS = 60
LABELS = np.arange(ROWS) % 2
GENERATOR = np.random.default_rng(0)
TABLE = GENERATOR.normal(size=(ROWS, 3)).astype(np.float32)
IMAGES = GENERATOR.integers(0, 255, (ROWS, 6, 5))
GOOD, BAD = "a lovely film with a warm heart", "a dreadful film without any point"
REVIEWS = pd.Series([f"{(BAD, GOOD)[label]}, number {row}" for row, label in enumerate(LABELS)], name="review")


def parts(dataset: Dataset) -> tuple:
    return dataset.train, dataset.valid, dataset.test


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(BadWorkload) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert message
    assert "\n" not in message
    return message


# Tables


def test_a_feather_file_is_the_table_it_was(tmp_path):
    frame = pd.DataFrame(TABLE, columns=["a", "b", "c"]).assign(colour=["red", "blue", "red"] * 20, kind=LABELS)
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
    assert dataset.feature_names == ("size", "coat colour=(missing)", "coat colour=light blue", "coat colour=red")
    assert dataset.missing_share == pytest.approx(1 / 9)


def test_scipy_reads_the_same_from_an_arff_file(tmp_path):
    from scipy.io import arff

    rows = "\n".join(f"{a},{b},{'yes' if label else 'no'}" for (a, b, _), label in zip(TABLE, LABELS, strict=True))
    path = tmp_path / "plain.arff"
    path.write_text("@relation r\n@attribute a real\n@attribute b real\n@attribute kind {yes,no}\n@data\n" + rows)
    expected = pd.DataFrame(arff.loadarff(path)[0]).assign(kind=lambda frame: frame["kind"].str.decode("utf-8"))

    made = prepare(Raw(inputs=expected[["a", "b"]], targets=expected["kind"]), name="x", seed=0)

    assert open_dataset(str(path), target="kind").digest == made.digest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("size,kind\n1,2\n", "no @attribute lines", id="a CSV file"),
        pytest.param(ARFF, "no rows", id="no rows"),
        pytest.param(ARFF + "{0 1, 3 2}\n", "sparse ARFF", id="sparse"),
        pytest.param("@attribute a real\n@attribute a real\n@data\n1,2\n", "2 columns named 'a'", id="duplicate names"),
    ],
)
def test_an_arff_file_that_is_no_table_is_refused(tmp_path, content, said):
    (tmp_path / "pets.arff").write_text(content)

    assert said in refusal(open_dataset, str(tmp_path / "pets.arff"), target="kind")


# Arrays in a file


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
        pytest.param({"X": TABLE, "y": LABELS, "kind": "video"}, "kind 'video' is not one of", id="an unknown kind"),
        pytest.param({"X": np.ones((ROWS, 2, 2, 2, 2)), "y": LABELS}, "(rows, channels, height, width)", id="five axes"),
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


# Sparse rows

SPARSE = sparse.random(ROWS, 200, density=0.05, random_state=0, format="csr", dtype=np.float32)


@pytest.mark.parametrize("suffix", [".svmlight", ".libsvm", ".svm"])
def test_an_svmlight_file_stays_sparse(tmp_path, suffix):
    path = tmp_path / f"made{suffix}"
    dump_svmlight_file(SPARSE, LABELS, str(path))

    dataset = open_dataset(str(path))

    assert dataset.inputs.sparse
    assert (dataset.kind, dataset.task, dataset.outputs) == ("table", "classification", 2)
    assert all(sparse.issparse(part.inputs) and part.inputs.dtype == np.float32 for part in parts(dataset))
    assert [part.rows for part in parts(dataset)] == [36, 12, 12]
    assert abs(dataset.train.inputs).max() == 1
    assert open_dataset(str(path)).digest == dataset.digest


def test_rows_with_few_zeros_become_dense():
    dataset = from_arrays((sparse.csr_matrix(TABLE), LABELS))

    assert not dataset.inputs.sparse
    assert dataset.digest == from_arrays((TABLE, LABELS)).digest


def test_sparse_rows_train_and_evaluate_as_dense_ones_do():
    dataset = from_arrays((SPARSE, LABELS))
    rows, targets = tensors(dataset, "train", CPU)
    dense = torch.from_numpy(dataset.train.inputs.toarray())
    order = torch.randperm(len(rows))
    norm, model = nn.BatchNorm1d(200), nn.Linear(200, 2)

    settle(norm, rows, 5)

    assert len(rows) == len(targets) == len(dense)
    assert torch.equal(rows[order[:7]], dense[order[:7]])
    assert torch.equal(outputs_of(model, rows), outputs_of(model, dense))
    assert norm.running_mean.abs().sum() > 0
    assert torch.equal(first_rows(dataset.train, 2), dense[:2])


@pytest.mark.parametrize(
    ("values", "said"), [(np.zeros((ROWS, 3)), "all zeros"), (np.diag([np.inf] * ROWS), "missing or infinite")]
)
def test_sparse_rows_that_cannot_be_used_are_refused(values, said):
    assert said in refusal(from_arrays, (sparse.csr_matrix(values), LABELS))


# Folders of images


def painted(path, mode: str = "RGB", size: tuple[int, int] = (20, 10), value: int = 100) -> None:
    images = pytest.importorskip("PIL.Image")
    path.parent.mkdir(parents=True, exist_ok=True)
    images.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path)


def test_a_folder_of_images_has_a_class_a_sub_folder(tmp_path):
    for row in range(24):
        painted(tmp_path / "pets" / ("cat", "dog")[row % 2] / "more" / f"{row}.png", size=(20 + row, 10), value=row * 10)
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


# Text


def test_a_table_of_one_text_becomes_token_ids(tmp_path):
    pd.DataFrame({"id": range(ROWS), "review": REVIEWS, "kind": LABELS}).to_csv(tmp_path / "r.csv", index=False)

    dataset = open_dataset(str(tmp_path / "r.csv"), target="kind")

    assert dataset.kind == dataset.inputs.kind == "text"
    assert all(part.inputs.dtype == np.int64 for part in parts(dataset))
    assert dataset.inputs.vocabulary == dataset.vocabulary >= max(part.inputs.max() for part in parts(dataset))
    assert all(part.inputs.min() >= 0 for part in parts(dataset))
    assert any("Read 'review' as text" in note for note in dataset.notes)


def test_the_vocabulary_is_of_the_training_rows_the_most_frequent_word_first():
    texts = pd.Series(["The cat sat", "the Cat", "the zebra ran far away"], name="t")

    found = tokens(texts, np.array([0, 1]))

    assert found.ids.tolist() == [[3, 2, 4], [3, 2, 0], [3, 1, 1]], "cat, the, sat; 1 is a word of no training row"
    assert found.vocabulary == 4


def test_words_that_occur_once_are_unknown_in_a_long_table():
    texts = pd.Series([f"same words once{row}" for row in range(501)], name="t")

    found = tokens(texts, np.arange(400))

    assert found.vocabulary == 3
    assert found.ids[0].tolist() == [2, 3, 1]


def test_long_texts_are_cut_at_what_most_rows_need_and_256_words():
    texts = pd.Series(["word " * 10] * 99 + ["word " * 500], name="t")

    assert tokens(texts, np.arange(100)).ids.shape == (100, 10)
    assert tokens(pd.Series(["word " * 500] * 20, name="t"), np.arange(20)).ids.shape == (20, 256)


@pytest.mark.parametrize(
    ("values", "free"),
    [
        pytest.param(REVIEWS, True, id="sentences"),
        pytest.param([f"id-{row}" for row in range(ROWS)], False, id="identifiers"),
        pytest.param([f"Anna Smith {row}" for row in range(ROWS)], False, id="names"),
        pytest.param(["a long label of five words", "another label, as long as it"] * 30, False, id="labels"),
        pytest.param(TABLE[:, 0], False, id="numbers"),
    ],
)
def test_text_is_free_when_it_has_many_words_and_mostly_differs(values, free):
    assert is_free_text(pd.Series(values, dtype=None if isinstance(values, np.ndarray) else object)) is free


def test_text_among_other_columns_becomes_at_most_64_word_columns_fitted_on_the_training_rows():
    many = [f"{text} " + " ".join(f"w{(row * 7 + k) % 90}x" for k in range(12)) for row, text in enumerate(REVIEWS)]
    frame = pd.DataFrame({"size": TABLE[:, 0], "review": many})
    changed = frame.copy()
    changed.loc[40:, "review"] = "entirely other words of no use zebra zebra " + changed.index[40:].astype(str)

    encoded, other = encode(frame, np.arange(40)), encode(changed, np.arange(40))

    words = [name for name in encoded.names if name.startswith("review: ")]
    assert 0 < len(words) <= 64
    assert encoded.names == other.names
    assert np.array_equal(encoded.inputs[:40], other.inputs[:40])
    assert any("'review' is free text" in note for note in encoded.notes)


def test_text_whose_words_do_not_recur_is_left_out():
    texts = [" ".join(f"w{row}x{k}" for k in range(5)) for row in range(ROWS)]

    encoded = encode(pd.DataFrame({"size": TABLE[:, 0], "t": texts}), np.arange(40))

    assert encoded.names == ("size",)
    assert any("do not recur: t" in note for note in encoded.notes)


def test_text_without_words_is_refused():
    frame = pd.DataFrame({"t": ["!"] * ROWS})

    assert "no words" in refusal(from_arrays, (frame, LABELS), kind="text")


# From code


@pytest.mark.parametrize(
    "source",
    [
        pytest.param((TABLE, LABELS), id="arrays"),
        pytest.param((TABLE.tolist(), LABELS.tolist()), id="lists"),
        pytest.param((torch.from_numpy(TABLE), torch.from_numpy(LABELS)), id="tensors"),
        pytest.param((pd.DataFrame(TABLE, columns=["x0", "x1", "x2"]), pd.Series(LABELS)), id="pandas"),
        pytest.param(pd.DataFrame(TABLE, columns=["x0", "x1", "x2"]).assign(label=LABELS), id="one frame"),
        pytest.param(TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS)), id="Dataset"),
        pytest.param(DataLoader(TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS)), 7), id="DataLoader"),
        pytest.param(
            DataLoader(TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS)), 7, shuffle=True), id="shuffling"
        ),
    ],
)
def test_the_same_data_is_the_same_in_every_form(source):
    dataset = from_arrays(source, name="mine", seed=3)

    assert dataset.digest == from_arrays((TABLE, LABELS), seed=3).digest
    assert (dataset.name, dataset.task, dataset.classes) == ("mine", "classification", ("0", "1"))


class HuggingFace:
    """Quacks like a Hugging Face dataset."""

    column_names = ("text", "label")

    @property
    def features(self) -> dict:
        return {"label": type("ClassLabel", (), {"names": ["bad", "good"]})(), "text": object()}

    def to_pandas(self) -> pd.DataFrame:
        return pd.DataFrame({"text": REVIEWS.to_numpy(), "label": LABELS})


def test_a_hugging_face_dataset_brings_the_names_of_its_labels():
    dataset = from_arrays(HuggingFace())

    assert (dataset.kind, dataset.classes) == ("text", ("bad", "good"))


def test_strings_are_text():
    assert from_arrays((REVIEWS.tolist(), LABELS)).kind == "text"
    assert from_arrays((["yes", "no", "so"] * 20, LABELS), kind="text").input_shape == (1,)


def test_given_parts_are_kept_as_they_are():
    dataset = from_arrays((TABLE[:30], LABELS[:30]), (TABLE[30:40], LABELS[30:40]), (TABLE[40:], LABELS[40:]))

    assert [part.rows for part in parts(dataset)] == [30, 10, 20]
    assert dataset.valid.targets.tolist() == LABELS[30:40].tolist()
    assert dataset.test.targets.tolist() == LABELS[40:].tolist()
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert np.allclose(dataset.test.inputs, (TABLE[40:] - TABLE[:30].mean(0)) / TABLE[:30].std(0), atol=1e-5)


def test_a_sampler_that_is_not_mere_shuffling_is_obeyed():
    data = TensorDataset(torch.from_numpy(TABLE), torch.from_numpy(LABELS))
    torch.manual_seed(0)
    loader = DataLoader(data, 7, sampler=WeightedRandomSampler([1.0] * 40 + [0.0] * 20, 25))

    assert sum(part.rows for part in parts(from_arrays(loader))) == 25


def test_several_targets_a_row_are_standardised_each_by_itself():
    targets = GENERATOR.normal([1, 100], [2, 30], (ROWS, 2))

    dataset = from_arrays((TABLE, targets))

    assert (dataset.task, dataset.outputs, dataset.train.targets.shape) == ("regression", 2, (36, 2))
    assert dataset.train.targets.mean(axis=0) == pytest.approx([0, 0], abs=1e-5)
    assert dataset.train.targets.std(axis=0) == pytest.approx([1, 1], abs=1e-5)
    back = np.concatenate([part.targets * dataset.target_scale + dataset.target_mean for part in parts(dataset)])
    assert np.allclose(np.sort(back, axis=0), np.sort(targets, axis=0), atol=1e-3)


def test_one_hot_targets_are_classes():
    dataset = from_arrays((TABLE, np.eye(3)[np.arange(ROWS) % 3]))

    assert dataset.classes == ("0", "1", "2")
    assert any("for classes" in note for note in dataset.notes)


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        pytest.param([3], {}, "int is not data to train on", id="a number"),
        pytest.param([(TABLE, LABELS[:9])], {}, "60 rows of inputs but 9 targets", id="unequal lengths"),
        pytest.param([(TABLE, LABELS), (TABLE[:, :2], LABELS)], {}, "rows of the shapes (2,) and (3,)", id="unequal parts"),
        pytest.param([([[1], [2, 3]] * 30, LABELS)], {}, "different lengths", id="ragged rows"),
        pytest.param([(TABLE, LABELS)], {"kind": "video"}, "kind 'video'", id="an unknown kind"),
        pytest.param([(TABLE, LABELS)], {"kind": "text"}, "token ids of the shape (rows, length)", id="fractions as tokens"),
        pytest.param([pd.DataFrame(TABLE)], {}, "only 0, 1, 2; give (frame[columns], frame[target])", id="no target"),
        pytest.param([(TABLE, TABLE)], {"task": "classification"}, "only regression on numbers", id="amounts as classes"),
        pytest.param([TensorDataset(torch.from_numpy(TABLE))], {}, "must give pairs", id="a Dataset without targets"),
    ],
)
def test_data_from_code_that_is_not_understood_is_refused_in_one_line(arguments, options, said):
    assert said in refusal(from_arrays, *arguments, **options)


def test_readers_load_no_torch():
    code = "import sys; import studies.data, studies.metrics; print('torch' in sys.modules, 'pandas' in sys.modules)"

    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "False False"
    )
