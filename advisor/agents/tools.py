"""Tools of the server: what an agent may ask for; each answers with the JSON of the command of its name."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from advisor.agents import launch_process
from advisor.agents.allowed import Allowed
from studies.child_process import command_of
from studies.datasets.files import needs_target
from studies.errors import BadValue, shown
from studies.limits import Limits
from studies.storage.home import check_new, free_name

LONGEST_SECONDS: Final = 600.0
"""Longest that a command may take which an agent waits for."""
LIMITS: Final = ("memory", "model_size", "latency", "train_time")
AT_ONCE: Final = 2
"""Searches that may run at the same time."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Tools: a method for each, with what they may touch."""

    allowed: Allowed

    def profile(self, source: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `advisor profile --json` prints, made in a process of its own.

        Raises:
            StudyError: what the command said was wrong.
        """
        answer: dict[str, Any] = _answer(self._words("profile", source, options))
        return answer

    def search(self, source: str, budget: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Start a search in the background and return its study's name.

        Raises:
            StudyError: what is wrong; nothing is started then.
        """
        home, total = self.allowed.home, self.allowed.budget(budget)
        running = [name for name in launch_process.names(home) if launch_process.running(home, name)]
        if len(running) >= AT_ONCE:
            raise BadValue(f"{', '.join(running)} still run; wait until one has ended (status)")
        words = self._words("search", source, options)
        Limits.parse(**{name: options.get(name) for name in LIMITS})
        taken = launch_process.names(home)
        name = free_name(home, source.rpartition("/")[2].partition(".")[0], taken=taken)
        check_new(home, name)
        launch_process.start(
            home,
            name,
            [
                *words,
                f"--budget={total}",
                f"--study={name}",
                f"--home={home.resolve()}",
                "--tracking-uri=off",
            ],
        )
        return {"study": name, "state": "running", "budget": str(total)}

    def status(self, study: str) -> dict[str, Any]:
        """Return how far a study is: `running`, `done`, `stopped` or `failed`, its trials and what it said.

        Raises:
            StudyError: no such study.
        """
        from studies.record import count_states
        from studies.storage.follow import Journal
        from studies.storage.home import study_names

        home = self.allowed.home
        known = study_names(home)
        if study not in {*known, *launch_process.names(home)}:
            self.allowed.study(study)
        runs, failure = launch_process.running(home, study), launch_process.failure(home, study)
        log = launch_process.log_lines(home, study)[-3:]
        answer = {"study": study, "error": failure or None, "log": list(log)}
        if study not in known:
            state = "running" if runs else "failed"
            return answer | {"state": state, "trials": {}, "spent_seconds": 0.0}
        stored = Journal(home, study).read()
        manifest = stored.manifest
        state = "running" if runs else "done" if manifest.recommendation else "stopped"
        trials = count_states(stored.records)
        return answer | {"state": state, "trials": trials, "spent_seconds": manifest.spent_seconds}

    def recommend(self, study: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return what `advisor recommend --json` prints.

        Raises:
            StudyError: no such study, or nothing fits the limits.
        """
        from advisor.goals import check_goal
        from advisor.jobs.advice import advice

        goal = options.get("goal")
        check_goal(goal)
        limits = Limits.parse(**{name: options.get(name) for name in LIMITS})
        name = self.allowed.study(study)
        return advice(self.allowed.home, name, limits=limits, goal=goal, rules=()).to_dict()

    def explain(self, name: str) -> dict[str, Any]:
        """Return what something is, as text.

        Raises:
            StudyError: nothing is called so.
        """
        from advisor.explanations.explanation import explanation

        if ":" in name:
            raise BadValue(f"{shown(name)} is code, which this server explains nothing of")
        return {"name": name, "text": explanation(name)}

    def list_kind(self, kind: str, study: str) -> dict[str, Any]:
        """Return what `advisor list KIND --json` prints, under `rows`.

        Raises:
            StudyError: no such kind or study.
        """
        words = ["list", f"--home={self.allowed.home}", "--", kind]
        return {"kind": kind, "rows": _answer([*words, self.allowed.study(study)] if study else words)}

    def _words(self, command: str, source: str, options: Mapping[str, Any]) -> list[str]:
        """Return the command line after `advisor`; a value never stands alone, to be taken for an option."""
        path = self.allowed.source(source)
        chosen = {name: value for name, value in options.items() if value not in {None, ""}}
        self.allowed.options(chosen)
        if needs_target(path) and not chosen.get("target"):
            raise BadValue(f"{shown(source)} needs a target, the column to predict")
        return [command, path, *(f"--{name.replace('_', '-')}={value}" for name, value in chosen.items())]


def _answer(words: list[str]) -> Any:
    """Return what a command prints as JSON, run in a process of its own.

    Raises:
        BadValue: what the command said was wrong, or it took too long.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own command; no shell sees the arguments
            command_of("advisor", words[0], "--json", *words[1:]),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise BadValue(f"{words[0]} took more than {LONGEST_SECONDS:g} s; give a smaller file") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"{words[0]} failed"]
        raise BadValue(lines[-1].removeprefix(launch_process.ERROR))
    return json.loads(done.stdout)
