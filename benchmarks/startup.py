"""Start-up of the commands: processor seconds to the first line, the first training step and the answer.

    python -m benchmarks.startup

Each run is a process of its own, as a user starts it. What it took is also given as a multiple of what
`import torch` takes in the same minute, since a busy machine makes both slower.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from advisor.jobs.session import Session

REPEATS: Final = 5
COMMANDS: Final = {
    "search": ("search", "digits", "--budget", "1trials", "--tracking-uri", "off"),
    "profile": ("profile", "digits"),
}
MOMENTS: Final = ("first line", "first step", "answer")
CHILD: Final = "import sys; from benchmarks.startup import child; child(sys.argv[1:])"
TORCH: Final = "import json, time, torch; print(json.dumps({'torch': time.process_time()}))"


def child(words: list[str]) -> None:
    """Run a command in this process; its last line tells the processor seconds at each moment."""
    from advisor.cli import app
    from advisor.cli.commands import profile, search

    moments: dict[str, float] = {}
    say, work_on = search.say, search.work_on

    def note(line: str) -> None:
        moments.setdefault("first line", time.process_time())
        say(line)

    def watch(session: Session, **options: Any) -> None:
        _note_first_step(moments)  # torch is loaded by now
        work_on(session, **options)

    sys.argv = ["advisor", *words]
    profile.say = search.say = note
    search.work_on = watch
    app.main()
    moments["answer"] = time.process_time()
    print(json.dumps(moments))


def _note_first_step(moments: dict[str, float]) -> None:
    from studies.train import Training

    step = Training._step

    def noted(self: Training, *batch: Any) -> Any:
        loss = step(self, *batch)
        moments.setdefault("first step", time.process_time())
        return loss

    Training._step = noted  # type: ignore[method-assign]


def measure(code: str, *words: str) -> dict[str, float]:
    """Return the processor seconds of a process of its own, by moment."""
    with tempfile.TemporaryDirectory() as home:
        command = [
            sys.executable,
            "-c",
            code,
            *words,
            *(["--home", home] if words[:1] == ("search",) else []),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    moments: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return moments


def row(label: str, runs: list[dict[str, float]], torch_seconds: float) -> str:
    """Return the medians of a command's runs, in seconds and as multiples of `import torch`."""
    cells = []
    for moment in MOMENTS:
        seconds = [run[moment] for run in runs if moment in run]
        if not seconds:
            cells.append(f"{'-':>16}")
            continue
        median = statistics.median(seconds)
        cells.append(f"{f'{median:.2f} s ({median / torch_seconds:.1f} x)':>16}")
    return f"{label:<10}" + "".join(cells)


def smoke() -> None:
    """Smallest form: one profile, and one import of torch."""
    print(row("profile", [measure(CHILD, "profile", "iris")], measure(TORCH)["torch"]))


def main() -> None:
    """Print the table."""
    torch_seconds = statistics.median(measure(TORCH)["torch"] for _ in range(REPEATS))
    print(f"processor seconds, medians of {REPEATS}; `import torch` alone takes {torch_seconds:.2f}")
    print(f"{'':<10}" + "".join(f"{moment:>16}" for moment in MOMENTS))
    for label, words in COMMANDS.items():
        print(row(label, [measure(CHILD, *words) for _ in range(REPEATS)], torch_seconds))


if __name__ == "__main__":
    main()
