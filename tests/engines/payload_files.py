"""Files that a study can train on or take code of: a small one of each kind, and what is opened of it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from PIL import Image

from studies.imports import load
from studies.training_function.function import Function
from studies.workload import Workload
from studies.workload_opening import open_source, workload_from_code

from sample_arrays import IMAGES, LABELS, REVIEWS, TABLE

SOURCE = """
import torch
from torch import nn
from studies.models import ModelChoice
from dataclasses import dataclass
from studies.space import between

SHIFT = torch.randn(3)          # drawn anew whenever the file is run

def fit(recipe, report, seed):
    torch.manual_seed(seed)
    weight = nn.Parameter(torch.randn(3))
    optimizer = recipe.optimizer.build([weight], 10)
    for epoch in range(recipe.epochs):
        optimizer.zero_grad()
        loss = ((weight - SHIFT) ** 2).sum()
        loss.backward()
        optimizer.step()
        if report(epoch + 1, loss.item()):
            return

class Net(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.net = nn.Linear(inputs, outputs)

    def forward(self, rows):
        return self.net(rows) + SHIFT[:2].sum()

@dataclass(frozen=True, kw_only=True)
class Wide(ModelChoice):
    width: float = between(1.0, 8.0, default=2.0)

    def build(self, inputs, outputs):
        return Net(inputs.size, outputs)

def margin(outputs, targets):
    return float((outputs[:, 1] > outputs[:, 0]).mean())
margin.direction = "maximize"

def loss(outputs, targets):
    return nn.functional.cross_entropy(outputs, targets)
"""


def of_code(**described):
    return workload_from_code(Workload(**described), source="__main__:workload")


def frame():
    return pd.DataFrame(TABLE, columns=["a", "b", "c"]).assign(
        colour=["red", "blue", "green"] * 20, day=pd.date_range("2020-01-01", periods=60), label=LABELS
    )


def write_files(folder: Path):
    table = frame()
    table.to_csv(folder / "t.csv", index=False)
    table.to_parquet(folder / "t.parquet")
    table.to_excel(folder / "t.xlsx", index=False)
    pd.DataFrame({"review": REVIEWS, "label": LABELS}).to_csv(folder / "reviews.csv", index=False)
    np.savez(folder / "images.npz", X=IMAGES, y=LABELS)
    (folder / "code.py").write_text(SOURCE)
    with closing(sqlite3.connect(folder / "t.sqlite")) as connection:
        table.to_sql("pets", connection, index=False)
    with duckdb.connect(str(folder / "t.duckdb")) as connection:
        connection.register("rows", table)
        connection.execute("create table pets as select * from rows")
    for row, pixels in enumerate(IMAGES):
        image = folder / "photos" / "ab"[row % 2] / f"{row}.png"
        image.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(image)


def files(folder: Path):
    """Return workloads that are opened from the files in a folder."""
    code = str(folder / "code.py")
    return {
        "CSV": lambda: open_source(str(folder / "t.csv"), target="label"),
        "CSV by time": lambda: open_source(str(folder / "t.csv"), target="a"),
        "Parquet": lambda: open_source(str(folder / "t.parquet"), target="label", class_weights="balanced"),
        "workbook": lambda: open_source(str(folder / "t.xlsx"), target="label"),
        "SQLite": lambda: open_source(str(folder / "t.sqlite"), target="label"),
        "DuckDB": lambda: open_source(str(folder / "t.duckdb"), target="label"),
        "folder of images": lambda: open_source(str(folder / "photos")),
        "reviews": lambda: open_source(str(folder / "reviews.csv"), target="label"),
        "npz": lambda: open_source(str(folder / "images.npz")),
        "model of a file": lambda: open_source("iris", model=f"{code}:Net"),
        "choice of a file": lambda: open_source("iris", model=f"{code}:Wide"),
        "metric of a file": lambda: open_source("digits", metric_name=f"{code}:margin"),
        "loss of a file": lambda: of_code(train=(TABLE, LABELS), loss=f"{code}:loss"),
        "function of a file": lambda: file_function(f"{code}:fit"),
        "mapped": lambda: of_code(train=(mapped(folder / "X.npy"), LABELS)),
    }


def mapped(path):
    np.save(path, TABLE)
    return np.load(path, mmap_mode="r")


def file_function(source):
    return Function.open(load(source), source=source, metric="loss", direction=None)
