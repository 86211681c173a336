"""Trial logs: what the user's code printed while a trial trained, a file each, of which the end is kept."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from studies.engines.engine import MOST_OUTPUT_BYTES

LINES: Final = 5
"""That a record of a failed trial shows."""
LONGEST_LINE: Final = 200
CRASH: Final = "Fatal Python error: "
"""How Python begins to report one."""
CONTROLS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[^\x20-\x7e\u00a0-\U0010ffff\n\t]")
"""What moves a terminal's cursor or colours it."""


@dataclass(frozen=True, kw_only=True)
class TrialLogs:
    """Trial logs of one study."""

    folder: Path | None = None
    """None keeps none."""

    @classmethod
    def of(cls, home: Path, study: str) -> TrialLogs:
        """Return the logs of a study."""
        return cls(folder=home / "logs" / study)

    def path(self, number: int) -> Path:
        """Return the file of a trial's output; it is there only if the trial printed anything."""
        return (self.folder or Path(os.devnull)) / f"{number}.log"

    def append(self, number: int, output: str) -> None:
        """Add what a trial printed; a home that cannot be written costs the log alone."""
        if self.folder is None:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            text = (self.read(number) + output).encode(errors="replace")[-MOST_OUTPUT_BYTES:]
            self.path(number).write_bytes(text)

    def read(self, number: int) -> str:
        """Return what a trial printed; empty if nothing."""
        try:
            return self.path(number).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def readable(self, number: int) -> str:
        """Return what a trial printed, without what a terminal would act on."""
        return CONTROLS.sub("", self.read(number)).rstrip("\n")

    def numbers(self) -> tuple[int, ...]:
        """Return the trials that printed anything, in order."""
        files = [] if self.folder is None else self.folder.glob("*.log")
        return tuple(sorted(int(file.stem) for file in files if file.stem.isdecimal()))

    def last_lines(self, number: int) -> tuple[str, ...]:
        """Return the last lines that a trial printed, without what a terminal would act on.

        Of Python's report on a crash its title and the place.
        """
        printed, crash, report = self.readable(number).partition(CRASH)
        place = [line.strip() for line in report.splitlines() if "File " in line][:1]
        lines = [*printed.splitlines(), *([crash + report.partition("\n")[0]] if crash else []), *place]
        return tuple(line[:LONGEST_LINE] for line in lines if line.strip())[-LINES:]
