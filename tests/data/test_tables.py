"""Tables in files: what is read from them, and what is refused with which words."""

from __future__ import annotations

import pytest

from studies.data.opening import open_dataset
from studies.datasets.table import Table
from studies.errors import BadWorkload, UnknownChoice

from tables import prepared, refusal, table, written


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
        pytest.param("pets.dta", b"x", r"give a .*\.csv.* file, or a folder", id="unsupported extension"),
        pytest.param("pets", b"x", r"give a .*\.csv.* file, or a folder", id="no extension"),
        pytest.param("zero.csv", b"", "is empty", id="zero bytes"),
        pytest.param("blank.csv", b"\n \n", "nothing but blank lines", id="blank lines"),
        pytest.param("header.csv", b"size,kind\n", "no rows", id="header only"),
        pytest.param("header.tsv", b"size\tkind\n", "no rows", id="header only, tabs"),
        pytest.param(
            "broken.csv", b"size,kind\n1,cat\n1,2,3,4\n", "cannot be read: .*line 3", id="ragged rows"
        ),
        pytest.param("open.csv", b'size,kind\n"1,cat\n2,dog\n', "cannot be read", id="open quote"),
        pytest.param(
            "long.csv", b"size,kind\n1,cat,3\n2,dog,4\n", "more fields than", id="rows longer than the header"
        ),
        pytest.param("bytes.csv", bytes(range(256)), "holds zero bytes", id="no text"),
        pytest.param("noise.csv", b"size,kind\n\x01\x02\xff,cat\n", "is no text", id="control characters"),
        pytest.param("bytes.parquet", b"PAR1 and no more", "cannot be read", id="corrupt parquet"),
        pytest.param(
            "twice.csv", b"size,size,kind\n1,2,cat\n", "2 columns named 'size'", id="duplicate names"
        ),
        pytest.param(
            "alone.csv", b"kind\ncat\ndog\n", "no column but the target", id="nothing but the target"
        ),
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
