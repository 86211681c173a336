"""Live progress: it fits any terminal, writes little, and what is printed meanwhile stays readable."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.cli.progress.board import Board
from advisor.cli.progress.frame import Line, frame
from advisor.cli.progress.lines import EACH, Lines
from advisor.cli.progress.live import PAUSE_SECONDS, ByteRate
from advisor.cli.progress.screen import Screen
from studies import catalogue
from studies.limits import Budget, Limits
from studies.metrics import metric
from studies.plans.plan import Plan
from studies.search.event import Event, Training

from records import record

NAMES = tuple(catalogue.choices("optimizer"))[:22]
HOUR = Budget(seconds=3600)
STATES = ("complete", "pruned", "pruned", "infeasible", "failed")
SIZES = [(80, 24), (100, 30), (160, 50), (60, 12), (40, 8)]


class Seconds:
    """Clock that stands still until it is moved."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Terminal:
    """What a terminal shows that is told what a screen writes; it knows no other sequences."""

    def __init__(self, columns, rows):
        self.columns, self.cells, self.row, self.column = columns, [""] * rows, 0, 0

    def feed(self, text):
        for count, verb, plain in re.findall(r"\x1b\[(\d*)([ABGKJm])|([^\x1b])", text, re.DOTALL):
            if plain:
                self._print(plain)
            else:
                self._move(verb, int(count or 1))

    def _print(self, plain):
        if plain == "\n":
            self.row, self.column = self.row + 1, 0
            if self.row == len(self.cells):
                self.cells, self.row = [*self.cells[1:], ""], self.row - 1
        elif plain == "\r":
            self.column = 0
        else:
            line = self.cells[self.row].ljust(self.column)
            self.cells[self.row] = line[: self.column] + plain + line[self.column + 1 :]
            self.column += 1
            assert self.column < self.columns, "a line is as wide as the terminal: it may wrap"

    def _move(self, verb, count):
        if verb == "A":
            self.row = max(self.row - count, 0)
        elif verb == "B":
            self.row = min(self.row + count, len(self.cells) - 1)
        elif verb == "G":
            self.column = count - 1
        elif verb in "KJ":
            self.cells[self.row] = self.cells[self.row][: self.column]
            if verb == "J":
                self.cells[self.row + 1 :] = [""] * (len(self.cells) - self.row - 1)


def board_of(timer, *, names=NAMES, budget=HOUR, **options):
    plan = Plan(
        candidates=names, schedules=("Cosine",), regularizers=(), epochs=27, batch_size=(16, 32, 90),
        budget=budget, limits=Limits(), **options,
    )  # fmt: skip
    return Board(
        name="digits-1", plan=plan, metric=metric("accuracy", "classification"), budget=budget, timer=timer
    )


def busy(board, *, trials, seed=0, workers=4, pass_time=lambda: None):
    """Have a search go on: trials begin on workers and end in every state."""
    draw = random.Random(seed)  # noqa: S311 - nothing secret
    board.take(Event(stage="race", note="the best third of an optimizer's recipes goes on at epoch 9 of 27"))
    for number in range(trials):
        now = [
            Training(task=number + worker, number=number + worker, optimizer=draw.choice(NAMES), epochs=27)
            for worker in range(workers)
        ]
        board.take(Event(stage="race", training=tuple(now)))
        pass_time()
        ended = record(number, draw.choice(NAMES), round(draw.random(), 4), state=draw.choice(STATES))
        board.take(Event(stage="race", record=ended))
        pass_time()


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_a_search_of_22_optimizers_fits_the_terminal(columns, rows):
    board = board_of(Seconds())
    busy(board, trials=60)
    lines = frame(board, columns, rows)

    assert len(NAMES) == 22
    assert len(lines) < rows
    assert all(len(line.text) < columns for line in lines)


def test_at_80_by_24_it_says_stage_clock_what_trains_the_best_and_how_many_are_not_shown():
    timer = Seconds()
    board = board_of(timer)
    busy(board, trials=80)
    timer.now += 65
    text = "\n".join(line.text for line in frame(board, 80, 24))
    shown = [name for name in NAMES if re.search(rf"^{name} ", text, re.MULTILINE)]
    best = max((each for each in board.records if each.state == "complete"), key=lambda each: each.quality)

    assert "digits-1  race, stage 2 of 3" in text
    assert "65 s of 60 min, at most 58 min 55 s left" in text
    assert "now    #80 " in text or "now    #79 " in text
    assert f"best   {best.optimizer} accuracy {best.quality:.4g} (trial {best.number}" in text
    assert len(shown) >= 8
    assert f"+ {22 - len(shown)} more optimizers" in text
    assert "80 trials: " in text


def test_the_leaders_are_the_rows_that_are_shown():
    board = board_of(Seconds())
    busy(board, trials=200)
    ranked = board.ranked()
    reached = [best.quality for name in ranked if (best := board.best(name))]

    assert reached == sorted(reached, reverse=True)
    assert [line.text.split()[0] for line in frame(board, 80, 24) if line.text.startswith(ranked[0])]


def test_no_trial_is_shown_as_training_once_it_has_ended():
    board = board_of(Seconds())
    busy(board, trials=5, workers=1)

    assert not board.training


def test_trials_in_lockstep_are_one_entry():
    board = board_of(Seconds())
    stack = tuple(Training(task=1, number=number, optimizer="AdamW", epochs=9) for number in range(3))
    board.take(Event(stage="reference", training=stack))

    assert [line.text for line in frame(board, 80, 24) if line.text.startswith("now")] == [
        "now    3 in lockstep to epoch 9 (0 s): AdamW"
    ]


LINES = st.lists(
    st.builds(Line, st.text("abc 0123", max_size=15), st.sampled_from(("", "bold", "dim"))), max_size=8
)


@pytest.mark.parametrize("styled", [False, True])
@given(frames=st.lists(LINES, max_size=6), above=st.lists(st.sampled_from((None, "said")), max_size=6))
def test_the_terminal_shows_the_last_frame_and_what_was_printed_above_it(styled, frames, above):
    screen, terminal, printed = Screen(styled=styled), Terminal(columns=20, rows=20), []
    for index, lines in enumerate(frames):
        terminal.feed(screen.update(lines, 20))
        if index < len(above) and above[index]:
            terminal.feed(f"{screen.erase()}{above[index]}\n" + screen.update(lines, 20))
            printed.append(above[index])
    last = [line.text for line in frames[-1]] if frames else []

    assert [line.rstrip() for line in terminal.cells] == [
        *(line.rstrip() for line in [*printed, *last]), *[""] * (20 - len(printed) - len(last)),
    ]  # fmt: skip
    terminal.feed(screen.erase())
    assert [line for line in terminal.cells if line.strip()] == printed


def test_a_frame_that_did_not_change_writes_nothing():
    screen, lines = Screen(styled=True), [Line("a"), Line("b", "dim")]

    assert screen.update(lines, 80)
    assert not screen.update(lines, 80)
    assert len(screen.update([Line("c"), lines[1]], 80)) < 20


@pytest.mark.parametrize("trials_a_second", [1, 5, 40])
def test_a_minute_of_any_search_is_less_than_30_kilobytes_in_at_most_4_frames_a_second(trials_a_second):
    timer = Seconds()
    board, screen, allowance = board_of(timer), Screen(styled=True), ByteRate(timer)
    written, drawn_at = [], [timer.now]

    def pass_time():
        timer.now += 0.5 / trials_a_second
        if timer.now - drawn_at[-1] >= PAUSE_SECONDS and allowance.allows():
            text = screen.update(frame(board, 80, 24), 80)
            allowance.take(len(text.encode()))
            written.append(len(text.encode()))
            drawn_at.append(timer.now)

    busy(board, trials=60 * trials_a_second, pass_time=pass_time)

    assert sum(written) < 30_000
    assert len(written) <= 4 * 60
    assert len(written) >= 30  # and it follows nevertheless


def test_where_nothing_can_be_written_over_there_is_a_line_now_and_then(capsys):
    timer = Seconds()
    board = board_of(timer, budget=Budget(seconds=600))
    display = Lines(board)
    display.listen(Event(stage="race", note="it begins"))
    for number in range(2000):
        timer.now += 0.2
        display.listen(
            Event(stage="race", training=(Training(task=1, number=1, optimizer=NAMES[0], epochs=3),))
        )
        display.listen(Event(stage="race", record=record(number, NAMES[0], 0.5)))
    display.listen(Event(stage="race", record=record(2000, NAMES[0], state="failed")))
    lines = capsys.readouterr().err.splitlines()

    assert "race: it begins" in lines[0]
    assert EACH < len(lines) < EACH + 90
    assert "boom" in lines[-1]
    assert any(f"best {NAMES[0]} accuracy 0.5" in line and "left" in line for line in lines)
    assert all("\x1b" not in line for line in lines)
