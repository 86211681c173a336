"""Made-up signals of ten shapes: small sequences for nets that convolve along time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from studies.datasets import DatasetChoice, Kind, Raw, Task

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEED: Final = 0
CLASSES: Final = 10
KNOTS: Final = 12
"""Points that a shape is drawn through."""
NOISE: Final = 0.25


@dataclass(frozen=True, kw_only=True)
class Signals(DatasetChoice):
    """4,000 synthetic signals of 40 values: ten random shapes, shifted, scaled, sheared and noisy.

    Helps: where a shape stands does not matter, so a net that convolves does better than one that does not;
    in seconds.
    Hurts: made-up data; says nothing of several channels, gaps or uneven sampling.
    Source: made up here, after Greydanus and Kobak 2024, Scaling Down Deep Learning with MNIST-1D, arXiv
    2011.14439.
    """

    kind: ClassVar[Kind] = "signal"
    task: ClassVar[Task] = "classification"
    rows: ClassVar[int] = 4000
    columns: ClassVar[int] = 40
    source: ClassVar[str] = "made up by optimizer-advisor"
    licence: ClassVar[str] = "made up, free to use"

    def load(self) -> Raw:
        """Return the same signals every time, of the shape (1, 40)."""
        import numpy as np

        generator = np.random.default_rng(SEED)
        shapes = generator.normal(size=(CLASSES, KNOTS))
        labels = np.arange(self.rows) % CLASSES
        signals = np.stack([_drawn(shapes[label], self.columns, generator) for label in labels])
        note = "The signals are synthetic: ten random shapes, shifted, scaled, sheared and noisy."
        return Raw(inputs=signals[:, None], targets=labels, kind=self.kind, task=self.task, notes=(note,))


def _drawn(shape: NDArray[Any], length: int, generator: np.random.Generator) -> NDArray[Any]:
    """Return the shape somewhere in a signal, larger or smaller, on a slope and in smooth noise."""
    import numpy as np

    width = generator.uniform(0.4, 0.6) * length
    start = generator.uniform(0, length - width)
    knots = np.linspace(start, start + width, KNOTS)
    clean = np.interp(np.arange(length), knots, shape * generator.uniform(0.6, 1.4), left=0.0, right=0.0)
    slope = generator.uniform(-0.5, 0.5) * np.linspace(-1, 1, length)
    noise = np.convolve(generator.normal(size=length + 2), [0.5, 0.7, 0.5], mode="valid")
    return np.asarray(clean + slope + NOISE * noise, np.float64)
