"""The demo, three times: test accuracy of the recommended recipe on digits and the seconds to the recommendation.

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
    """Print a row for each seed of the split."""
    scores = []
    for seed in SEEDS:
        with tempfile.TemporaryDirectory() as home:
            command = ["search", "digits", "--budget", "60s", "--seed", str(seed), "--home", home, "--json"]
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", "advisor", *command], capture_output=True, text=True, check=True
            )
            seconds = time.perf_counter() - start
        answer = json.loads(done.stdout)
        found = answer["recommendation"]
        scores.append(found["test_quality"])
        print(
            f"seed {seed}: {found['optimizer']:<9} {found['label']:<8} test accuracy {found['test_quality']:.4f} "
            f"+- {found['test_spread']:.4f}, {answer['trials']['complete']} whole runs, {seconds:.0f} s in all"
        )
    print(f"mean test accuracy {statistics.mean(scores):.4f}, goal at least 0.97; goal for the time: 90 s")


if __name__ == "__main__":
    main()
