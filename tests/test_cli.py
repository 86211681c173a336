"""The command line as a user meets it: another process, an empty directory, real files."""

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
from studies.storage.locks import working
from studies.storage.manifest import StudyManifest

from records import record
from waiting import HANG_SECONDS

QUICK = ("--budget", "9trials", "--epochs", "9", "--tracking-uri", "off")
SEARCH = ("search", "iris", "--optimizers", "AdamW,SGD", *QUICK)


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


def test_recommend_reads_the_journal_without_torch(home):
    _study_of(home, 200)

    assert loaded("recommend", "big") == "['optuna']"


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
        study.add_trial(create_trial(value=left.quality, user_attrs={journal.RECORD: left.to_dict()}))


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

    assert set(answer) == {"study", "trials", "budget", "recommendation"}
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


NET = """
import torch

class Net(torch.nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        wide, narrow = torch.nn.Linear(inputs, 16), torch.nn.Linear(16, outputs)
        self.layers = torch.nn.Sequential(wide, torch.nn.Tanh(), narrow)

    def forward(self, rows):
        return self.layers(rows)

def wrong():
    return torch.nn.Linear(4, 7)

def numbers():
    return 3

def leave():
    raise SystemExit(7)

def chatty():
    print("hello from the model")
    return Net(4, 3)

SIZE = 3
"""

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
    done = inside(
        "search",
        "iris",
        "--model",
        "own.py:Wide",
        "--optimizers",
        "AdamW",
        "--budget",
        "12trials",
        "--epochs",
        "3",
        "--tracking-uri",
        "off",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    study = journal.open_study(Path(os.environ["ADVISOR_HOME"]), "iris-1")

    assert len({record.params["model.own.py:Wide.width"] for record in journal.records(study)}) > 1


CASES = {
    "no such file": (("search", "none.csv", "--target", "y"), "none.csv"),
    "unknown dataset": (("search", "digts"), "did you mean 'digits'"),
    "empty file": (("search", "empty.csv", "--target", "y"), "empty"),
    "no target": (("search", "good.csv"), "--target"),
    "misspelt target": (("search", "good.csv", "--target", "labl"), "did you mean 'label'"),
    "a single class": (("search", "single.csv", "--target", "label"), "two values"),
    "a column without values": (("search", "hollow.csv", "--target", "label"), "void"),
    "text where numbers are needed": (("search", "mixed.csv", "--target", "label"), "twelve"),
    "text to regress on": (("search", "good.csv", "--target", "label", "--task", "regression"), "regression"),
    "unknown optimizer": (("search", "iris", "--optimizers", "Adamm"), "did you mean 'Adam'"),
    "unknown schedule": (("search", "iris", "--schedules", "cosin"), "did you mean 'Cosine'"),
    "a metric of the other task": (("search", "iris", "--metric", "rmse"), "accuracy"),
    "no budget": (("search", "iris", "--budget", "0"), "above 0"),
    "a strange budget": (("search", "iris", "--budget", "soon"), "60s"),
    "a strange batch size": (("search", "iris", "--batch-size", "many"), "full"),
    "a strange memory limit": (("search", "iris", "--memory", "lots"), "512MiB"),
    "an unknown goal": (("search", "iris", "--goal", "fame"), "quality"),
    "no such device": (("search", "iris", "--device", "tpu"), "cpu"),
    "a strange study name": (("search", "iris", "--study", "../x"), "letters"),
    "an unwritable home": (("search", "iris", "--home", "good.csv"), "--home"),
    "no such study": (("recommend", "iris-9"), "advisor search"),
    "nothing to resume": (("resume", "iris-9"), "advisor search"),
    "nothing of that name": (("explain", "adamm"), "did you mean 'Adam"),
    "no such list": (("list", "optimisers"), "did you mean 'optimizers'"),
    "no such model": (("search", "iris", "--model", "mpl"), "did you mean 'MLP'"),
    "a model for other data": (("search", "iris", "--model", "cnn"), "mlp"),
    "a model of the wrong shape": (("search", "iris", "--model", "net.py:wrong"), "returns"),
    "a model that is none": (("search", "iris", "--model", "net.py:numbers"), "torch.nn.Module"),
    "a model that is not there": (("search", "iris", "--model", "net.py:Nett"), "did you mean 'Net'"),
    "a model file that is not there": (("search", "iris", "--model", "nett.py:Net"), "nett.py"),
    "a model that is a number": (("search", "iris", "--model", "net.py:SIZE"), "int"),
    "a model that exits": (("search", "iris", "--model", "net.py:leave"), "SystemExit"),
    "a seed beyond reason": (("search", "iris", "--seed", "99999999999999999999"), "seed"),
    "epochs beyond reason": (("search", "iris", "--epochs", "99999999999"), "epochs"),
    "a port that is none": (("dashboard", "--port", "99999"), "--port"),
    "an unknown option": (("search", "iris", "--bugdet", "3s"), "--bugdet"),
    "a missing argument": (("search",), "source"),
    "an unknown command": (("serach", "iris"), "serach"),
    "a number that is none": (("search", "iris", "--seed", "x"), "--seed"),
}


@pytest.mark.parametrize(("words", "hint"), CASES.values(), ids=CASES)
def test_wrong_input_gets_one_plain_line_and_status_2(inside, tmp_path, words, hint):
    lines = [f"{i},{i % 7},{'ab'[i % 2]}" for i in range(60)]
    (tmp_path / "good.csv").write_text("\n".join(["x,y,label", *lines]))
    (tmp_path / "single.csv").write_text("\n".join(["x,y,label", *(f"{i},{i % 7},a" for i in range(60))]))
    (tmp_path / "hollow.csv").write_text(
        "\n".join(["x,void,label", *(f"{i},,{'ab'[i % 2]}" for i in range(60))])
    )
    (tmp_path / "mixed.csv").write_text("\n".join(["x,y,label", "twelve,1,a", *lines]))
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "net.py").write_text(NET)
    done = inside(*words)

    assert done.returncode == 2, done.stderr
    assert hint in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("advisor: ")
    assert not done.stdout


def test_wrong_input_loses_nothing_of_an_existing_study(inside, home):
    inside(*SEARCH)
    before = (home / "studies" / "iris-1.journal").read_bytes()
    for words in (
        ("search", "iris", "--study", "iris-1"),
        ("search", "iris", "--optimizers", "x"),
        ("resume", "iris-1", "--budget", "0"),
    ):
        assert inside(*words).returncode == 2

    assert (home / "studies" / "iris-1.journal").read_bytes() == before


def test_data_that_changed_is_not_mixed_with_old_results(inside, tmp_path):
    table = tmp_path / "good.csv"
    table.write_text("\n".join(["x,y,label", *(f"{i},{i % 7},{'ab'[i % 2]}" for i in range(60))]))
    assert inside("search", "good.csv", "--target", "label", "--optimizers", "SGD", *QUICK).returncode == 0
    table.write_text(table.read_text().replace("11,", "12,"))
    done = inside("resume", "good-1", "--budget", "20trials")

    assert done.returncode == 2
    assert "has changed" in done.stderr


def test_nothing_feasible_is_status_3_and_says_what_to_relax(inside):
    done = inside("search", "iris", "--memory", "1KiB")

    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "KiB" in done.stderr


def test_what_a_model_prints_never_reaches_stdout(inside, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    done = inside(*SEARCH, "--model", "net.py:chatty", "--json")

    assert json.loads(done.stdout)["study"] == "iris-1"
    assert "hello from the model" in done.stderr


def test_a_model_that_is_gone_is_said_before_anything_is_spent(inside, tmp_path):
    (tmp_path / "net.py").write_text(NET)
    inside(*SEARCH, "--model", "net.py:Net")
    (tmp_path / "net.py").unlink()
    done = inside("resume", "iris-1", "--budget", "20trials")

    assert done.returncode == 2
    assert "net.py" in done.stderr


def test_a_study_is_searched_by_one_process_at_a_time(inside, home):
    inside(*SEARCH)
    with working(home, "iris-1"):
        done = inside("resume", "iris-1", "--budget", "20trials")

    assert done.returncode == 2
    assert "another process" in done.stderr


def test_nothing_completed_is_status_3_and_says_why(inside, tmp_path):
    (tmp_path / "net.py").write_text(
        NET + "\n\nclass Lost(Net):\n    def forward(self, rows):\n        return self.layers(rows) / 0\n"
    )
    done = inside(
        "search",
        "iris",
        "--model",
        "net.py:Lost",
        "--optimizers",
        "AdamW",
        "--budget",
        "3trials",
        "--epochs",
        "2",
        "--tracking-uri",
        "off",
    )

    assert done.returncode == 3
    assert "diverged" in done.stderr.splitlines()[-1]
    assert "prior only" in done.stdout


def test_one_broken_journal_does_not_hide_the_others(inside, home):
    inside(*SEARCH)
    (home / "studies" / "broken.journal").write_text("")
    done = inside("list", "studies")

    assert done.returncode == 0
    assert "iris-1" in done.stdout
    assert "cannot be read" in done.stdout


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
