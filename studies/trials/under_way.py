"""Trials under way: a small file beside the journal, so that a crash is not repeated for ever.

What ends the whole search while a trial trains (the machine loses power, its memory is used up) would end it
again at every resume, as the same recipe is proposed from the same records. The file counts how often a
recipe was begun without an end; it is no truth of its own, and is written without waiting for the disk.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from studies.trials.open_trial import OpenTrial


class UnderWay:
    """Trials under way of one study.

    Args:
        path: of the file; None keeps none.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._begun: dict[str, int] = _read(path)
        """How often each trial was begun that has not ended."""
        self._lost = dict(self._begun)

    @classmethod
    def of(cls, home: Path, study: str) -> UnderWay:
        """Return the trials under way of a study."""
        return cls(home / "studies" / f"{study}.running")

    def begin(self, trial: OpenTrial) -> None:
        """Note that a trial begins, or goes on."""
        key = _key(trial)
        if self._begun.get(key, 0) == self._lost.get(key, 0):
            self._begun[key] = self._lost.get(key, 0) + 1
            self._write()

    def end(self, trial: OpenTrial) -> None:
        """Note that a trial has ended and is written down."""
        self._begun.pop(_key(trial), None)
        self._lost.pop(_key(trial), None)
        self._write()

    def lost(self, trial: OpenTrial) -> int:
        """Return how often a trial was under way when the whole search ended by force."""
        return self._lost.get(_key(trial), 0)

    def _write(self) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            unfinished = self._path.with_suffix(".running-part")
            unfinished.write_text(json.dumps(self._begun), encoding="utf-8")
            unfinished.replace(self._path)


def trials_under_way(home: Path, study: str) -> tuple[dict[str, Any], ...]:
    """Return the trials under way of a study, each as its `stage`, `seed`, `source` and flat recipe.

    Of a search that runs they are those that train now; of one that was killed, those that trained then.

    Example:
        >>> [trial["optimizer"] for trial in trials_under_way(Path(".advisor"), "none")]
        []
    """
    trials = []
    for key in _read(home / "studies" / f"{study}.running"):
        with suppress(ValueError):
            values = json.loads(key)
            trials += [values] if isinstance(values, dict) else []
    return tuple(trials)


def _key(trial: OpenTrial) -> str:
    """Return what makes a trial the same one at a resume: what it trains, from which seed, on which rows."""
    parts: dict[str, Any] = {"stage": trial.stage, "seed": trial.seed, "source": trial.source}
    return json.dumps(parts | dict(trial.recipe.to_params()), sort_keys=True, default=str)


def _read(path: Path | None) -> dict[str, int]:
    if path is None:
        return {}
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    counts = values.items() if isinstance(values, dict) else ()
    return {str(key): count for key, count in counts if isinstance(count, int)}
