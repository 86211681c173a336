"""Command line as a user meets it: another process, an empty directory, real files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studies.storage import journal
from studies.storage.manifest import StudyManifest
from studies.storage.trial_lines import RECORD

from command_inputs import NET, QUICK, SEARCH
from records import record
from waiting import HANG_SECONDS


def loaded(*words):
    """Return which heavy packages a command imports."""
    heavy = ["torch", "sklearn", "mlflow", "streamlit", "pandas", "optuna", "scipy", "plotly"]
    code = f"""
import sys
sys.argv = ['advisor', *{list(words)!r}]
try:
    from advisor.cli.app import main
    main()
except SystemExit:
    pass
print('HEAVY', [name for name in {heavy!r} if name in sys.modules], file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.rsplit("HEAVY", 1)[1].strip()


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("list", "optimizers"),
        ("list", "datasets"),
        ("list", "rules"),
        ("explain", "AdamW"),
        ("search", "--help"),
    ],
)
def test_what_needs_nothing_heavy_loads_nothing_heavy(words):
    assert loaded(*words) == "[]"


def test_a_command_says_what_it_reads_before_anything_heavy_is_loaded():
    code = """
import sys
from advisor.cli import app
from advisor.cli.commands import COMMAND

def note(line):
    print(line, sorted({'torch', 'optuna', 'pandas', 'sklearn'} & set(sys.modules)))
    sys.exit()

sys.argv, sys.modules['advisor.cli.commands.COMMAND'].say = ['advisor', 'COMMAND', 'digits'], note
app.main()
"""
    for command in ("profile", "search"):
        words = [sys.executable, "-c", code.replace("COMMAND", command)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stderr == "reading digits ... []\n"


def test_a_search_of_digits_trains_before_it_loads_what_only_later_steps_need(home):
    code = f"""
import sys
from advisor.jobs.request import Request
from advisor.jobs.session import prepare
from studies.limits import Budget
from pathlib import Path

session = prepare(Request(source="digits", budget=Budget(trials=1), epochs=1), Path({str(home)!r}))
print([name for name in ('sklearn', 'scipy', 'mlflow', 'plotly', 'pytorch_optimizer') if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


def test_recommend_reads_the_journal_without_torch(home):
    _study_of(home, 200)

    assert loaded("recommend", "big") == "[]"


def _study_of(home, count):
    """Write a study of many trials without training any."""
    from optuna.trial import create_trial

    from studies.facts import Facts

    names = ("AdamW", "Nesterov", "SGD")
    plan = {
        "facts": Facts().to_dict(), "limits": {}, "candidates": names, "metric": "accuracy",
        "goal": "balanced", "valid_rows": 200, "dataset": "digits", "model": "CNN",
    }  # fmt: skip
    study = journal.create_study(home, "big", direction="maximize", manifest=StudyManifest.from_dict(plan))
    stages = ["reference"] * 3 + ["race"] * (count - 12) + ["confirm"] * 9
    for number, stage in enumerate(stages):
        left = record(
            number,
            names[number % 3],
            0.9 + 0.0001 * (number % 50),
            stage=stage,
            seed=number // 3 % 3,
            source=number % 3,
        )
        study.add_trial(create_trial(value=left.quality, user_attrs={RECORD: left.to_dict()}))


def test_a_search_prints_its_progress_on_stderr_and_its_answer_on_stdout(advisor):
    done = advisor(*SEARCH)

    assert done.returncode == 0
    assert "reference" in done.stderr
    assert "confirm" in done.stderr
    assert "iris-1" in done.stderr
    assert done.stdout.splitlines()[0].startswith(("Use", "AdamW", "SGD"))
    assert "#" not in done.stdout.splitlines()[0]


def test_json_is_the_only_thing_on_stdout(advisor):
    done = advisor(*SEARCH, "--json")
    answer = json.loads(done.stdout)

    assert set(answer) == {"study", "trials", "failures", "budget", "stopped", "recommendation"}
    assert set(answer["trials"]) == {"complete", "pruned", "infeasible", "failed", "running"}
    assert answer["recommendation"]["optimizer"] in {"AdamW", "SGD"}
    assert answer["recommendation"]["test_quality"] > 0.6  # a third by chance


def test_the_answer_can_be_had_again_and_under_other_limits(inside):
    first = json.loads(inside(*SEARCH, "--json").stdout)["recommendation"]
    again = json.loads(inside("recommend", "iris-1", "--json").stdout)
    tight = inside("recommend", "iris-1", "--memory", "1KiB")

    assert again == first
    assert tight.returncode == 3
    assert "memory" in tight.stderr


def test_resume_goes_on_with_more_budget(inside):
    inside(*SEARCH)
    done = inside("resume", "iris-1", "--budget", "12trials", "--json")
    trials = json.loads(done.stdout)["trials"]

    assert done.returncode == 0
    assert sum(trials.values()) > 12


def test_a_table_of_ones_own_is_searched(advisor, tmp_path):
    rows = [
        f"{20 + i % 40},{['Oslo', 'Rome', ''][i % 3]},2024-0{1 + i % 9}-11,"
        f"{1000 + 7 * i},{'yes' if i % 40 > 20 else 'no'}"
        for i in range(120)
    ]
    rows.insert(0, "age,city,joined,income,left")
    (tmp_path / "people.csv").write_text("\n".join(rows))
    done = advisor("search", "people.csv", "--target", "left", "--optimizers", "AdamW", *QUICK, "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recommendation"]["test_quality"] > 0.8


OWN = """
from dataclasses import dataclass
from studies.models import ModelChoice
from studies.space import whole

@dataclass(frozen=True, kw_only=True)
class Wide(ModelChoice):
    width: int = whole(4, 64, default=8, log=True)

    def build(self, inputs, outputs):
        from torch import nn
        return nn.Sequential(nn.Linear(inputs.size, self.width), nn.ReLU(), nn.Linear(self.width, outputs))
"""


def test_a_model_of_ones_own_is_searched_and_resumed(advisor, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    done = advisor(*SEARCH, "--model", "net.py:Net", "--json")
    again = advisor("resume", "iris-1", "--budget", "12trials", "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["recommendation"]["params"]["model.Custom.factory"] == "net.py:Net"
    assert again.returncode == 0, again.stderr


def test_the_fields_of_ones_own_model_choice_are_searched(inside, tmp_path):
    (tmp_path / "own.py").write_text(OWN)
    command = "search iris --model own.py:Wide --optimizers AdamW --budget 12trials "
    command += "--epochs 3 --tracking-uri off --json"
    done = inside(*command.split())
    assert done.returncode == 0, done.stderr
    study = journal.open_study(Path(os.environ["ADVISOR_HOME"]), "iris-1")

    assert len({record.params["model.own.py:Wide.width"] for record in journal.records(study)}) > 1


def test_ctrl_c_stops_with_a_recommendation_and_a_way_to_go_on(tmp_path, home):
    command = [
        sys.executable,
        "-m",
        "advisor",
        "search",
        "iris",
        "--budget",
        "2h",
        "--optimizers",
        "AdamW,SGD",
        "--tracking-uri",
        "off",
    ]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        journal = home / "studies" / "iris-1.journal"
        while process.poll() is None and not (
            journal.exists() and journal.read_text().count('"complete"') > 6
        ):
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=HANG_SECONDS)

    assert process.returncode == 130
    assert "AdamW" in stdout
    assert "advisor resume iris-1" in stderr
    assert "Traceback" not in stderr


def test_explain_says_what_when_and_where_from(inside):
    text = inside("explain", "adamw").stdout

    for part in ("decoupled weight decay", "Helps:", "Hurts:", "Source:", "lr", "default 0.001"):
        assert part in text


@pytest.mark.parametrize(
    "kind", ["optimizers", "schedules", "regularizers", "pruning", "models", "datasets", "rules"]
)
def test_lists_are_rows_with_a_name_and_a_summary(inside, kind):
    rows = json.loads(inside("list", kind, "--json").stdout)

    assert rows
    assert all(row["name"] and row["summary"] for row in rows)


def test_profile_says_facts_bytes_and_advice_before_any_trial(inside):
    answer = json.loads(inside("profile", "wine", "--json").stdout)

    assert answer["facts"]["classes"] == 3
    assert {
        "optimizer",
        "weight_bytes",
        "gradient_bytes",
        "state_bytes",
        "activation_bytes",
        "peak_bytes",
        "fits",
    } <= set(answer["memory"][0])
    assert answer["recommendation"]["label"] == "prior only"
    assert answer["recommendation"]["p_best"] <= 0.6
    assert "Memory while training" in inside("profile", "wine").stdout
