"""A folder of images: one sub-folder a class, perhaps below train, valid and test."""

from __future__ import annotations

import warnings
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.datasets import Raw, from_extra
from studies.datasets.files.arrays import read_array_folder
from studies.errors import BadWorkload, one_line

ENDINGS: Final = frozenset(
    {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"}
)
PARTS: Final = ({"train", "training"}, {"valid", "val", "validation"}, {"test", "testing"})
SIDE: Final = 32
"""Pixels a side of images that come in several sizes, or in a large one."""
LARGEST_SIDE: Final = 64
"""Images that all have one size, up to this, keep it."""
GREY: Final = frozenset({"1", "L", "LA", "I", "I;16", "F"})


def read_folder(folder: Path, kind: str | None = None) -> Raw:
    """Read the images below a folder, resized to one small size; or its arrays, X.npy and y.npy.

    Raises:
        BadWorkload: no images in sub-folders, or one that cannot be read.
    """
    if (arrays := read_array_folder(folder, kind)) is not None:
        return arrays
    parts = [
        next((below for below in _folders(folder) if below.name.lower() in names), None) for names in PARTS
    ]
    is_split = parts[0] is not None and any(parts[1:])
    images = [
        (image, label.name, part)
        for part, root in (enumerate(parts) if is_split else [(0, folder)])
        if root is not None
        for label in _folders(root)
        for image in sorted(label.rglob("*"))
        if image.suffix.lower() in ENDINGS and not image.name.startswith(".")
    ]
    if not images:
        name = folder.resolve().name
        raise BadWorkload(f"'{name}' is a folder without images in it; put them into one sub-folder a class")
    pixels, note = _read([image for image, _, _ in images])
    return Raw(
        inputs=pixels,
        targets=np.array([label for _, label, _ in images]),
        kind="image",
        task="classification",
        notes=(note,),
        parts=np.array([part for _, _, part in images], np.int64) if is_split else None,
    )


def _folders(folder: Path) -> list[Path]:
    return sorted(
        below for below in folder.iterdir() if below.is_dir() and not below.name.startswith((".", "_"))
    )


def _read(files: list[Path]) -> tuple[NDArray[np.float32], str]:
    """Return the images as (rows, channels, height, width) from 0 to 1, and what was done to them."""
    forms = Counter(_opened(file, lambda image: (image.size, image.mode in GREY)) for file in files)
    sizes = {size for size, _ in forms}
    mode = "L" if all(grey for _, grey in forms) else "RGB"
    size = max(sizes) if len(sizes) == 1 and max(max(sizes)) <= LARGEST_SIDE else (SIDE, SIDE)
    colours = "grey" if mode == "L" else "RGB"
    resized = (
        ""
        if sizes == {size}
        else f", resized from {len(sizes)} size{'s' * (len(sizes) > 1)}; sides may be squeezed"
    )
    return _stacked(
        files, mode, size
    ), f"Read {len(files)} images as {colours}, {size[0]} x {size[1]} pixels{resized}."


def read_images(files: list[Path], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return images as a model of this shape, (channels, height, width), takes them, from 0 to 1.

    Raises:
        BadWorkload: one cannot be read.
    """
    channels, height, width = shape
    mode = "L" if channels == 1 else "RGB"
    return _stacked(files, mode, (width, height))


def _stacked(files: list[Path], mode: str, size: tuple[int, int]) -> NDArray[np.float32]:
    pixels = np.stack([_opened(file, lambda image: _fitted(image, mode, size)) for file in files])
    pixels = pixels[:, None] if mode == "L" else np.moveaxis(pixels, -1, 1)
    return (pixels / 255).astype(np.float32)


def _opened(file: Path, use: Any) -> Any:
    images = from_extra("PIL.Image")
    orient = from_extra("PIL.ImageOps").exif_transpose
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with images.open(file) as image:
                return use(orient(image))
    except (OSError, ValueError, SyntaxError, images.DecompressionBombError) as error:
        raise BadWorkload(
            f"'{file.name}' cannot be read as an image: {one_line(error)}; mend or remove it"
        ) from error


def _fitted(image: Any, mode: str, size: tuple[int, int]) -> NDArray[np.uint8]:
    if mode == "L" and image.mode in {"I", "I;16", "F"}:
        deep = np.asarray(image, np.float32).clip(0, None)  # Pillow would cut deep greys off at 255
        image = from_extra("PIL.Image").fromarray((deep / (257 if deep.max() > 255 else 1)).astype(np.uint8))
    plain = image.convert(mode)
    return np.asarray(plain if plain.size == size else plain.resize(size), np.uint8)
