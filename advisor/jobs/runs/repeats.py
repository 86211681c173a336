"""Repeats: runs of one recipe with several seeds, which together are its confirmation."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

from advisor.evidence import has_quality
from studies.record import Record


def with_repeats(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records with every seed of a recipe that was run with several as its confirmation too.

    The first one as well: nobody picked it for its luck. Each keeps its number. A single seed that came to a
    result confirms nothing.
    """
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in records:
        groups[tuple(sorted((name, str(value)) for name, value in record.params.items()))].append(record)
    marked: list[Record] = []
    for group in groups.values():
        origin, *_ = group
        seeds = {record.seed: record for record in reversed(group)}  # of each seed, the first run
        if sum(map(has_quality, seeds.values())) < 2:
            marked += group
            continue
        again = [
            replace(record, stage="confirm", source=origin.number)
            for record in seeds.values()
            if record.state != "pruned"
        ]
        others = [record for record in group[1:] if record is not seeds[record.seed]]
        marked += [origin, *others, *again]
    return tuple(sorted(marked, key=lambda record: (record.number, record.stage)))
