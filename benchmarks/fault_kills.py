"""Kill loops: SIGKILL at random moments, to one process of a search or to all of them."""

from __future__ import annotations

import random
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from benchmarks.fault_commands import STUDY, Command, Toll, chance_of, gone, lost, written

ENDLESS: Final = ("--budget", "100000trials", "--workers", "2")


@dataclass(frozen=True, kw_only=True)
class PartKilled:
    """Kill of a part of a search that goes on without it."""

    name: str
    victim: str
    """worker, or fork server."""

    def run(self, place: Path, rounds: int) -> Toll:
        """Kill one at random moments of one long search, and stop that by Ctrl-C."""
        chance, command, survived = chance_of(0), Command.search(place, *ENDLESS), 0
        command.wait_for(lambda: len(command.announced()) >= 2)
        before: dict[int, str] = {}
        for _ in range(rounds):
            time.sleep(chance.uniform(0.0, 0.5))
            before, announced = written(place), len(command.announced())
            _kill([chance.choice(_processes(command, self.victim))])
            survived += _goes_on(command, announced)
        announced_before = command.announced()
        command.signal(signal.SIGINT)
        status = command.wait()
        failed = sum(" failed " in line for line in command.stderr.splitlines())
        said = f"{failed} of {len(written(place))} trials failed; status {status}: {command.last_line}"
        missing = lost(before, announced_before, written(place))
        return Toll(rounds=rounds, survived=survived, lost=missing, said=said)


@dataclass(frozen=True, kw_only=True)
class SearchKilled:
    """Kill of the whole search, which is resumed each time until its budget is used up."""

    name: str
    everything: bool
    """Whether its other processes are killed in the same moment; else they have to end by themselves."""

    def run(self, place: Path, rounds: int) -> Toll:
        """Kill the search and each of its resumptions once."""
        chance, survived, missing, left = chance_of(1), 0, 0, 0
        command = Command.search(place, "--budget", f"{30 * rounds}trials", "--workers", "2")
        command.wait_for(lambda: bool(command.announced()))
        for _ in range(rounds):
            self._wait(command, chance)
            processes, before = command.processes("all"), written(place)
            _kill(processes if self.everything else processes[-1:])
            left += not gone(processes)
            announced, command = command.announced(), Command(place, "resume", STUDY, "--workers", "2")
            missing += lost(before, announced, written(place))
            survived += _goes_on(command, 0)
        status = command.wait(3000)
        missing += lost(before, command.announced(), written(place))
        said = f"after {rounds} kills, {left} of which left a process, status {status}: {command.last_line}"
        return Toll(rounds=rounds, survived=survived, lost=missing, said=said)

    @staticmethod
    def _wait(command: Command, chance: random.Random) -> None:
        """Wait for a random moment: in the start, between two trials, or within one."""
        count = chance.choice((0, 1, 2, 5))
        command.wait_for(lambda: len(command.announced()) >= count)
        time.sleep(chance.uniform(0.0, 2.0 if count == 0 else 0.2))


@dataclass(frozen=True, kw_only=True)
class MirrorKilled:
    """Kill of the mirror, twice in each sitting: it is started again once, and `sync` completes it."""

    name: str = "kill the mirror"

    def run(self, place: Path, rounds: int) -> Toll:
        """Kill it in a search and its resumptions, then compare MLflow's runs with the trials."""
        chance, survived, kills, before = chance_of(2), 0, 0, {}
        announced: set[int] = set()
        while kills < rounds:
            budget, uri = f"{12 * (kills // 2 + 1)}trials", ("--tracking-uri", f"sqlite:///{place}/runs.db")
            first = ("--budget", budget, "--workers", "2", *uri)
            command = (
                Command(place, "resume", STUDY, "--budget", budget)
                if kills
                else Command.search(place, *first)
            )
            for _ in range(2):
                victims = _processes(command, "mirror")
                time.sleep(chance.uniform(0.0, 1.0))
                _kill(victims)
                gone(victims)
                kills += len(victims)
                survived += bool(victims) and command.status is None
            status, before, announced = command.wait(), written(place), announced | command.announced()
        synced = Command(place, "sync", STUDY)
        synced.wait()
        runs = mirrored(place)
        said = (
            f"status {status}: {_mirror_line(command)}; after sync {runs} of {len(before)} trials in MLflow"
        )
        missing = lost(before, announced, written(place)) + max(len(before) - runs, 0)
        return Toll(rounds=kills, survived=survived, lost=missing, said=said)


def mirrored(place: Path) -> int:
    """Return how many trials MLflow's store holds."""
    import mlflow

    client = mlflow.MlflowClient(f"sqlite:///{place}/runs.db")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments, max_results=5000)
    return sum("mlflow.parentRunId" in run.data.tags for run in runs)


def _mirror_line(command: Command) -> str:
    lines = [line for line in command.stderr.splitlines() if line.startswith("MLflow mirror")]
    return (lines or ["no word of the mirror"])[-1]


def _goes_on(command: Command, announced: int) -> bool:
    """Wait for the end of a trial beyond so many that were announced."""
    return command.wait_for(lambda: len(command.announced()) > announced)


def _processes(command: Command, kind: str) -> list[psutil.Process]:
    """Return a command's processes of a kind once there is one; none if it ends before."""
    processes: list[psutil.Process] = []

    def there() -> bool:
        processes[:] = command.processes(kind)
        return bool(processes)

    command.wait_for(there)
    return processes


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.Error):
            process.kill()


KILLS: Final = (
    PartKilled(name="kill a worker", victim="worker"),
    PartKilled(name="kill the fork server", victim="fork server"),
    MirrorKilled(),
    SearchKilled(name="kill the coordinator", everything=False),
    SearchKilled(name="kill all of them", everything=True),
)
