"""Fuzzed files: whatever is wrong with a file of the user's, it is read or refused in one short line."""

from __future__ import annotations

import gzip
import random
import sqlite3
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from studies.data.opening import open_dataset
from studies.errors import StudyError

from fuzzing import mutate, seeds

QUICK, MANY = 2_000, 100_000
LONGEST = 600
"""Characters of a message: what is repeated of the input, and the words around it."""
ROWS = 30


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "size": rng.normal(5, 3, ROWS).round(3),
            "born": pd.date_range("2021-01-28", periods=ROWS).strftime("%Y-%m-%d"),
            "colour": ["red", "light, blue", "grün"] * 10,
            "kind": ["cat", "dog"] * 15,
        }
    )


def arff() -> str:
    lines = "\n".join(f"{row % 7}.5,{'?' if row % 5 else 1},{row % 2}" for row in range(ROWS))
    return f"@relation r\n@attribute a numeric\n@attribute b numeric\n@attribute kind {{0,1}}\n@data\n{lines}"


def to_sqlite(table: pd.DataFrame, path: Path) -> None:
    connection = sqlite3.connect(path)
    table.to_sql("pets", connection, index=False)
    connection.close()


WRITERS = {
    ".csv": lambda table, path: table.to_csv(path, index=False),
    ".csv.gz": lambda table, path: table.to_csv(path, index=False),
    ".tsv": lambda table, path: table.to_csv(path, index=False, sep="\t", encoding="utf-16"),
    ".parquet": lambda table, path: table.to_parquet(path),
    ".feather": lambda table, path: table.to_feather(path),
    ".xlsx": lambda table, path: table.to_excel(path, index=False),
    ".ods": lambda table, path: table.to_excel(path, index=False),
    ".jsonl": lambda table, path: table.to_json(path, orient="records", lines=True),
    ".json": lambda table, path: table.to_json(path, orient="records"),
    ".sqlite": to_sqlite,
    ".arff": lambda table, path: path.write_text(arff()),
    ".svm": lambda table, path: path.write_text(
        "".join(f"{row % 2} {1 + row % 5}:1.5 {9 + row}:2\n" for row in range(ROWS))
    ),
    ".npz": lambda table, path: np.savez(
        path, X=np.ones((ROWS, 3)) * np.arange(ROWS)[:, None], y=np.arange(ROWS) % 2
    ),
}


def written(ending: str, folder: Path) -> bytes:
    """Return a small right file of the form."""
    path = folder / f"right{ending}"
    WRITERS[ending](frame(), path)
    return path.read_bytes()


FORMS = (
    ".csv", ".csv", ".csv", ".csv.gz", ".tsv", ".jsonl", ".json", ".arff", ".svm", ".parquet", ".feather",
    ".xlsx", ".ods", ".npz", ".sqlite",
)  # fmt: skip
WITHOUT_TARGET = (".svm", ".npz")


def changed(content: bytes, ending: str, rng: random.Random) -> bytes:
    """Return a changed file; of a compressed one, what is in it is changed as often as the file itself."""
    if ending == ".csv.gz" and rng.random() < 0.5:
        return gzip.compress(mutate(gzip.decompress(content), rng), compresslevel=1)
    return mutate(content, rng)


def check(count: int, folder: Path) -> None:
    right = {ending: written(ending, folder) for ending in FORMS}
    read = 0
    for seed in seeds(count):
        rng = random.Random(seed)  # noqa: S311 - changes that anyone can make again
        ending = FORMS[seed % len(FORMS)]
        path = folder / f"file{ending}"
        path.write_bytes(changed(right[ending], ending, rng))
        target = None if ending in WITHOUT_TARGET else "kind"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                open_dataset(str(path), target=target)
            read += 1
        except StudyError as error:
            message = str(error)
            assert "\n" not in message, (seed, message)
            assert 0 < len(message) < LONGEST, (seed, message)
        except Exception as error:
            raise AssertionError(f"seed {seed}, {ending}: {type(error).__name__}: {error}") from error
    assert count // 20 < read < count


def test_every_changed_file_is_read_or_refused_in_one_short_line(tmp_path):
    check(QUICK, tmp_path)


@pytest.mark.fuzz
def test_a_hundred_thousand_changed_files_are_read_or_refused(tmp_path):
    check(MANY, tmp_path)


def test_right_files_of_every_form_are_read(tmp_path):
    for ending in FORMS:
        path = tmp_path / f"file{ending}"
        path.write_bytes(written(ending, tmp_path))
        dataset = open_dataset(str(path), target=None if ending in WITHOUT_TARGET else "kind")
        assert dataset.train.rows + dataset.valid.rows + dataset.test.rows == ROWS, ending
