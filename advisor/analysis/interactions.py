"""Interactions of settings: what two of them together say of quality beyond what each says by itself.

The same groups and ranks as in `advisor.analysis.importances`. Of two settings the ranks are fitted by the
sum of an effect of each, then by a mean for each pair of groups; what the second fit explains more, as a
share of the rank variance, is their interaction. Chance is what the largest F statistic of all pairs exceeds
once in 20 when the rest of the fit by sums is dealt anew among the runs (Freedman and Lane 1983): many pairs
are looked at, and one of them is always the largest.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from advisor.analysis.importances import groups_of, ranks_of

if TYPE_CHECKING:
    import numpy as np

FEWEST: Final = 24
"""Whole runs from which pairs are looked at. Of 300 made studies without an interaction, one was seen in 7 %
at 24 runs and in 4 % at 60; of 20 with one, in all at 60."""
MOST_RUNS: Final = 1000
"""Whole runs that are looked at, the last ones."""
MOST_SETTINGS: Final = 8
"""Settings that are paired, those that matter most by themselves: 28 pairs."""
DEALS: Final = 200
PARTS: Final = 10
"""Parts of the runs that are left out one after the other, for the error."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """Interaction of two settings: their share of the spread in quality beyond that of each."""

    labels: tuple[str, str]
    share: float
    """Of the variance of the ranks of quality, 0 to 1."""
    error: float
    """Standard error of the share, by leaving out a tenth of the runs at a time."""
    chance: float
    """The share that the largest of all pairs exceeds once in 20 where no settings interact."""
    runs: int

    @property
    def above_chance(self) -> bool:
        """Tell whether the share is more than chance gives."""
        return self.share > self.chance


def interactions(
    qualities: Mapping[int, float],
    numbers: Mapping[str, Mapping[int, float]],
    options: Mapping[str, Mapping[int, str]],
    *,
    ranking: Sequence[str] = (),
) -> tuple[Interaction, ...]:
    """Return the interaction of each pair of settings, the largest first; nothing of fewer than 24 runs.

    Args:
        qualities: of whole runs, by trial number.
        numbers: values by label and trial number.
        options: the same for settings that are no numbers.
        ranking: labels by what they say by themselves; of many settings, the first ones are paired.
    """
    import numpy as np

    latest = dict(sorted(qualities.items())[-MOST_RUNS:])
    grouped = groups_of(latest, numbers, options)
    labels = [label for label in ranking if label in grouped] or list(grouped)
    pairs = []
    draw = np.random.default_rng(0)
    for left, right in combinations(labels[:MOST_SETTINGS], 2):
        pair = _Pair.of(grouped[left], grouped[right], latest)
        if pair is not None:
            pairs.append(((left, right), pair, pair.share(), pair.dealt(draw)))
    if not pairs:
        return ()
    statistic = float(np.quantile(np.max([dealt for *_, dealt in pairs], axis=0), 0.95))
    computed = [
        Interaction(
            labels=labels,
            share=share,
            error=pair.error(),
            chance=pair.chance(statistic),
            runs=len(pair.ranks),
        )
        for labels, pair, share, _ in pairs
    ]
    return tuple(sorted(computed, key=lambda interaction: -interaction.share))


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Pair of settings: the group of each run in both, and the rank of its quality."""

    left: np.ndarray[Any, Any]
    right: np.ndarray[Any, Any]
    ranks: np.ndarray[Any, Any]

    @classmethod
    def of(
        cls,
        left: Mapping[int, Hashable],
        right: Mapping[int, Hashable],
        qualities: Mapping[int, float],
    ) -> _Pair | None:
        """Return the pair; None where both settings are there in too few runs, or one does not vary there."""
        import numpy as np

        trials = [trial for trial in qualities if trial in left and trial in right]
        pair = cls(
            left=_codes([left[trial] for trial in trials]),
            right=_codes([right[trial] for trial in trials]),
            ranks=np.array(list(ranks_of({trial: qualities[trial] for trial in trials}).values())),
        )
        if len(trials) < FEWEST or not np.ptp(pair.ranks) or pair.freedom < 1:
            return None
        return pair

    @property
    def freedom(self) -> int:
        """Return how many means the pairs of groups have beyond the sums."""
        sums, cells = self._bases
        return int(cells.shape[1] - sums.shape[1])

    @property
    def freedom_left(self) -> int:
        """Return how many runs there are beyond the means of the pairs of groups; at least 1."""
        return max(1, len(self.ranks) - int(self._bases[1].shape[1]))

    def share(self) -> float:
        """Return the interaction as a share of the variance of the ranks."""
        explained, _, total = self._squares(self.ranks[:, None])
        return float(explained[0] / max(total[0], 1e-12))

    def dealt(self, draw: np.random.Generator) -> np.ndarray[Any, Any]:
        """Return the F statistics that chance gives: what the sums leave open, dealt anew."""
        import numpy as np

        base, _ = self._bases
        fitted = base @ (base.T @ self.ranks)
        rest = self.ranks - fitted
        dealt = np.stack([fitted + draw.permutation(rest) for _ in range(DEALS)], axis=1)
        explained, rest, _ = self._squares(dealt)
        return explained / self.freedom / np.maximum(rest / self.freedom_left, 1e-12)

    def chance(self, statistic: float) -> float:
        """Return the share that goes with an F statistic, as noisy as these runs are."""
        _, rest, total = self._squares(self.ranks[:, None])
        return min(1.0, statistic * self.freedom * float(rest[0]) / self.freedom_left / float(total[0]))

    def error(self) -> float:
        """Return the standard error of the share: a jackknife over tenths of the runs."""
        import numpy as np

        part = np.arange(len(self.ranks)) % PARTS
        shares = [
            _Pair(left=self.left[part != n], right=self.right[part != n], ranks=self.ranks[part != n]).share()
            for n in range(PARTS)
        ]
        return float(np.sqrt((PARTS - 1) / PARTS * np.sum((np.array(shares) - np.mean(shares)) ** 2)))

    @cached_property
    def _bases(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """Return bases of what sums of both settings explain, and of what their pairs of groups do."""
        import numpy as np

        left, right = np.eye(self.left.max() + 1)[self.left], np.eye(self.right.max() + 1)[self.right]
        cells = (left[:, :, None] * right[:, None, :]).reshape(len(self.ranks), -1)
        return _basis(np.hstack([left, right])), _basis(cells)

    def _squares(self, ranks: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], ...]:
        """Return what pairs explain beyond sums, the rest, and all: squares of columns of ranks."""
        import numpy as np

        by_sums, by_cells = (np.sum((basis.T @ ranks) ** 2, axis=0) for basis in self._bases)
        every = np.sum(ranks**2, axis=0)
        total = np.sum((ranks - ranks.mean(axis=0)) ** 2, axis=0)
        return np.maximum(by_cells - by_sums, 0.0), np.maximum(every - by_cells, 0.0), total


def _codes(groups: Sequence[Hashable]) -> np.ndarray[Any, Any]:
    import numpy as np

    places = {group: place for place, group in enumerate(dict.fromkeys(groups))}
    return np.array([places[group] for group in groups], dtype=int)


def _basis(design: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return an orthonormal basis of the columns."""
    import numpy as np

    vectors, sizes, _ = np.linalg.svd(design, full_matrices=False)
    return np.asarray(vectors[:, sizes > 1e-9 * max(sizes.max(), 1e-300)])
