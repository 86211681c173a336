"""Allowed: what an agent may read and run; everything else is refused in one line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from studies.datasets.files import Place, endings
from studies.errors import BadValue, BadWorkload, StudyNotFound, did_you_mean, shown
from studies.limits import Budget
from studies.storage.home import study_names

CODE_OPTIONS: Final = ("model", "metric", "optimizers")
"""Options that may name code of the user's own, as `module:name` or `file.py:name`."""


@dataclass(frozen=True, kw_only=True)
class Allowed:
    """What an agent may do: a home, further folders or files of data, code or not, and the largest budget."""

    home: Path
    paths: tuple[Path, ...] = ()
    code: bool = False
    most: Budget
    """Of a search: in seconds or in trials, as budgets then must be."""

    def source(self, source: str) -> str:
        """Return data as the command line takes it: a built-in dataset, or a file where files may be read.

        Raises:
            BadWorkload: neither; links are resolved first, and nothing on the network is opened.
        """
        from studies.data.opening import built_ins

        if source.lower() in built_ins():
            return source
        place = Place.of(source)
        if ":" in source and not place.ending:
            self._refuse_code(source)
            return source
        roots = [root.resolve() for root in (self.home, *self.paths)]
        tried = [(root / place.path if root.is_dir() else place.path) for root in roots]
        path = next((path for path in tried if path.exists()), tried[0]).resolve()
        if not any(path.is_relative_to(root) for root in roots):
            where = ", ".join(map(str, roots))
            raise BadWorkload(f"{shown(source)} lies outside of what may be read here: {where}")
        if not place.ending or not path.is_file():
            raise BadWorkload(
                f"{shown(source)} is no built-in dataset (list datasets) and no file that ends with "
                f"{', '.join(endings())}"
            )
        return f"{path}:{place.part}" if place.part else str(path)

    def options(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return options once none of them names code that may not run here.

        Raises:
            BadWorkload: one does.
        """
        for name in CODE_OPTIONS:
            if ":" in str(options.get(name) or ""):
                self._refuse_code(str(options[name]))
        return options

    def budget(self, text: str) -> Budget:
        """Return a budget that is no larger than the largest.

        Raises:
            BadValue: it is larger, or counts what the largest does not.
        """
        budget = Budget.parse(text)
        fits = budget.spent(seconds=self.most.seconds or 0.0, trials=self.most.trials or 0) >= 1
        if not fits:
            raise BadValue(f"a budget of {budget} is not allowed here; give at most {self.most}")
        return budget

    def study(self, name: str) -> str:
        """Return the name of a study once it is one of the home.

        Raises:
            StudyNotFound: it is none.
        """
        known = study_names(self.home)
        if name not in known:
            raise StudyNotFound(f"no study {shown(name)} here{did_you_mean(name, known)} See: list studies")
        return name

    def _refuse_code(self, name: str) -> None:
        if not self.code:
            raise BadWorkload(f"{shown(name)} is code, which this server does not run without --allow-code")
