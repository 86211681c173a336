"""Ending early: how often a search would end before its budget, what that saves, and the regret it costs.

    python -m benchmarks.ending --curves FOLDER [--runs 50] [--repeats 1] [--searcher TPE]

Each recorded table (`benchmarks.recorded_tables`) is searched until its budget in whole runs is used up. What
a search that ends by itself would have done is a part of that: the first trials, up to where `outlook` says
that going on is expected to gain less than the noise. Regret is the log-ratio of the best loss then to that
at the end of the budget; it is to stay within what two seeds of one recipe differ by, which is guessed here:
nobody recorded seeds. `studies.outlook.WORTHWHILE` was chosen on every second table; the others are shown
apart.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

from advisor.decide.outlook import outlook
from advisor.evidence import Evidence
from benchmarks.recorded_tables import Table, made_up, tables
from benchmarks.replay_search import CURVES, Meter, ours, tpe
from studies.outlook import LEAST_TRIALS, WORTHWHILE
from studies.record import Measurement, Record
from studies.search.going_on import AGAIN

Searcher = Callable[[Meter, int, int], Sequence[Record]]
"""Searches a meter's table with a seed until so many whole runs are spent; returns the trials."""
ROWS: Final = 1000
"""Validation rows that the noise of a table is guessed by: nobody recorded seeds."""
SHARES: Final = (0.1, 0.25, WORTHWHILE, 1.0)
"""Shares of the noise below which a gain is not worth it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """Ending of one search by itself."""

    chosen_by: bool
    """Whether the constant was chosen by its table."""
    saved: float
    """Share of the budget."""
    regret: float
    """Log-ratio of losses."""
    noise: float
    """The same, of two seeds."""


def main() -> None:
    """Print a row for each share of the noise, on the tables it was chosen by and on the others."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--curves", type=Path, default=os.environ.get(CURVES), help="folder of recordings")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--searcher", choices=SEARCHERS, default="ours")
    chosen = parser.parse_args()
    every = tables(chosen.curves) if chosen.curves else made_up()
    report(every, SEARCHERS[chosen.searcher], runs=chosen.runs, repeats=chosen.repeats)


def smoke() -> None:
    """Smallest form: a made-up table, thirty whole runs."""
    report(made_up(rows=60, tasks=1), SEARCHERS["TPE"], runs=30, repeats=1)


def report(every: Iterable[Table], searcher: Searcher, *, runs: int, repeats: int) -> None:
    """Search the tables and print what ending by itself would have done."""
    ends: dict[float, list[Ending]] = {share: [] for share in SHARES}
    for place, table in enumerate(every):
        for seed in range(repeats):
            records = searcher(Meter(table=table), seed, runs)
            for share in SHARES:
                ends[share].append(_ending(records, share, chosen_by=place % 2 == 0))
    for share in SHARES:
        for chosen_by in (True, False):
            some = [end for end in ends[share] if end.chosen_by == chosen_by]
            if some:
                print(_line(share, some))


def _ending(records: Sequence[Record], share: float, *, chosen_by: bool) -> Ending:
    """Return where a search ends that is looked at as a search looks at itself."""
    trials, noise = LEAST_TRIALS, math.nan
    while trials < len(records):
        ahead = outlook(_evidence(records[:trials]), len(records) - trials)
        if ahead:
            noise = math.log1p(ahead.noise / _best(records[:trials]))
        if ahead and ahead.gain < share * ahead.noise:
            break
        trials = int(AGAIN * trials) + 1
    trials = min(trials, len(records))
    spent = [sum(record.epochs for record in some) for some in (records[:trials], records)]
    return Ending(
        chosen_by=chosen_by,
        saved=1 - spent[0] / spent[1],
        regret=math.log(_best(records[:trials]) / _best(records)),
        noise=noise,
    )


def _best(records: Iterable[Record]) -> float:
    return max(min(run.measured_quality for run in records if run.state == "complete"), 1e-12)


def _evidence(records: Sequence[Record]) -> Evidence:
    return Evidence(
        records=tuple(records), candidates=("AdamW",), direction="minimize", metric="loss", valid_rows=ROWS
    )


def _ours(meter: Meter, seed: int, runs: int) -> list[Record]:
    return [record for record in ours(meter, seed, runs).records if record.searched]


def _tpe(meter: Meter, seed: int, runs: int) -> list[Record]:
    """Return TPE's whole runs as trials of one optimizer."""
    tpe(meter, seed, runs, pruned=False)
    return [_whole_run(number, loss, meter.table.epochs) for number, (_, loss) in enumerate(meter.best)]


def _whole_run(number: int, loss: float, epochs: int) -> Record:
    point = Measurement(
        epoch=epochs, step=epochs, seconds=1.0, train_loss=loss, valid_loss=loss, valid_metric=loss
    )
    params = {"optimizer": "AdamW"}
    return Record(
        number=number, state="complete", stage="race", seed=0, params=params, quality=loss, curve=(point,)
    )


SEARCHERS: Final = {"ours": _ours, "TPE": _tpe}


def _line(share: float, ends: Sequence[Ending]) -> str:
    early = [end for end in ends if end.saved > 0]
    within = fmean(end.regret <= end.noise for end in early) if early else 1.0
    return (
        f"gain below {share:<4} of the noise, tables {'chosen by' if ends[0].chosen_by else 'left out'}: "
        f"{len(early)} of {len(ends)} searches end early, {fmean(end.saved for end in ends):.2f} of the "
        f"budget saved, mean regret {fmean(end.regret for end in ends):.4f}, within the noise of "
        f"{fmean(end.noise for end in ends):.3f} in {within:.2f} of those"
    )


if __name__ == "__main__":
    main()
