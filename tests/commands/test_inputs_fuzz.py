"""What people hand over besides data: any text or value is taken or refused in one short line."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advisor.decide.recommend import recommend
from advisor.jobs.advice import advice
from advisor.jobs.request import Request
from advisor.jobs.runs.columns import RunsRequest
from advisor.jobs.runs.objects import evidence_from
from advisor.jobs.runs.sources.csv_file import CsvFile
from studies.direction import Direction
from studies.errors import LONGEST_SHOWN, StudyError, did_you_mean
from studies.limits import Budget, Limits
from studies.metrics import metric
from studies.quantities import parse_bytes, parse_seconds
from studies.recipe import Recipe
from studies.scoring.directions import direction_of
from studies.storage import journal
from studies.storage.follow import Journal
from studies.storage.home import check_name, journal_of
from studies.tracking.address import check_address

from fuzzing import mutate, seeds

QUICK, MANY = 1_200, 60_000
LONGEST_WORDS = 1_500
"""Of a whole message: what we say of an input, and lists of what is allowed."""
NUMBERS = (
    "9" * 5000,
    "-1",
    "0",
    "1e999",
    "1e-999",
    "nan",
    "inf",
    "-inf",
    "1_000",
    "0x1F",
    "٣٤",
    "½",
    "²",
    "1e",
)
UNITS = ("", "s", "m", "MiB", "trials", "trial", " GB", "ms", "h", "%", "x")
WORDS = (
    "", " ", "\n", "\x00", "\x1b[31mred", "\u202eabc", "\ud800", "a" * 5000, "'" * 300, "AdamW", "adamw\n",
    "Cosine", "auto", "none", "full", "1..full", "16..x", "..", "=", "Rule=off", "a=1=2", "file.py:x", "x:",
    ":", "../..", "{}", "%s%n", "é", "\u2028", "\ufeff", "a\tb",
)  # fmt: skip


def text(rng: random.Random) -> str:
    """Return a text as it may stand behind an option: a number with a unit, a word, or any letters."""
    kind = rng.randrange(4)
    if kind == 0:
        return rng.choice(NUMBERS) + rng.choice(UNITS)
    if kind == 1:
        return rng.choice(WORDS)
    if kind == 2:
        return "".join(
            chr(rng.choice((rng.randrange(32, 127), rng.randrange(0x3000)))) for _ in range(rng.randrange(9))
        )
    return rng.choice(WORDS) + text(rng)


def value(rng: random.Random) -> Any:
    """Return a value as it may come from JSON or from code."""
    return rng.choice(
        (text(rng), None, True, rng.randrange(-3, 300), 10**5000, -(10**400), 1e308, float("nan"),
         float("inf"), 0.5, -0.5, [], [text(rng)], {}, {"a": 1}, (), b"bytes", 1 + 2j)
    )  # fmt: skip


def problem_of(action: Callable[[], object]) -> str:
    """Return what is wrong with how an input is taken; empty where it is read or refused in a short line."""
    try:
        action()
    except StudyError as error:
        message = str(error)
        repeats = any(letter * (LONGEST_SHOWN + 1) in message for letter in "9a'")
        if not message or not message.isprintable() or len(message) > LONGEST_WORDS or repeats:
            return f"{type(error).__name__} of {len(message)} characters: {message[:300]!r}"
    except Exception as error:  # noqa: BLE001 - the crash that is looked for
        return f"{type(error).__name__}: {str(error)[:300]!r}"
    return ""


def problems(count: int, attempt: Callable[[random.Random], Callable[[], object]]) -> dict[int, str]:
    """Return the problem of each seed that has any."""
    by_seed = {}
    for seed in seeds(count):
        rng = random.Random(seed)  # noqa: S311 - inputs that anyone can make again
        if problem := problem_of(attempt(rng)):
            by_seed[seed] = problem
    return by_seed


READERS: tuple[Callable[[str], object], ...] = (
    Budget.parse,
    parse_bytes,
    parse_seconds,
    Direction,
    direction_of,
    lambda name: metric(name, "classification"),
    lambda name: did_you_mean(name, ("AdamW", "SGD")),
    check_address,
    lambda name: check_name(Path("nowhere"), name),
    lambda name: journal_of(Path("nowhere"), name),
    lambda name: Limits.parse(memory=name, model_size=None, latency=None, train_time=name),
)
OPTIONS = (
    "target", "model", "metric", "direction", "task", "time", "group", "split", "batch_size", "epochs",
    "optimizers", "schedules", "regularizers", "wrappers", "class_weights", "tune_model", "pretrained",
    "budget", "limits", "goal", "rules", "compression", "device", "seed", "study", "tracking_uri",
    "memory", "latency", "space", "nonsense",
)  # fmt: skip


COMMANDS = (
    ("recommend",), ("resume",), ("compress",), ("profile",), ("search",), ("explain",), ("list",),
    ("list", "trials"), ("sync",), ("register", "study"), ("search", "nowhere.csv"),
    ("recommend", "--records"),
)  # fmt: skip
FLAGS = (
    "--budget", "--epochs", "--seed", "--memory", "--goal", "--metric", "--study", "--batch-size",
    "--optimizers", "--rule", "--tracking-uri", "--direction", "--compression", "--nonsense",
)  # fmt: skip


def words(rng: random.Random) -> list[str]:
    """Return what may be typed behind `advisor`; nothing that a search could begin with."""
    typed = [*rng.choice(COMMANDS), text(rng)]
    if rng.random() < 0.7:
        typed += [rng.choice(FLAGS), text(rng)]
    return [word.replace("\0", "").replace("\ud800", "") for word in typed]


def of_text(rng: random.Random) -> Callable[[], object]:
    reader, words = rng.choice(READERS), text(rng)
    return lambda: reader(words)


def of_request(rng: random.Random) -> Callable[[], object]:
    options = {
        rng.choice(OPTIONS): text(rng) if rng.random() < 0.5 else value(rng) for _ in range(rng.randint(1, 3))
    }
    return lambda: Request.of("iris", **options)


RIGHT = Recipe().to_params()


def of_recipe(rng: random.Random) -> Callable[[], object]:
    params: dict[Any, Any] = dict(RIGHT)
    for _ in range(rng.randint(1, 3)):
        params[rng.choice((*RIGHT, text(rng)))] = value(rng)
    return lambda: Recipe.from_params(params)


RUNS = (
    b"optimizer,lr,seed,accuracy,train_seconds,state\nAdamW,0.001,0,0.912,41,complete\nAdamW,0.001,1,0.909,40,\n"
    b"SGD,0.1,0,0.905,38,ok\nSGD,0.1,1,,38,diverged\n"
)


def of_runs(folder: Path) -> Callable[[random.Random], Callable[[], object]]:
    path = folder / "runs.csv"

    def attempt(rng: random.Random) -> Callable[[], object]:
        path.write_bytes(mutate(RUNS, rng))
        return lambda: recommend(evidence_from(CsvFile(where=path), RunsRequest(metric="accuracy")))

    return attempt


@pytest.mark.parametrize("attempt", [of_text, of_request, of_recipe])
def test_any_input_is_taken_or_refused_in_one_short_line(attempt):
    assert problems(QUICK, attempt) == {}


def test_any_changed_table_of_runs_is_read_or_refused_in_one_short_line(tmp_path):
    assert problems(QUICK // 4, of_runs(tmp_path)) == {}


def test_whatever_is_typed_ends_with_a_known_status_and_a_short_line(inside):
    for seed in seeds(100):
        typed = words(random.Random(seed))  # noqa: S311 - inputs that anyone can make again
        ended = inside(*typed)
        last = (ended.stderr.splitlines() or ["nothing"])[-1]
        assert ended.returncode in {0, 2, 3}, (seed, typed, last)
        assert ended.returncode == 0 or (last.isprintable() and len(last) < LONGEST_WORDS), (seed, last)
        assert not any(letter * (LONGEST_SHOWN + 1) in ended.stderr for letter in "9a'"), (seed, last)


@pytest.mark.fuzz
@pytest.mark.parametrize("attempt", [of_text, of_request, of_recipe])
def test_tens_of_thousands_of_inputs_are_taken_or_refused(attempt):
    assert problems(MANY // 3, attempt) == {}


@pytest.mark.fuzz
def test_thousands_of_changed_tables_of_runs_are_read_or_refused(tmp_path):
    assert problems(MANY // 10, of_runs(tmp_path)) == {}


# ------------------------------------------------------------------------------------------------------------


EARLIER = Path(__file__).parents[1] / "storage" / "iris-0.1.journal.gz"


def of_journal(
    folder: Path, look: Callable[[Path, str], object]
) -> Callable[[random.Random], Callable[[], object]]:
    (folder / "studies").mkdir(exist_ok=True)
    right = gzip.decompress(EARLIER.read_bytes())
    path = folder / "studies" / "iris-1.journal"

    def attempt(rng: random.Random) -> Callable[[], object]:
        content = _with_other_value(right, rng) if rng.random() < 0.6 else mutate(right, rng)
        path.write_bytes(content)
        return lambda: look(folder, "iris-1")

    return attempt


def _with_other_value(content: bytes, rng: random.Random) -> bytes:
    """Return a journal in which a value somewhere is of another kind, or is gone."""
    lines = content.splitlines()
    at = rng.randrange(len(lines))
    operation = json.loads(lines[at])
    holder = operation
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        key = rng.choice(keys)
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.2:
            break
        holder = inner
    if rng.random() < 0.3:
        del holder[key]
    else:
        holder[key] = rng.choice((None, "x", -1, 10**400, 1.5, [], {}, [1], True, "9" * 300, "\n"))
    lines[at] = json.dumps(operation).encode()
    return b"\n".join(lines) + b"\n"


def _records(home: Path, name: str) -> object:
    study = journal.open_study(home, name)
    return journal.manifest_of(study), journal.records(study)


LOOKS = {"follow": lambda home, name: Journal(home, name).read(), "records": _records, "advice": advice}


@pytest.mark.parametrize(("look", "count"), [("follow", 200), ("records", 100), ("advice", 40)])
def test_any_changed_journal_is_read_or_refused_in_one_short_line(look, count, tmp_path):
    assert problems(count, of_journal(tmp_path, LOOKS[look])) == {}


@pytest.mark.fuzz
@pytest.mark.parametrize(("look", "count"), [("follow", 10_000), ("records", 3_000), ("advice", 1_000)])
def test_thousands_of_changed_journals_are_read_or_refused(look, count, tmp_path):
    assert problems(count, of_journal(tmp_path, LOOKS[look])) == {}
