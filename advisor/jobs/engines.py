"""Engine of a study: worker processes, as many as the machine bears, or this process where none will do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from advisor.jobs.scratch import scratch_folder
from studies.engines.engine import Task
from studies.errors import BadValue, StudyError, named_line, shown

if TYPE_CHECKING:
    from studies.engines.engine import Engine
    from studies.facts import Facts
    from studies.limits import Limits
    from studies.record import Stage
    from studies.search.event import Event
    from studies.trials.compression_host import CompressionHost
    from studies.trials.host import TrialHost

Workers = Literal["auto"] | int
AUTO: Final = "auto"
VARIABLE: Final = "ADVISOR_WORKERS"
"""An environment variable: the number of workers where none is asked for."""
MOST_WORKERS: Final = 1024
MODULES: Final = (
    "studies.trials.host",
    "studies.every_choice",
    "studies.data.columns.table_encoder",
    "studies.data.splits",
    "studies.data.target_encoder",
)
"""What every worker has imported before it begins."""
HELLO_SECONDS: Final = 600.0
"""For the first worker to load the workload."""


def parse_workers(text: str | int | None) -> Workers:
    """Read how many workers are asked for: `auto`, or a number; 0 trains in the search's own process.

    Raises:
        BadValue: neither.
    """
    text = os.environ.get(VARIABLE, AUTO) if text is None else text
    if text == AUTO:
        return AUTO
    if str(text).isascii() and str(text).isdigit() and int(text) <= MOST_WORKERS:
        return int(text)
    raise BadValue(
        f"workers {shown(text)} is neither auto nor a number from 0 to {MOST_WORKERS:,}; "
        "0 trains in the search's own process, for a debugger"
    )


def in_own_process(workers: Workers) -> bool:
    """Tell whether trials train in the search's own process: if that was asked for, or on Windows."""
    return workers == 0 or sys.platform == "win32"


def warm_up(workers: Workers) -> None:
    """Let the processes that will train import torch, while this one reads the data.

    A command of ours imports it first and is forked then: it needs torch too, and nothing else runs in it.
    """
    if not in_own_process(workers):
        from studies.command import may_be_forked
        from studies.engines.local import fork_server

        fork_server(MODULES, here=may_be_forked())


@contextmanager
def engine_of(  # noqa: PLR0913 - what a search and a compression ask for
    host: TrialHost | CompressionHost,
    facts: Facts,
    workers: Workers,
    *,
    stop: Callable[[], bool],
    stage: Stage,
    listen: Callable[[Event], None],
    beside_bytes: int = 0,
    limits: Limits | None = None,
) -> Iterator[tuple[Engine, int | None]]:
    """Yield where a study's trials train, and the most bytes a worker may take; None for no such bound.

    Args:
        host: what every worker loads: the workload and the plan.
        facts: of the workload.
        workers: how many, as `parse_workers` read it.
        stop: whether to stop: the user wants it, or time is up.
        stage: that begins.
        listen: told how many workers there are and why, or warned why there are none, where that was not
            asked for.
        beside_bytes: what a worker needs beside what a training does.
        limits: which bound a worker's memory; None for those of the plan.
    """
    from advisor.jobs.room import Room, bytes_of_rows
    from advisor.jobs.workers import devices, most_bytes, why_so_many, worker_count
    from studies.engines.in_process import InProcess
    from studies.search.event import Event

    if in_own_process(workers):
        yield InProcess(host=host, stop=stop), None
        return
    room = Room.of(host.plan, facts, data_bytes=bytes_of_rows(host.workload))
    room = replace(room, peak_bytes=room.peak_bytes + beside_bytes)
    count = worker_count(workers, room)
    with scratch_folder() as folder:
        try:
            engine = _local(host, devices(count, host.plan.device, room), folder / "host", stop)
        except Exception as error:  # noqa: BLE001 - whatever the user's objects raise when they are pickled
            why = str(error) if isinstance(error, StudyError) else named_line(error)
            note = f"trials train in the search's own process, which they may harm: {why}"
            listen(Event(stage=stage, note=note, warns=True))
            yield InProcess(host=host, stop=stop), None
            return
        listen(Event(stage=stage, note=why_so_many(workers, room)))
        try:
            yield engine, most_bytes(limits or host.plan.limits, room, count)
        finally:
            engine.close()


def _local(
    host: TrialHost | CompressionHost, on_devices: Sequence[str], payload: Path, stop: Callable[[], bool]
) -> Engine:
    """Return an engine of worker processes, the first of which has loaded the host.

    Raises:
        StudyError: the host cannot go to another process; one line that says why.
    """
    from studies.engines.local import Local
    from studies.engines.payload import CannotTravel, write_payload
    from studies.trials.task import Release

    write_payload(payload, host)
    engine = Local(payload, len(on_devices), MODULES, on_devices)
    hello = engine.submit(Task(work=Release(numbers=()), deadline_seconds=HELLO_SECONDS))
    while not stop():
        for ending in engine.wait([hello], 0.25):
            if ending.error or ending.cause:
                engine.close()
                last = ending.last_line or f"it ended with status {ending.status}"
                raise CannotTravel(f"a worker process cannot load the workload: {ending.error or last}")
            return engine
    return engine
