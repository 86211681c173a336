"""Reading of an array: what its shape is taken for, and what else it could be."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from studies.rows.kinds import Kind
from studies.rows.nested import NestedRows

STEPS: Final = "steps"
"""A signal whose rows are (steps, channels), kept so: for models of recurrent layers or attention."""
TURNED: Final = "turned"
"""The same, turned into (channels, steps), as convolutions take it."""
CHANNELS: Final = (1, 3, 4)
"""Grey, RGB, RGB with opacity: what tells the axis of the channels in images."""


def readings(inputs: Any, *, as_given: bool = False) -> tuple[str, ...]:
    """Return what an array can be read as, most likely first; one empty text for all that has one reading.

    Pictures of one channel are square, or whole numbers up to 255; signals are neither.

    Args:
        inputs: the rows.
        as_given: whether whole numbers and the order of axes stay as they are if they can.
    """
    if not isinstance(inputs, np.ndarray):
        return ("",)
    if inputs.ndim == 2 and inputs.dtype.kind in "iu" and inputs.size and inputs.min() >= 0:
        return ("text", "table") if as_given else ("table", "text")
    if inputs.ndim != 3:
        return ("",)
    _, middle, last = inputs.shape
    if as_given:
        return "signal", "image"
    if middle == last or _bytes(inputs):
        return "image", "signal"
    return (STEPS, TURNED, "image") if middle > last else ("signal", "image")


def shaped(inputs: Any, reading: str | None, notes: list[str]) -> tuple[Any, Kind]:  # noqa: PLR0911 - one for each
    """Return the inputs in the shape of a reading, and the kind that they are then."""
    import pandas as pd

    if isinstance(inputs, NestedRows):
        return inputs, "mixed"
    if not isinstance(inputs, np.ndarray):
        return inputs, "text" if reading == "text" else "table"
    if inputs.ndim == 1:
        words = inputs.dtype.kind in "OUST"
        return pd.DataFrame({"text" if words else "x0": inputs}), "text" if reading == "text" else "table"
    if reading in {"table", "text"} or (not reading and inputs.ndim == 2):
        return inputs, cast("Kind", reading or "table")
    if reading == TURNED:
        return np.ascontiguousarray(np.moveaxis(inputs, -1, 1)), "signal"
    if reading in {"signal", STEPS}:
        return (inputs[:, None] if inputs.ndim == 2 else inputs), "signal"
    if inputs.ndim == 3:
        return inputs[:, None], "image"
    return (_channels_first(inputs, notes) if inputs.ndim == 4 else inputs), "image"


def note_reading(shape: tuple[int, ...], reading: str) -> str:
    """Return what an array was taken for, and how to say otherwise."""
    rows = "x".join(map(str, shape[1:]))
    meant = {
        "table": "a table of numbers",
        "text": "token ids",
        "image": "images of one channel",
        "signal": "signals of (channels, steps)",
        STEPS: "signals of (steps, channels)",
        TURNED: "signals of (steps, channels), turned into (channels, steps)",
    }[reading]
    return f"Took rows of the shape {rows} for {meant}; kind={_other(reading)} says otherwise."


def _bytes(inputs: NDArray[Any]) -> bool:
    return inputs.dtype.kind in "iu" and bool(inputs.size and inputs.min() >= 0 and inputs.max() <= 255)


def _other(reading: str) -> str:
    others = {"table": "text", "text": "table", "image": "signal"}
    return f"'{others.get(reading, 'image')}'"


def _channels_first(images: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    _, first, height, last = images.shape
    if first in CHANNELS or (last not in CHANNELS and first != height):
        return images
    notes.append(f"Took images of the shape {images.shape[1:]} for (height, width, channels).")
    return np.moveaxis(images, -1, 1)
