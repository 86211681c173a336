"""Progress of a search while it runs: a live table on a terminal, else one line per event; on stderr."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Final, Protocol, Self

from advisor.cli.terminal import discard, say
from advisor.report.compression_names import in_words
from studies.limits import Budget
from studies.quantities import format_bytes, format_seconds, several
from studies.record import Record
from studies.search.pruner import best_complete
from studies.storage.follow import Journal

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.live import Live
    from rich.table import Table

    from advisor.jobs.session import Session
    from studies.search.event import Event


SHOWN: Final = 12
"""Compressed models in the live table."""


class Progress(Protocol):
    """Progress display of a search; used as a context manager around it."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...
    def listen(self, event: Event) -> None:
        """Take note of an event."""
        ...


def progress(session: Session, *, searching: bool = True) -> Progress:
    """Return the display that fits where stderr goes, of the search or of the compression."""
    board = Board.of(session, searching=searching)
    return LiveTable(board) if sys.stderr.isatty() else Lines(board)


class Board:
    """Board of figures to show: the clock, trials by state, the best of each optimizer."""

    def __init__(
        self, session: Session, records: tuple[Record, ...], spent_seconds: float, budget: Budget
    ) -> None:
        self.plan, self.name = session.plan, session.name
        self.metric, self.direction = session.workload.metric.name, session.workload.metric.direction
        self.stage = self.note = "starting"
        self.records, self.budget = list(records), budget
        self._began = time.monotonic() - spent_seconds

    @classmethod
    def of(cls, session: Session, *, searching: bool) -> Self:
        """Return the figures of a session's search, or of its compression, with what was done before."""
        stored = Journal(session.home, session.name).read()
        manifest = stored.manifest
        work = manifest if searching else manifest.compressing
        budget = manifest.searching if searching else manifest.compressing.budget
        return cls(session, stored.records, work.spent_seconds, budget)

    @property
    def compressed(self) -> list[Record]:
        """Return the models made small, whole ones, best quality first."""
        whole = [
            record for record in self.records if record.stage == "compress" and record.state == "complete"
        ]
        return sorted(
            whole, key=lambda record: (self.direction.loss(record.quality), record.model_bytes or 0)
        )

    @property
    def elapsed(self) -> float:
        """Return the seconds worked on this study."""
        return time.monotonic() - self._began

    def take(self, event: Event) -> None:
        """Take note of an event."""
        self.stage, self.note = event.stage, event.note or self.note
        if event.record is not None:
            self.records.append(event.record)

    def clock(self) -> str:
        """Return elapsed and budget, as in `12 s of 60 s`."""
        budget = self.budget
        searched = sum(record.searched for record in self.records)
        parts = [
            format_seconds(max(self.elapsed, 0.1))
            + (f" of {format_seconds(budget.seconds)}" if budget.seconds else "")
        ]
        parts += (
            [f"{searched} of {budget.trials} trials"] if budget.trials and self.stage != "compress" else []
        )
        return ", ".join(parts)

    def states(self) -> str:
        """Return the trials by state, as in `31 trials: 12 complete, 18 pruned, 1 infeasible`."""
        counts = Counter(record.state for record in self.records)
        return f"{several(len(self.records), 'trial')}: " + (
            ", ".join(f"{count} {state}" for state, count in counts.items()) or "none yet"
        )

    def title(self) -> str:
        """Return what is worked on, and for how long."""
        return f"{self.name}  {self.stage}  {self.clock()}"

    def table(self) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
        """Return titles and rows: one an optimizer, or one for each of the best compressed models."""
        if self.stage == "compress":
            titles: tuple[str, ...] = ("model", "bytes", "of before", self.metric, "latency")
            return titles, [_compressed_cells(record) for record in self.compressed[:SHOWN]]
        titles = ("optimizer", "trials", "whole runs", f"best {self.metric}", "lr", "seconds")
        return titles, [(name, *self._cells(name)) for name in self.plan.candidates]

    def _cells(self, name: str) -> tuple[str, ...]:
        trials = [record for record in self.records if record.optimizer == name]
        counts = str(len(trials)), str(sum(record.state == "complete" for record in trials))
        best = self.best(name)
        if best is None:
            return *counts, "-", "-", "-"
        lr = best.params.get(f"optimizer.{name}.lr")
        shown_lr = "-" if lr is None else f"{lr:.3g}"
        return *counts, f"{best.quality:.4g}", shown_lr, f"{best.train_seconds or 0:.2f}"

    def best(self, optimizer: str) -> Record | None:
        """Return an optimizer's best whole run so far."""
        return best_complete(self.records, optimizer, self.direction)


class Lines:
    """One line per event."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to put away."""

    def listen(self, event: Event) -> None:
        """Print the event."""
        self._board.take(event)
        line = (
            f"{event.stage}: {event.note}"
            if event.record is None
            else describe(event.record, self._board.metric)
        )
        say(f"[{self._board.elapsed:6.1f}s] {line}")


class LiveTable:
    """A table that keeps itself up to date."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._live: Live | None = None

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(self, console=Console(stderr=True), refresh_per_second=4)
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Leave the last state of the table on the screen, unless that was closed."""
        try:
            if self._live is not None:
                self._live.stop()
        except OSError:
            discard(sys.stderr)

    def listen(self, event: Event) -> None:
        """Take note of an event; the table redraws itself."""
        self._board.take(event)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._table()

    def _table(self) -> Table:
        titles, rows = self._board.table()
        table = self._empty(*titles)
        for row in rows:
            table.add_row(*row)
        return table

    def _empty(self, subject: str, *headings: str) -> Table:
        from rich import box
        from rich.table import Table

        board = self._board
        table = Table(
            title=board.title(),
            caption=board.states(),
            box=box.SIMPLE_HEAD,
            title_justify="left",
            caption_justify="left",
        )
        table.add_column(subject)
        for heading in headings:
            table.add_column(heading, justify="right")
        return table


def _compressed_cells(record: Record) -> tuple[str, str, str, str, str]:
    before = record.footprint.reference_bytes if record.footprint else record.model_bytes or 1
    share = f"1/{before / (record.model_bytes or 1):.1f}"
    latency = format_seconds(record.latency_seconds or 0.0)
    name, size = in_words(record.params), format_bytes(record.model_bytes or 0)
    return name, size, share, f"{record.quality:.4g}", latency


def describe(record: Record, metric: str) -> str:
    """Return one line about a finished trial."""
    if record.stage == "compress":
        return _describe_compressed(record, metric)
    quality = "" if record.quality is None else f"{metric} {record.quality:<7.4g}"
    lr = record.params.get(f"optimizer.{record.optimizer}.lr", 0.0)
    why = f"  ({record.error})" if record.error and record.state != "pruned" else ""
    seconds = format_seconds(record.train_seconds) if record.train_seconds else ""
    trial = f"#{record.number:<4} {record.stage:<9} {record.optimizer:<10} {record.state:<10}"
    return f"{trial} lr {lr:<8.3g} {quality:<18} {seconds:>8}{why}"


def _describe_compressed(record: Record, metric: str) -> str:
    name = f"{in_words(record.params):<44}"
    trial = f"#{record.number:<4} {record.stage:<9} {record.optimizer:<10} {record.state:<10} {name}"
    if record.state != "complete":
        return f"{trial} ({record.error})"
    _, size, share, quality, latency = _compressed_cells(record)
    return f"{trial} {metric} {quality:<7} {size:>9} ({share}) {latency:>8}"
