"""Made-up data of the recorded tasks: small generators with a seed of their own, and tables in packages."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from studies.data.dataset import Dataset
from studies.data.opening import from_arrays

ROWS: Final = 3000
SIDE: Final = 8
"""Rows and columns of an image."""
LENGTH: Final = 32
"""Values of a signal, words of a text."""


def topics() -> Dataset:
    """Return pieces of 30 words of the eight longest pages of Python's own manual, as token ids."""
    from pydoc_data.topics import topics as manual

    pages = sorted(sorted(manual.items()), key=lambda item: -len(item[1].split()))[:8]
    pieces = [
        (words[start : start + 30], label)
        for label, (_, text) in enumerate(pages)
        for words in [text.lower().split()]
        for start in range(0, len(words) - 30, 15)
    ]
    vocabulary = {
        word: i for i, word in enumerate(sorted({word for words, _ in pieces for word in words}), start=1)
    }
    ids = np.array([[vocabulary[word] for word in words] for words, _ in pieces])
    return _text(ids, np.array([label for _, label in pieces]), "topics")


def chains() -> Dataset:
    """Return words from four Markov chains over 20 words: which follow each other tells them apart."""
    chance = np.random.default_rng(8101)
    moves = np.array([[chance.dirichlet(np.full(20, 0.7)) for _ in range(20)] for _ in range(4)])
    labels = np.arange(ROWS) % 4
    words = np.zeros((ROWS, LENGTH), np.int64)
    words[:, 0] = chance.integers(20, size=ROWS)
    for before, place in pairwise(range(LENGTH)):
        reach = moves[labels, words[:, before]].cumsum(axis=1)
        words[:, place] = (chance.random((ROWS, 1)) > reach).sum(axis=1).clip(max=19)
    return _text(words + 1, labels, "chains")


def clusters() -> Dataset:
    """Return 20 columns, five classes in two clusters each, one label in twelve wrong."""
    from sklearn.datasets import make_classification

    return _table(
        make_classification(
            ROWS, 20, n_informative=8, n_redundant=4, n_classes=5, flip_y=0.08, random_state=8102
        ),
        task="classification",
        name="clusters",
    )


def radius() -> Dataset:
    """Return ten normal columns; the class says whether their squares add up to more than the median."""
    from sklearn.datasets import make_hastie_10_2

    inputs, targets = make_hastie_10_2(ROWS, random_state=8103)
    return _table((inputs, targets > 0), task="classification", name="radius")


def impedance() -> Dataset:
    """Return Friedman's second function, the impedance of a circuit, with noise."""
    from sklearn.datasets import make_friedman2

    return _table(
        make_friedman2(ROWS, noise=120.0, random_state=8104),
        task="regression",
        name="impedance",
    )


def waves() -> Dataset:
    """Return sines, squares, saws and steps of any phase and pace, in noise."""
    chance = np.random.default_rng(8105)
    labels = np.arange(ROWS) % 4
    time = np.linspace(0, 1, LENGTH)
    turns = chance.uniform(2, 5, (ROWS, 1)) * time + chance.random((ROWS, 1))
    shapes = np.stack(
        [
            np.sin(2 * np.pi * turns),
            np.sign(np.sin(2 * np.pi * turns)),
            2 * (turns % 1) - 1,
            np.floor(3 * (turns % 1)) - 1,
        ]
    )
    signals = shapes[labels, np.arange(ROWS)] + 0.7 * chance.normal(size=(ROWS, LENGTH))
    return from_arrays(
        (signals[:, None].astype(np.float32), labels), kind="signal", task="classification", name="waves"
    )


def crosses() -> Dataset:
    """Return images of a cross, a box, a line or a corner somewhere in noise."""
    chance = np.random.default_rng(8106)
    labels = np.arange(ROWS) % 4
    images = 0.6 * chance.normal(size=(ROWS, SIDE, SIDE))
    shapes = np.zeros((4, 5, 5))
    shapes[0, 2], shapes[0, :, 2] = 1, 1
    shapes[1], shapes[1, 1:4, 1:4] = 1, 0
    shapes[2, 2] = 1
    shapes[3, 0], shapes[3, :, 0] = 1, 1
    for image, label in zip(images, labels, strict=True):
        top, left = chance.integers(SIDE - 4, size=2)
        image[top : top + 5, left : left + 5] += shapes[label]
    return from_arrays(
        (images[:, None].astype(np.float32), labels), kind="image", task="classification", name="crosses"
    )


def autompg() -> Dataset:
    """Return 392 cars of the years 1970 to 1982: miles per gallon from seven columns."""
    from mlxtend.data import autompg_data

    inputs, targets = autompg_data()
    return _table((np.asarray(inputs)[:, :7].astype(float), targets), task="regression", name="autompg")


def yeast() -> Dataset:
    """Return 2,417 yeast genes by 103 measurements: whether each is of the third functional class."""
    from river.datasets import Yeast

    rows = list(Yeast())
    inputs = np.array([list(row.values()) for row, _ in rows])
    targets = np.array([classes["Class3"] for _, classes in rows])
    return _table((inputs, targets), task="classification", name="yeast")


def _table(rows: tuple[NDArray[Any], NDArray[Any]], *, task: str, name: str) -> Dataset:
    return from_arrays(rows, kind="table", task=task, name=name)


def _text(ids: NDArray[np.int64], labels: NDArray[Any], name: str) -> Dataset:
    return from_arrays((ids, labels), kind="text", task="classification", name=name)
