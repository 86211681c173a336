"""Refusals of the command line: one plain line and a status, and nothing lost."""

from __future__ import annotations

import json

import pytest

from studies.storage.locks import working

from command_inputs import NET, QUICK, SEARCH

CASES = {
    "no such file": (("search", "none.csv", "--target", "y"), "none.csv"),
    "unknown dataset": (("search", "digts"), "did you mean 'digits'"),
    "empty file": (("search", "empty.csv", "--target", "y"), "empty"),
    "no target": (("search", "good.csv"), "--target"),
    "misspelt target": (("search", "good.csv", "--target", "labl"), "did you mean 'label'"),
    "a single class": (("search", "single.csv", "--target", "label"), "two values"),
    "a target without values": (("search", "hollow.csv", "--target", "void"), "void"),
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
    "a missing argument": (("search",), "advisor search digits"),
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

    *before, refusal = done.stderr.splitlines()

    assert done.returncode == 2, done.stderr
    assert hint in refusal
    assert before in ([], [f"reading {''.join(words[1:2])} ..."])
    assert refusal.startswith("advisor: ")
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

    reading, refusal = done.stderr.splitlines()

    assert done.returncode == 3
    assert reading == "reading iris ..."
    assert "KiB" in refusal


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
    command = "search iris --model net.py:Lost --optimizers AdamW --budget 3trials "
    command += "--epochs 2 --tracking-uri off"
    done = inside(*command.split())

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
