"""Model files of an export: the bundle, and the compressed file where one is recommended."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from advisor.jobs.bundles import bundle_of
from studies.errors import BadWorkload

BUNDLE: Final = "bundle"
COMPRESSED: Final = "model.onnx"


def write_bundle(folder: Path, home: Path, study: str) -> tuple[str, ...]:
    """Write the bundle of a study below a folder; return what could not be written, in sentences."""
    try:
        bundle = bundle_of(home, study)
    except BadWorkload as problem:
        return (f"No bundle: {problem}.",)
    notes = (*bundle.about.notes, *bundle.save(folder / BUNDLE, exports=True))
    return tuple(f"Bundle: {note}" for note in notes)


def write_compressed(folder: Path, file: Path | None) -> tuple[str, ...]:
    """Copy the compressed file that a study recommends, if it does; return what is to be said of it."""
    if file is None:
        return ()
    shutil.copyfile(file, folder / COMPRESSED)
    return (f"{COMPRESSED} is the compressed model; the script trains the model that it was made from.",)
