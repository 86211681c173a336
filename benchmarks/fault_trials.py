"""Faults of trials: what user code may do in a worker; the search goes on, other trials are as without it.

SGD does it, AdamW does not. Every run of AdamW checks that it finds its process as the first run there did.
"""

from __future__ import annotations

import json
import os
import re
import signal
import textwrap
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.fault_commands import HANG_SECONDS, STUDY, Command, Toll
from studies.record import Record
from studies.storage.follow import Journal

FUNCTION: Final = """
import ctypes, os, random, signal, sys, threading, time, warnings
import numpy, torch

START, HELD = {{}}, []

def surroundings():
    return {{
        "directory": os.getcwd(), "dtype": torch.get_default_dtype(), "threads": torch.get_num_threads(),
        "gradients": torch.is_grad_enabled(), "path": tuple(sys.path), "environment": dict(os.environ),
        "SIGTERM": signal.getsignal(signal.SIGTERM), "SIGALRM": signal.getsignal(signal.SIGALRM),
        "stdout": sys.stdout.closed, "filters": len(warnings.filters),
        "recursion": sys.getrecursionlimit(), "deterministic": torch.are_deterministic_algorithms_enabled(),
        "alarm": signal.getitimer(signal.ITIMER_REAL)[0] > 0, "switch": sys.getswitchinterval(),
        "draws": (random.random(), float(numpy.random.rand()), float(torch.rand(()))),
    }}

def fit(recipe, report, seed):
    now = surroundings()
    draws = now.pop("draws")
    start = START.setdefault(os.getpid(), now)
    name, lr = recipe.optimizer.name(), getattr(recipe.optimizer, "lr", 0.0)
    if name == "AdamW":
        assert now == start, [(key, str(now[key])[:50]) for key in now if now[key] != start[key]]
        assert START.setdefault((os.getpid(), seed), draws) == draws, "other random numbers"
        print("training with", name)
    weights = torch.nn.Linear(1, 1)
    optimizer = recipe.optimizer.build(weights, recipe.epochs)
    weights(torch.ones(1, 1)).sum().backward()
    optimizer.step()
    {before}
    if report(1, 0.1):
        return
    if {condition}:
{fault}
    for epoch in range(1, recipe.epochs):
        report(epoch + 1, {score})
"""
CGROUPS: Final = Path("/sys/fs/cgroup/memory")
CGROUP_BYTES: Final = 2 * 10**9
WELL: Final = ("complete", "pruned")


def _function(fault: str, condition: str, score: str, before: str = "pass") -> str:
    """Return the code of a training function: what it does before and after its first epoch, and when."""
    fault = textwrap.indent(fault, " " * 8)
    return FUNCTION.format(before=before, condition=condition, fault=fault, score=score)


@dataclass(frozen=True, kw_only=True)
class TrialFault:
    """Fault that trials of SGD commit."""

    name: str
    code: str
    """What they do after their first epoch."""
    state: str = "failed"
    """What they have to be recorded as."""
    or_state: str = ""
    """What else they may be recorded as, by chance."""
    error: str = ""
    """Words of their error."""
    condition: str = "True"
    """Which of them do it."""
    score: str = "0.5 if name == 'AdamW' else 0.2"
    """The metric of those that do not, and of AdamW."""
    options: tuple[str, ...] = ()
    budget: str = "9trials"

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - as many trials as the search makes
        """Search once, and look at what became of every trial."""
        code = _function(self.code, f'name == "SGD" and {self.condition}', self.score)
        command = self._begun(place, code)
        status, records = command.wait(600), Journal(place / "home", STUDY).read().records
        bad = [record for record in records if record.optimizer == "SGD" and self._did_it(record)]
        right = [record for record in bad if self._as_expected(record)]
        problems = self._problems(command, status, records)
        said = bad[0].error or bad[0].state if bad else command.last_line
        if len(right) < len(bad):
            said = next(f"{record.state}: {record.error}" for record in bad if record not in right)
        said = "; ".join([f"status {status}", said, *problems])
        survived = 0 if problems else len(right)
        return Toll(rounds=len(bad), survived=survived, lost=command.lost(), said=said)

    def _begun(self, place: Path, code: str) -> Command:
        words = ("--budget", self.budget, "--workers", "2", "--json", *self.options)
        return Command.search(place, *words, code=code)

    def _did_it(self, record: Record) -> bool:
        harmless = self.state == "complete" and record.stage == "reference"
        return self.condition == "True" or record.state not in WELL or harmless

    def _as_expected(self, record: Record) -> bool:
        good = record.state in (WELL if self.state == "complete" else (self.state, self.or_state))
        return good and self.error in (record.error or "")

    def _problems(self, command: Command, status: int, records: tuple[Record, ...]) -> list[str]:
        problems = [] if status in {0, 4} else [f"ended with: {command.last_line}"]
        others = [record for record in records if record.optimizer == "AdamW" and record.state not in WELL]
        problems += [f"{len(others)} trials of AdamW too: {others[0].error}"] if others else []
        problems += ["a traceback"] if "Traceback" in command.stderr else []
        repeated = Counter(
            json.dumps(record.params, sort_keys=True)
            for record in records
            if record.state not in WELL and record.stage != "reference"
        )
        again = sum(count - 1 for count in repeated.values())
        problems += [f"{again} recipes proposed again"] if again else []
        try:
            answer = json.loads(command.stdout)["recommendation"]
        except (ValueError, KeyError):
            return [*problems, "no answer on stdout"]
        as_without = answer["optimizer"] == "AdamW" or self.score != TrialFault.score
        return problems if as_without else [*problems, "other advice"]


@dataclass(frozen=True, kw_only=True)
class KernelOutOfMemory(TrialFault):
    """Trials that take all memory of a small cgroup at once: the kernel ends a worker, or we do before."""

    def run(self, place: Path, rounds: int) -> Toll:
        """Search in a cgroup of its own, where one can be made."""
        group = CGROUPS / f"faults-{os.getpid()}"
        try:
            group.mkdir()
            (group / "memory.limit_in_bytes").write_text(str(CGROUP_BYTES))
        except OSError:
            return Toll(rounds=0, survived=0, lost=0, said="skipped: no cgroup can be made here")
        try:
            return super().run(place, rounds)
        finally:
            with suppress(OSError):
                group.rmdir()

    def _begun(self, place: Path, code: str) -> Command:
        command = super()._begun(place, code)
        for process in command.processes("coordinator"):
            (CGROUPS / f"faults-{os.getpid()}" / "cgroup.procs").write_text(str(process.pid))
        return command


@dataclass(frozen=True, kw_only=True)
class EveryTrialHangs:
    """Hang of every trial after its first epoch, each in its own worker; or already in the first."""

    name: str
    at_once: bool = False
    """Whether it hangs before it reports anything, so that not even its profile can be made."""
    stop: bool = False
    """Whether Ctrl-C ends it; else the budget does."""

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - it takes its time
        """Search for 20 s, or until Ctrl-C, and say how long that took."""
        hang = "time.sleep(1000)"
        code = _function(hang, "True", "0.5", before=hang if self.at_once else "pass")
        options = ("--budget", "1h" if self.stop else "20s", "--workers", "2")
        command = Command.search(place, *options, code=code)
        began = time.monotonic()
        command.wait_for(lambda: self.at_once or " workers" in command.stderr)
        if self.stop:
            time.sleep(8)
            began = time.monotonic()
            command.signal(signal.SIGINT)
        status = command.wait(HANG_SECONDS)
        took = time.monotonic() - began
        clock = re.findall(r"^\[ *([^\]]*)\]", command.stderr, re.MULTILINE)
        said = f"status {status} {took:.0f} s after {'Ctrl-C' if self.stop else 'the command began'}"
        said += f", clock of its last line {(clock or ['?'])[-1]}; {command.last_line}"
        survived = took < (30 if self.stop else 60) and "Traceback" not in command.stderr
        return Toll(rounds=1, survived=int(survived), lost=command.lost(), said=said)


NET: Final = """
import pathlib, time, torch

class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.layer = torch.nn.Linear(inputs, outputs)
        {made}

    def forward(self, x):
        return self.layer({doubled})

HELD = []

def first():
    try:
        pathlib.Path("first").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True

def in_worker():
    return pathlib.Path("/proc/self/oom_score_adj").read_text().strip() == "1000"
"""
IRIS: Final = (
    "search", "iris", "--epochs", "3", "--workers", "2", "--optimizers", "SGD,AdamW", "--no-earlier",
    "--tracking-uri", "off",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class InputChanged:
    """Model that changes its input in place; trials have to end as with one that does not."""

    name: str = "change its input"

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - each trial is a round
        """Search with both models and compare the trials."""
        studies = []
        for label, doubled in (("in_place", "x.mul_(2)"), ("aside", "x * 2")):
            (place / f"{label}.py").write_text(NET.format(doubled=doubled, made="pass"))
            options = ("--model", f"{label}.py:Net", "--study", label, "--budget", "6trials")
            status = Command(place, *IRIS, *options).wait()
            records = Journal(place / "home", label).read().records
            studies.append([(record.number, record.state, record.quality) for record in records])
        same = sum(left == right for left, right in zip(*studies, strict=False))
        said = f"status {status}; {same} of {len(studies[1])} trials as with a copy"
        return Toll(rounds=len(studies[1]), survived=same, lost=0, said=said)


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Memory that a model takes when it is made in a worker, where a worker may have some 900 MiB."""

    name: str
    code: str
    infeasible: int
    """Trials that have to be recorded so; the others are to end well."""

    def run(self, place: Path, rounds: int) -> Toll:  # noqa: ARG002 - each trial is a round
        """Search once and look at what became of every trial."""
        (place / "net.py").write_text(NET.format(doubled="x", made=f"if in_worker(): {self.code}"))
        options = ("--model", "net.py:Net", "--study", STUDY, "--budget", "12trials", "--memory", "100MiB")
        command = Command(place, *IRIS, *options)
        status, records = command.wait(600), Journal(place / "home", STUDY).read().records
        over = [record for record in records if record.state == "infeasible"]
        well = sum(record.state in WELL for record in records)
        as_expected = len(over) == self.infeasible and well == len(records) - self.infeasible
        errors = [record.error or "" for record in records if record.state not in WELL]
        said = f"status {status}; {len(over)} infeasible; {(errors or ['all others well'])[0]}"
        survived = len(records) if as_expected else well
        return Toll(rounds=len(records), survived=survived, lost=command.lost(), said=said)
