"""Short runs: the recorded tasks as comparisons with AdamW, for the base rates of a few hundred steps.

    python -m benchmarks.short_runs [--write]

Each optimizer is tuned with five trials, in expectation over all draws of five recipes, and compared on the
test rows: a win or a loss is a difference beyond 2 %. The unseen tasks are left out; `benchmarks.prior`
judges what is counted by them, and by each task that was left out. With --write the rows go into
`advisor/published/comparisons.csv`.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Mapping
from typing import Final

from advisor.published import FOLDER
from benchmarks.recorded_studies import FIRST, Study, load

SOURCE: Final = "recorded"
TUNING_TRIALS: Final = 5
TIE: Final = 0.02
FILE: Final = FOLDER / "comparisons.csv"


def main() -> None:
    """Print the rows, or write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"put them into {FILE.name}")
    rows = list(counted())
    if parser.parse_args().write:
        _write(rows)
    print("\n".join(",".join(row) for row in rows))


def smoke() -> None:
    """Smallest form: the whole, which takes a second."""
    print(f"{len(list(counted()))} comparisons")


def counted() -> Iterator[tuple[str, ...]]:
    """Yield the rows of all tasks but the unseen, as in the table of comparisons."""
    for study in load():
        if study.group != "unseen":
            yield from compared(study)


def compared(study: Study) -> Iterator[tuple[str, ...]]:
    """Yield a row for each optimizer of a study."""
    losses = tuned_losses(study, TUNING_TRIALS)
    ranked = sorted(losses, key=losses.__getitem__)
    data, _, setting = study.name.partition("-")
    problem_class = class_of(study)
    for name in sorted(losses):
        gap = losses[name] - losses["AdamW"]
        outcome = "" if name == "AdamW" else "win" if gap < -TIE else "loss" if gap > TIE else "tie"
        place = str(ranked.index(name) + 1)
        yield SOURCE, problem_class, setting, data, name, "AdamW", outcome, place, str(len(ranked))


def class_of(study: Study) -> str:
    """Return the problem class of a recorded task."""
    return "short_linear" if study.facts.is_linear else "short_net"


def tuned_losses(study: Study, trials: int) -> dict[str, float]:
    """Return the log of the test loss that each optimizer reaches with so many trials, on average."""
    truths = study.truths()
    return {name: _expected(study, name, truths[name], trials) for name in study.runs}


def _expected(study: Study, optimizer: str, truths: Mapping[int, float], trials: int) -> float:
    """Return the mean truth of the recipe that validates best among so many draws from all there are."""
    ranked = sorted(study.runs[optimizer], key=lambda index: _standing(study, optimizer, index))
    # P(none of the first so many)
    beyond = [((len(ranked) - rank) / len(ranked)) ** trials for rank in range(len(ranked) + 1)]
    return sum((beyond[rank] - beyond[rank + 1]) * truths[index] for rank, index in enumerate(ranked))


def _standing(study: Study, optimizer: str, index: int) -> tuple[float, float]:
    run = study.runs[optimizer][index][FIRST]
    return study.direction.loss(run.valid), run.valid_loss


def _write(rows: list[tuple[str, ...]]) -> None:
    with FILE.open(encoding="utf-8", newline="") as file:
        header, *others = csv.reader(file)
    with FILE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([header, *(row for row in others if row[0] != SOURCE), *rows])


if __name__ == "__main__":
    main()
