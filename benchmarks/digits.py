"""The demo, three times: test accuracy of the recommended recipe on digits, and seconds to the advice.

python -m benchmarks.digits
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time

SEEDS = (0, 1, 2)


def main() -> None:
    """Print a row for each seed of the split, and the mean."""
    mean = statistics.mean(demo(seed, "60s") for seed in SEEDS)
    print(f"mean test accuracy {mean:.4f}, goal at least 0.97; goal for the time: 90 s")


def smoke() -> None:
    """Smallest form: one seed, one optimizer, a trial of one epoch."""
    demo(SEEDS[0], "1trial", "--epochs", "1", "--optimizers", "AdamW", "--tracking-uri", "off")


def demo(seed: int, budget: str, *options: str) -> float:
    """Search in a process of its own, print a row and return the test accuracy."""
    with tempfile.TemporaryDirectory() as home:
        command = [
            "search",
            "digits",
            "--budget",
            budget,
            "--seed",
            str(seed),
            "--home",
            home,
            "--json",
            *options,
        ]
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "advisor", *command], capture_output=True, text=True, check=True
        )
        seconds = time.perf_counter() - start
    answer = json.loads(done.stdout)
    advice = answer["recommendation"]
    print(
        f"seed {seed}: {advice['optimizer']:<9} {advice['label']:<8} "
        f"test accuracy {advice['test_quality']:.4f} +- {advice['test_spread']:.4f}, "
        f"{answer['trials']['complete']} whole runs, {seconds:.0f} s in all"
    )
    return float(advice["test_quality"])


if __name__ == "__main__":
    main()
