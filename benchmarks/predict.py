"""Memory of predicting a large file: the most bytes that a process holds for ten times as many rows.

    python -m benchmarks.predict                # 100,000 and 1,000,000 rows of 30 columns, CSV and Parquet

Each file is predicted by a fresh process that holds a saved bundle and nothing of the search.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.table_size import COLUMNS, write_table
from studies.quantities import format_bytes

ROWS = (100_000, 1_000_000)
TRAINED_ROWS = 2_000
CHILD = "from benchmarks.predict import child; child({bundle!r}, {rows!r}, {out!r})"


def main() -> None:
    """Print what each file takes."""
    report(ROWS, TRAINED_ROWS)


def smoke() -> None:
    """Smallest form: hundreds of rows."""
    report((100, 500), 200)


def report(sizes: tuple[int, ...], trained_rows: int) -> None:
    """Train a model, save its bundle, and predict files of several sizes with it."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        _save_bundle(folder, trained_rows)
        for ending in ("csv", "parquet"):
            for rows in sizes:
                path = _written(folder, rows, ending)
                peaks = _predicted(folder, path)
                size, grown = path.stat().st_size, peaks["after"] - peaks["before"]
                print(
                    f"{rows:>9,} rows x {COLUMNS} as {ending:<8}{format_bytes(size):>10} file, "
                    f"{format_bytes(peaks['before'])} before, {format_bytes(grown)} more at the peak"
                )
                path.unlink()


def child(bundle: str, rows: str, out: str) -> None:
    """Predict a file in this process and print the peak before and after, as JSON."""
    from advisor.jobs.predicting.predict import predict_rows
    from benchmarks.table_size import peak_bytes
    from studies.bundle.bundle import Bundle

    loaded = Bundle.load(bundle)
    before = peak_bytes()
    predict_rows(loaded, rows, out=out)
    print(json.dumps({"before": before, "after": peak_bytes()}))


def _save_bundle(folder: Path, rows: int) -> None:
    import advisor

    write_table(folder / "trained.csv", rows)
    options = {"budget": "2trials", "epochs": 2, "optimizers": "AdamW", "tracking_uri": "off"}
    study = advisor.search(str(folder / "trained.csv"), target="label", home=folder, **options)
    advisor.load(study, home=folder).save(folder / "bundle")


def _written(folder: Path, rows: int, ending: str) -> Path:
    import pandas as pd

    path = folder / f"rows.{ending}"
    write_table(folder / "rows.csv", rows)
    if ending == "parquet":
        pd.read_csv(folder / "rows.csv").to_parquet(path)
        (folder / "rows.csv").unlink()
    return path


def _predicted(folder: Path, path: Path) -> dict[str, int]:
    out = folder / f"out{path.suffix}"
    code = CHILD.format(bundle=str(folder / "bundle"), rows=str(path), out=str(out))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    out.unlink()
    peaks: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return peaks


if __name__ == "__main__":
    main()
