"""Faults of files, clocks and neighbours: full disks, damaged journals, jumps in time, two searches."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.fault_commands import STUDY, Command, Toll, chance_of, lost, written

SMALL_BYTES: Final = 2**18
"""Of a disk that is full after some trials."""
REFUSED: Final = "can be read but not gone on with"
"""What is said of a journal that has lost the line of a study beside the search's."""
CLOCK: Final = """
import random, time
_real, _real_ns = time.time, time.time_ns
time.time = lambda: _real() + random.uniform(-1e6, 1e6)
time.time_ns = lambda: _real_ns() + random.randrange(-10**15, 10**15)
"""
"""A sitecustomize.py of which every look at the wall clock is days off."""


@dataclass(frozen=True, kw_only=True)
class DiskFails:
    """Disk that fails in mid-search: full, full for a while, or gone."""

    name: str
    fail: Callable[[Path], None]
    heal: Callable[[Path], None] | None = None
    statuses: tuple[int, ...] = (0,)

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - one search shows it
        """Search in a home on a small disk of its own."""
        home = place / "home"
        home.mkdir()
        if not _mounted(home):
            return Toll(rounds=0, survived=0, lost=0, said="skipped: no file system can be mounted here")
        try:
            command = Command.search(place, "--budget", "40trials", "--workers", "2")
            command.wait_for(lambda: len(command.announced()) >= 3)
            before, announced = written(place), command.announced()
            self.fail(home)
            command.wait_for(lambda: len(command.announced()) >= len(announced) + 10)
            if self.heal is not None:
                self.heal(home)
                before, announced = written(place), set(range(30))
            status = command.wait()
            missing = lost(before, announced, written(place)) if (home / "studies").exists() else 0
            words = [line for line in command.stderr.splitlines() if not line.startswith("[")][-3:]
            survived = status in self.statuses and "Use " in command.stdout
            survived = survived and "Traceback" not in command.stderr
        finally:
            subprocess.run(["umount", "--lazy", str(home)], check=False)
        return Toll(
            rounds=1, survived=int(survived), lost=missing, said=f"status {status}; {' '.join(words)}"
        )


def _mounted(folder: Path) -> bool:
    words = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_BYTES}", "tmpfs", str(folder)]
    try:
        return subprocess.run(words, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def _fill(home: Path) -> None:
    with (home / "filler").open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return


def _delete(home: Path) -> None:
    for entry in home.iterdir():
        shutil.rmtree(entry, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class JournalDamaged:
    """Journal of a study that is damaged while nobody works on it, then read, and gone on with."""

    name: str
    damage: Callable[[list[bytes], random.Random], tuple[list[bytes], set[int]]]
    """Takes the lines and returns those that are left, with the places of the lines that it spoilt."""

    def run(self, place: Path, rounds: int) -> Toll:
        """Damage the same journal in so many ways; the trials of lines that it left whole have to stay."""
        command = Command.search(place, "--budget", "30trials", "--workers", "2")
        command.wait()
        path, chance = place / "home" / "studies" / f"{STUDY}.journal", chance_of(3)
        whole, before = path.read_bytes(), written(place)
        lines = whole.splitlines(keepends=True)
        numbers = [_number(line) for line in lines]
        missing, problems = 0, []
        for _ in range(rounds):
            damaged, spoilt = self.damage(list(lines), chance)
            path.write_bytes(b"".join(damaged))
            hit = {numbers[at] for at in spoilt}
            spared = {number: text for number, text in before.items() if number not in hit}
            problems += filter(None, [_goes_on(place, path)])
            missing += lost(spared, set(), written(place))
        refused = sum(REFUSED in problem for problem in problems)
        words = [
            f"{len(before)} trials; {rounds - len(problems)} repaired and gone on with, {refused} {REFUSED}"
        ]
        words += sorted({problem for problem in problems if REFUSED not in problem})[:1]
        survived = rounds - len(problems) + refused
        return Toll(rounds=rounds, survived=survived, lost=missing, said="; ".join(words))


def _goes_on(place: Path, path: Path) -> str:
    """Repair a study and write to it; return what keeps that from working, if anything does."""
    import warnings

    from studies.errors import StudyError
    from studies.storage import journal
    from studies.storage.held import release
    from studies.storage.repair import make_writable

    home = place / "home"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            make_writable(home, STUDY)
        study = journal.open_study(home, STUDY)
        journal.change_manifest(study, spent_seconds=1.0 + path.stat().st_size)
        journal.records(journal.open_study(home, STUDY))
    except StudyError as error:
        return str(error).replace(str(home), "HOME")
    finally:
        release(home, STUDY)
    return ""


def _number(line: bytes) -> int:
    try:
        return int(json.loads(line)["user_attrs"]["record"]["number"])
    except (ValueError, LookupError, TypeError):
        return -1


def _torn(lines: list[bytes], chance: random.Random) -> tuple[list[bytes], set[int]]:
    last = chance.randrange(3, len(lines))
    cut = lines[last][: chance.randrange(len(lines[last]))]
    return [*lines[:last], cut], set(range(last, len(lines)))


def _zeroed(lines: list[bytes], chance: random.Random) -> tuple[list[bytes], set[int]]:
    place = chance.randrange(3, len(lines))
    begin = chance.randrange(len(lines[place]) - 1)
    end = min(begin + chance.randrange(1, 4096), len(lines[place]) - 1)
    line = lines[place]
    lines[place] = line[:begin] + bytes(end - begin) + line[end:]
    return lines, {place}


def _interleaved(lines: list[bytes], chance: random.Random) -> tuple[list[bytes], set[int]]:
    place = chance.randrange(3, len(lines) - 1)
    first, second = lines[place][:-1], lines[place + 1][:-1]
    at = chance.randrange(1, len(first))
    cut = chance.randrange(1, len(second))
    lines[place : place + 2] = [first[:at] + second[:cut] + b"\n", first[at:] + second[cut:] + b"\n"]
    return lines, {place, place + 1}


def _doubled(lines: list[bytes], chance: random.Random) -> tuple[list[bytes], set[int]]:
    place = chance.randrange(3, len(lines))
    return [*lines[:place], lines[place], b"\xff\x00 no line of ours\n", *lines[place:]], set()


@dataclass(frozen=True, kw_only=True)
class ClockJumps:
    """Wall clock that is days off at every look, in the search and in its workers."""

    name: str = "the clock jumps by days"

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - every look is a jump
        """Search for 10 s by such a clock, and compare with the monotonic one."""
        (place / "site").mkdir()
        (place / "site" / "sitecustomize.py").write_text(CLOCK)
        command = Command.search(place, "--budget", "10s", "--workers", "2", PYTHONPATH=str(place / "site"))
        command.wait_for(lambda: " workers" in command.stderr)
        began = time.monotonic()
        status = command.wait()
        took = time.monotonic() - began
        survived = status == 0 and took < 60 and "Traceback" not in command.stderr
        said = f"status {status}; budget 10s, {took:.0f} s after the workers began; {command.last_line}"
        return Toll(rounds=1, survived=int(survived), lost=command.lost(), said=said)


@dataclass(frozen=True, kw_only=True)
class TwoOfOneStudy:
    """Second search, and a resumption, of a study that is being searched: refused in one line."""

    name: str = "search a study twice at once"

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - two are refused
        """Start both in the middle of a search."""
        command = Command.search(place, "--budget", "100trials", "--workers", "2")
        command.wait_for(lambda: bool(command.announced()))
        refused = [
            Command(place, "resume", STUDY),
            Command.search(place, "--budget", "9trials"),
        ]
        statuses = [other.wait() for other in refused]
        inside = command.status is None
        status = command.wait()
        lines = [_errors(other) for other in refused]
        survived = sum(status == 2 and len(line) == 1 for status, line in zip(statuses, lines, strict=True))
        said = f"statuses {statuses}, the first {status}; " + "; ".join(line[-1] for line in lines if line)
        said += "" if inside else " (the first had ended)"
        return Toll(rounds=2, survived=survived, lost=command.lost(), said=said)


def _errors(command: Command) -> list[str]:
    return [line for line in command.stderr.splitlines() if line.startswith("advisor")]


@dataclass(frozen=True, kw_only=True)
class TwoInOneHome:
    """Two searches of other studies in one home, with one store of MLflow runs."""

    name: str = "two searches in one home"

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - once
        """Search both to their ends."""
        uri = f"sqlite:///{place}/runs.db"
        words = ("--budget", "30trials", "--workers", "1", "--tracking-uri", uri)
        first = Command.search(place, *words)
        second = Command.search(place, *words, "--study", "t")
        statuses = [first.wait(), second.wait()]
        missing = first.lost() + second.lost("t")
        survived = sum(status == 0 for status in statuses)
        said = f"statuses {statuses}; {first.last_line}"
        return Toll(rounds=2, survived=survived, lost=missing, said=said)


FILES: Final = (
    DiskFails(name="the disk is full", fail=_fill, statuses=(1,)),
    DiskFails(name="the disk is full for a while", fail=_fill, heal=lambda home: (home / "filler").unlink()),
    DiskFails(name="the home is deleted", fail=_delete, statuses=(1,)),
    JournalDamaged(name="torn journal", damage=_torn),
    JournalDamaged(name="zeroed journal", damage=_zeroed),
    JournalDamaged(name="interleaved journal", damage=_interleaved),
    JournalDamaged(name="doubled line and junk in a journal", damage=_doubled),
    ClockJumps(),
    TwoOfOneStudy(),
    TwoInOneHome(),
)
