"""Start-up of the commands: seconds to the first line, the first training step and the answer.

    python -m benchmarks.startup

Each run is a process of its own, as a user starts it; its processor seconds are those of all its processes
together, workers and fork server too. They are also given as multiples of what `import torch` takes in the
same minute, since a busy machine makes both slower.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psutil

from benchmarks.process_tree import processor_seconds

REPEATS: Final = 5
COMMANDS: Final = {
    "search": ("search", "digits", "--budget", "1trials", "--tracking-uri", "off"),
    "profile": ("profile", "digits"),
}
MOMENTS: Final = ("first line", "first step", "answer")
CHILD: Final = "import sys; from benchmarks.startup import child; child(sys.argv[1:])"
TORCH: Final = "import time, torch; open({file!r}, 'w').write(str(time.process_time()))"


def child(words: Sequence[str]) -> None:
    """Run a command in this process; a file, the first word, gets a line for each moment."""
    from advisor.cli import app
    from advisor.cli.commands import profile, search
    from studies.engines import fork_server

    file, *command = words
    root, say, import_all = psutil.Process(), search.say, fork_server._import

    def note(line: str) -> None:
        _note(root, file, "first line")
        say(line)

    def import_and_watch(modules: Sequence[str]) -> None:
        import_all(modules)
        _watch_first_step(root, file)

    sys.argv = ["advisor", *command]
    profile.say = search.say = note
    fork_server._import = import_and_watch
    app.main()
    _note(root, file, "answer")


def _watch_first_step(root: psutil.Process, file: str) -> None:
    from studies.train import Training

    step = Training.take_step

    def noted(self: Training, *batch: Any) -> Any:
        loss = step(self, *batch)
        Training.take_step = step  # type: ignore[method-assign]
        _note(root, file, "first step")
        return loss

    Training.take_step = noted  # type: ignore[method-assign]


def _note(root: psutil.Process, file: str, moment: str) -> None:
    """Write down a moment: seconds of a process and its children, and those since its start."""
    entry = {
        "moment": moment,
        "wall": time.time() - root.create_time(),
        "processor": processor_seconds(root.pid),
    }
    with Path(file).open("a") as lines:
        lines.write(json.dumps(entry) + "\n")


def measure(*words: str) -> dict[str, tuple[float, float]]:
    """Return processor and wall seconds of a command in a process of its own, by moment."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "moments"
        at_home = ["--home", home] if words[:1] == ("search",) else []
        command = [sys.executable, "-c", CHILD, str(file), *words, *at_home]
        subprocess.run(command, capture_output=True, text=True, check=True)
        entries = [json.loads(line) for line in file.read_text().splitlines()]
    moments: dict[str, tuple[float, float]] = {}
    for entry in entries:
        moments.setdefault(entry["moment"], (entry["processor"], entry["wall"]))
    return moments


def torch_alone() -> float:
    """Return the processor seconds of a process that imports torch."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "seconds")  # noqa: PTH118 - a text
        subprocess.run([sys.executable, "-c", TORCH.format(file=file)], check=True)
        return float(Path(file).read_text())


def row(label: str, runs: list[dict[str, tuple[float, float]]], torch_seconds: float) -> str:
    """Return the medians of a command's runs: processor seconds, as multiples of `import torch`, and wall."""
    cells = []
    for moment in MOMENTS:
        pairs = [run[moment] for run in runs if moment in run]
        if not pairs:
            cells.append(f"{'-':>24}")
            continue
        seconds, wall = (statistics.median(values) for values in zip(*pairs, strict=True))
        cells.append(f"{f'{seconds:.2f} s ({seconds / torch_seconds:.1f} x) {wall:5.1f}':>24}")
    return f"{label:<10}" + "".join(cells)


def smoke() -> None:
    """Smallest form: one profile, and one import of torch."""
    print(row("profile", [measure("profile", "iris")], torch_alone()))


def main() -> None:
    """Print the table."""
    torch_seconds = statistics.median(torch_alone() for _ in range(REPEATS))
    print(f"processor seconds of all processes (x `import torch`, {torch_seconds:.2f} s), then wall seconds;")
    print(f"medians of {REPEATS}")
    print(f"{'':<10}" + "".join(f"{moment:>24}" for moment in MOMENTS))
    for label, words in COMMANDS.items():
        print(row(label, [measure(*words) for _ in range(REPEATS)], torch_seconds))


if __name__ == "__main__":
    main()
