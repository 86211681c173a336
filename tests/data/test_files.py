"""Files as people have them: each form is read as the table it is, and what is not plain about it is said."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sqlite3
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from advisor.jobs.request import Request
from advisor.jobs.workloads import open_workload
from studies.data.opening import open_dataset
from studies.datasets.files import Place, names_file, readers
from studies.datasets.table import Table
from studies.loaded_workload import absolute
from studies.storage.home import NAME, free_name
from studies.workload_opening import reopen_workload

from tables import prepared, refusal, table, written

TEXTS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='",;\t|#\ufeff'), min_size=1
)


def pets() -> pd.DataFrame:
    return table(colour=["red", "grün"] * 50)


def packed(path, content: bytes):
    """Write the content compressed as the ending says."""
    match path.suffix:
        case ".gz":
            path.write_bytes(gzip.compress(content))
        case ".bz2":
            path.write_bytes(bz2.compress(content))
        case ".xz":
            path.write_bytes(lzma.compress(content))
        case ".zst":
            pytest.importorskip("zstandard")
            path.write_bytes(pytest.importorskip("zstandard").compress(content))
        case ".zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("inside.csv", content)
    return str(path)


def stored(path, frame: pd.DataFrame) -> str:
    """Write the frame in the form that the ending says."""
    match path.suffix:
        case ".xlsx" | ".ods":
            frame.to_excel(path, index=False)
        case ".jsonl":
            frame.to_json(path, orient="records", lines=True, double_precision=15)
        case ".json":
            frame.to_json(path, orient="records", double_precision=15)
        case ".arrow":
            frame.to_feather(path)
        case ".sqlite":
            connection = sqlite3.connect(path)
            frame.to_sql("pets", connection, index=False)
            connection.close()
        case ".duckdb":
            with pytest.importorskip("duckdb").connect(str(path)) as connection:
                connection.register("frame", frame)
                connection.execute("create table pets as select * from frame")
    return str(path)


@pytest.mark.parametrize("ending", [".xlsx", ".ods", ".jsonl", ".json", ".arrow", ".sqlite", ".duckdb"])
def test_every_form_of_file_gives_the_same_table(tmp_path, ending):
    frame = pets().round(6)

    dataset = open_dataset(stored(tmp_path / f"pets{ending}", frame), target="kind")

    assert dataset.digest == prepared(frame).digest
    assert dataset.name == "pets"


@pytest.mark.parametrize("packing", [".gz", ".bz2", ".xz", ".zst", ".zip"])
def test_compressed_text_is_read_as_the_text_in_it(tmp_path, packing):
    content = pets().to_csv(index=False).encode()

    dataset = open_dataset(packed(tmp_path / f"pets.csv{packing}", content), target="kind")

    assert (dataset.name, dataset.digest) == ("pets", prepared(pets()).digest)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1252", "cp1251"])
def test_an_encoding_that_is_not_utf_8_is_read_and_said(tmp_path, encoding):
    words = ["Привет", "мир здесь"] if encoding == "cp1251" else ["Größe", "naïve"]
    frame = table(colour=words * 50)

    dataset = open_dataset(written(tmp_path / "pets.csv", frame, encoding=encoding), target="kind")

    assert dataset.digest == prepared(frame).digest
    assert any(note.startswith(f"Read as {encoding}") for note in dataset.notes)


@settings(max_examples=60)
@given(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]), st.lists(TEXTS, min_size=5, max_size=20))
def test_text_in_any_unicode_encoding_arrives_as_it_is_written(tmp_path_factory, encoding, words):
    path = tmp_path_factory.mktemp("texts") / "words.csv"
    lines = [f'{number},"x{word}"' for number, word in enumerate(words)]
    path.write_bytes("\n".join(["n,word", *lines]).encode(encoding))

    raw = Table(path=str(path), target="word").load()

    assert raw.targets.tolist() == [f"x{word}" for word in words]


def test_a_byte_far_into_the_file_that_is_not_utf_8_tells_the_encoding_too(tmp_path):
    lines = b"size,kind\n" + b"1,cat\n2,dog\n" * 100_000 + "3,köter\n".encode("cp1252") * 30
    (tmp_path / "late.csv").write_bytes(lines)

    raw = Table(path=str(tmp_path / "late.csv"), target="kind").load()

    assert raw.targets.iloc[-1] == "köter"
    assert any("cp1252" in note for note in raw.notes)


@pytest.mark.parametrize(
    "labels", [("None", "NA"), ("01", "1"), ("null", "nan"), ("True", "true"), ("1e3", "1000")]
)
def test_labels_arrive_as_they_are_written(tmp_path, labels):
    frame = table(word=["None", "x"] * 50, kind=list(labels) * 50)

    raw = Table(path=written(tmp_path / "t.csv", frame), target="kind").load()

    assert raw.targets.tolist() == list(labels) * 50
    assert raw.inputs["word"].tolist() == ["None", "x"] * 50


def test_an_empty_field_is_a_gap(tmp_path):
    (tmp_path / "gaps.csv").write_text("a,b,kind\n1,,x\n, ,y\n3,u,\n")

    raw = Table(path=str(tmp_path / "gaps.csv"), target="kind").load()

    assert raw.inputs["a"].isna().tolist() == [False, True, False]
    assert raw.inputs["b"].isna().tolist() == [True, True, False]
    assert raw.targets.isna().tolist() == [False, False, True]


def test_a_column_that_is_text_late_in_a_long_file_is_text_as_written_everywhere(tmp_path):
    codes = [f"0{row % 10}" for row in range(90_000)] + ["A1"] * 10
    frame = pd.DataFrame(
        {"code": codes, "size": np.arange(len(codes)), "kind": ["x", "y"] * (len(codes) // 2)}
    )

    raw = Table(path=written(tmp_path / "long.csv", frame), target="kind").load()

    assert raw.inputs["code"].tolist() == codes
    assert raw.inputs["size"].tolist() == list(range(len(codes)))


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("first", "mark"), [("sep=;", ";"), ("sep=|", "|"), ('"sep=,"', ","), ("sep=^", "^")]
)
def test_a_first_line_that_names_the_delimiter_is_honoured(tmp_path, first, mark, ends):
    lines = [first, mark.join(["size", "kind"]), *(mark.join([f"{row}", "xy"[row % 2]]) for row in range(20))]
    (tmp_path / "excel.csv").write_bytes(ends.join(lines).encode())

    raw = Table(path=str(tmp_path / "excel.csv"), target="kind").load()

    assert raw.inputs["size"].tolist() == list(range(20))


def test_remarks_at_the_top_are_left_out_and_said_and_marked_names_are_names(tmp_path):
    rows = "".join(f"{row},{'xy'[row % 2]}\n" for row in range(20))
    (tmp_path / "remarks.csv").write_text("# made by hand\n# twice, or, thrice\n#size,kind\n" + rows)
    (tmp_path / "plain.csv").write_text("# made by hand\nsize,kind\n" + rows)

    marked = Table(path=str(tmp_path / "remarks.csv"), target="kind").load()
    plain = Table(path=str(tmp_path / "plain.csv"), target="kind").load()

    assert list(marked.inputs) == ["#size"]
    assert list(plain.inputs) == ["size"]
    assert "Left out 2 lines of remarks at the top." in marked.notes
    assert "Left out 1 line of remarks at the top." in plain.notes


@pytest.mark.parametrize("head", ["a,b,kind,", "a,b,kind"])
def test_a_delimiter_at_the_end_of_every_line_makes_no_column(tmp_path, head):
    rows = "".join(f"{row},{row % 7},{'xy'[row % 2]},\n" for row in range(30))
    (tmp_path / "sheet.csv").write_text(f"{head}\n{rows}")

    raw = Table(path=str(tmp_path / "sheet.csv"), target="kind").load()

    assert list(raw.inputs) == ["a", "b"]
    assert raw.inputs["b"].tolist() == [row % 7 for row in range(30)]


def test_a_column_without_a_name_gets_one_and_that_is_said(tmp_path):
    (tmp_path / "t.csv").write_text("a,,kind\n" + "1,5,x\n2,6,y\n" * 5)

    raw = Table(path=str(tmp_path / "t.csv"), target="kind").load()

    assert list(raw.inputs) == ["a", "Unnamed: 1"]
    assert any("'Unnamed: 1'" in note for note in raw.notes)


def test_rows_that_end_early_are_told_with_their_line_and_longer_ones_are_refused(tmp_path):
    rows = ["1,2,x", "3,4,y", "5,6"]
    (tmp_path / "short.csv").write_text("\n".join(["a,b,kind", *rows * 4]))
    (tmp_path / "long.csv").write_text("a,b,kind\n1,2,x\n1,2,x,8\n")
    (tmp_path / "longer.csv").write_text("a,b,kind\n1,2,x,9\n1,2,x,8\n")

    notes = Table(path=str(tmp_path / "short.csv"), target="kind").load().notes

    assert any("4 rows with fewer fields than names, the first in line 4" in note for note in notes)
    assert "line 3" in refusal(Table(path=str(tmp_path / "long.csv"), target="kind").load)
    assert "line 2: 4 fields, 3 names" in refusal(
        Table(path=str(tmp_path / "longer.csv"), target="kind").load
    )


def test_a_first_line_of_numbers_is_told_to_be_taken_for_names(tmp_path):
    (tmp_path / "bare.csv").write_text("5.1,3.5,1.4,x\n" + "4.9,3.0,1.3,x\n6.1,2.9,4.7,y\n" * 9)

    raw = Table(path=str(tmp_path / "bare.csv"), target="x").load()

    assert any("Took the first line, 5.1, 3.5, 1.4, x, for column names" in note for note in raw.notes)


def test_a_sheet_is_named_behind_a_colon_and_otherwise_the_first_is_read_and_said(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as book:
        pets().to_excel(book, sheet_name="Pets", index=False)
        table(wings=[0, 2] * 50).to_excel(book, sheet_name="More birds", index=False)

    first, second = (open_dataset(f"{path}{part}", target="kind") for part in ("", ":More birds"))

    assert any("Read the sheet 'Pets'; the file also has More birds" in note for note in first.notes)
    assert "wings" in second.feature_names
    assert "did you mean 'Pets'" in refusal(open_dataset, f"{path}:Pet", target="kind")


def test_cells_of_a_sheet_keep_their_types_and_blank_rows_are_left_out_and_said(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (
        [None],
        ["code", "size", "kind", None],
        ["01", 1, "NA", None],
        [None],
        ["1", 2.5, "None", None],
    ):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")

    raw = Table(path=str(tmp_path / "book.xlsx"), target="kind").load()

    assert raw.inputs["code"].tolist() == ["01", "1"]
    assert raw.inputs["size"].tolist() == [1, 2.5]
    assert raw.targets.tolist() == ["NA", "None"]
    assert any("Left out 1 row without any value" in note for note in raw.notes)


@pytest.mark.parametrize("ending", [".sqlite", ".duckdb"])
def test_a_database_gives_a_table_or_a_query_and_is_not_written(tmp_path, ending):
    path = stored(tmp_path / f"pets{ending}", pets())
    before = (tmp_path / f"pets{ending}").read_bytes()

    whole = Table(path=f"{path}:pets", target="kind").load()
    some = Table(path=f"{path}:select size, kind from pets where size > 5", target="kind").load()

    assert list(whole.inputs) == ["size", "colour"]
    assert (some.inputs["size"] > 5).all()
    assert "no table 'pet'; did you mean 'pets'?" in refusal(Table(path=f"{path}:pet", target="kind").load)
    assert refusal(Table(path=f"{path}:with x as (select 1) delete from pets", target="kind").load)
    assert (tmp_path / f"pets{ending}").read_bytes() == before


def test_a_query_reads_no_other_file(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a,kind\n1,x\n")
    path = stored(tmp_path / "pets.duckdb", pets())

    assert "cannot be read" in refusal(Table(path=f"{path}:select * from '{other}'", target="kind").load)


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_pattern_reads_files_as_one_table(tmp_path, ending):
    frame = pets()
    for number, rows in enumerate((frame[:40], frame[40:70], frame[70:])):
        path = tmp_path / f"part-{number}{ending}"
        rows.to_csv(path, index=False) if ending == ".csv" else rows.to_parquet(path)

    dataset = open_dataset(str(tmp_path / f"part-*{ending}"), target="kind")

    assert (dataset.name, dataset.digest) == ("part", prepared(frame).digest)
    assert any("Read 3 files as one table" in note for note in dataset.notes)


def test_files_of_a_pattern_must_have_the_same_columns_and_text_in_one_is_text_in_all(tmp_path):
    (tmp_path / "a1.csv").write_text("code,kind\n01,x\n02,y\n")
    (tmp_path / "a2.csv").write_text("code,kind\nB7,x\n")
    (tmp_path / "b1.csv").write_text("code,other\nB7,x\n")

    raw = Table(path=str(tmp_path / "a*.csv"), target="kind").load()

    assert raw.inputs["code"].tolist() == ["01", "02", "B7"]
    assert "differ in the columns kind, other" in refusal(
        Table(path=str(tmp_path / "*.csv"), target="kind").load
    )
    assert "no file fits" in refusal(Table(path=str(tmp_path / "z*.csv"), target="kind").load)


@pytest.mark.parametrize("form", ["book.xlsx:Pets", "pets.sqlite:select size, kind from pets", "part-*.csv"])
def test_a_study_of_a_sheet_a_query_or_a_pattern_opens_again_from_anywhere(tmp_path, monkeypatch, form):
    with pd.ExcelWriter(tmp_path / "book.xlsx") as book:
        pets().to_excel(book, sheet_name="Pets", index=False)
    stored(tmp_path / "pets.sqlite", pets())
    written(tmp_path / "part-1.csv", pets())
    monkeypatch.chdir(tmp_path)
    spec = open_workload(Request(source=form, target="kind")).spec()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    again = reopen_workload(spec)

    assert spec.source == absolute(str(tmp_path / form))
    assert again.dataset.digest == spec.digest


@pytest.mark.parametrize(
    ("source", "data"),
    [
        ("net.py:Net", False), ("module:make", False), ("a/b.xlsx:Sheet 1", True),
        ("a.db:select x from y.z", True), ("C:\\data\\a.csv", True), ("C:\\a.xlsx:Sheet", True),
        ("12:30.csv", True), ("package.db_tools:make", False),
    ],
)  # fmt: skip
def test_a_colon_in_a_name_tells_code_from_data(source, data):
    assert names_file(source) is data


def test_each_ending_has_one_reader_that_says_what_it_reads():
    listed = [ending for reader in set(readers().values()) for ending in reader.endings]

    assert len(listed) == len(set(listed)) == len(readers())
    assert all(ending == ending.lower() and ending.startswith(".") for ending in listed)
    assert all(reader.form for reader in readers().values())


@settings(max_examples=300)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), max_size=300))
def test_a_file_name_in_any_script_gives_a_study_name(tmp_path_factory, stem):
    name = free_name(tmp_path_factory.getbasetemp() / "none", Place.of(f"{stem}.csv").name)

    assert NAME.fullmatch(name)
    assert not name.startswith("study-1-")


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("données.csv", "donnees-1"), ("データ.csv", "study-1"), ("my file (1).csv", "my-file-1-1"),
        ("sales.csv.gz", "sales-1"), ("book.xlsx:Blatt 2", "book-1"), ("book.xlsx:Two", "book-Two-1"),
        (".csv", "data-1"),
    ],
)  # fmt: skip
def test_study_names_keep_what_they_can_of_the_file_name(tmp_path, file, name):
    folder = tmp_path / "data"

    assert free_name(tmp_path, Place.of(str(folder / file)).name) == name


def test_a_file_that_is_nothing_but_an_ending_is_read(tmp_path):
    assert open_dataset(written(tmp_path / ".csv", pets()), target="kind").digest == prepared(pets()).digest
