"""Code of data.py: the few functions that its columns call, those that are called are written."""

from __future__ import annotations

from typing import Final

HELPERS: Final = {
    "text": '''def text(column):
    """Return a column as text with single blanks, "(missing)" for a gap."""
    cells = [" ".join(str(cell).split()) for cell in column.where(column.notna(), "")]
    return [cell or "(missing)" for cell in cells]''',
    "number": '''def number(column, thousands="", decimal=".", unit=""):
    """Return a column as numbers, NaN for a gap."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        cells = column.astype(object).where(column.notna(), "").astype(str)
        for mark, becomes in ((unit, ""), (thousands, ""), (decimal, ".")):
            cells = cells.str.replace(mark, becomes, regex=False) if mark else cells
        column = pd.to_numeric(cells.str.strip(), errors="coerce")
    return column.to_numpy(np.float64, na_value=np.nan)''',
    "truth": '''def truth(column):
    """Return a column of yes and no as 1 and 0, NaN for a gap."""
    words = {"yes": 1, "y": 1, "true": 1, "t": 1, "on": 1, "1": 1, "1.0": 1}
    words |= {"no": 0, "n": 0, "false": 0, "f": 0, "off": 0, "0": 0, "0.0": 0}
    return column.astype(str).str.strip().str.casefold().map(words).to_numpy(np.float64)''',
    "dates": '''def dates(column, form):
    """Return a column as dates without a zone."""
    read = pd.to_datetime(column, format=form or None, utc=True, errors="coerce")
    return read.dt.tz_localize(None)''',
    "calendar": '''def calendar(column, part, first):
    """Return a part of dates as numbers, NaN for a gap; days count from the first training date."""
    if part == "days":
        values = (column - pd.Timestamp(first)) / pd.Timedelta(days=1)
    else:
        values = getattr(column.dt, {"weekday": "day_of_week"}.get(part, part))
    return values.to_numpy(np.float64, na_value=np.nan)''',
    "scaled": '''def scaled(values, fill, mean, scale):
    """Return numbers at mean 0 and deviation 1 of the training rows, gaps filled with their median."""
    return ((np.where(np.isnan(values), fill, values) - mean) / scale).clip(-1e6, 1e6)''',
    "one_hot": '''def one_hot(cells, levels, others=False):
    """Return a 0/1 column for each level, and one for all others where there are some."""
    codes = pd.Index(levels, dtype=object).get_indexer(pd.Index(cells, dtype=object))
    return [codes == code for code in (*range(len(levels)), *([-1] if others else []))]''',
    "labels": '''def labels(column):
    """Return labels as text: whole numbers without a point."""
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        column = column.astype(float).map(lambda value: int(value) if value.is_integer() else value)
    return [" ".join(str(value).split()) for value in column]''',
}
"""By name, in an order in which they can stand."""

LOAD: Final = '''def split(rows):
    """Return which rows train, validate and test: as in the study, or 60/20/20 of another table."""
    with np.load(Path(__file__).with_name("split.npz")) as saved:
        if rows == saved["rows"]:
            return {part: saved[part] for part in ("train", "valid", "test")}
    shuffled = np.random.default_rng(0).permutation(rows)
    cuts = np.split(shuffled, [rows * 6 // 10, rows * 8 // 10])
    return dict(zip(("train", "valid", "test"), cuts))


def load(path, device):
    """Return (inputs, targets) of each part as tensors; rows without a target are left out."""
    frame = @READER@
    frame.columns = [" ".join(str(name).split()) for name in frame.columns]
    data = {}
    for part, rows in split(len(frame)).items():
        chosen = frame.iloc[rows].reset_index(drop=True)
        inputs, targets = encode(chosen), encode_target(chosen[@TARGET@])
        known = targets >= 0 if targets.ndim == 1 else ~np.isnan(targets).any(axis=1)
        data[part] = tuple(torch.from_numpy(array[known]).to(device) for array in (inputs, targets))
    return data'''
