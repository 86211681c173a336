"""`advisor import` makes a study like any other, and says in one line what such a study cannot do."""

import json
import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parents[2] / "docs" / "guides" / "import.md"
RUNS = "opt,learning_rate,random_state,val_acc,train_loss,dropout\n" + "".join(
    f"{opt},{lr},{seed},{top + seed / 100},0.2,0.1\n"
    for opt, lr, top in (("adam", 0.003, 0.91), ("sgd", 0.1, 0.85))
    for seed in (0, 1, 2)
)


@pytest.fixture
def imported(inside, tmp_path):
    (tmp_path / "runs.csv").write_text(RUNS)
    return inside("import", "csv", str(tmp_path / "runs.csv"), "--name", "mine")


def test_what_each_column_was_taken_for_is_shown(imported):
    assert imported.returncode == 0, imported.stderr
    for line in DOCUMENT.read_text().split("```text\n")[2].split("```")[0].splitlines()[1:]:
        name, _, taken = re.split(r"\s{2,}", line)
        assert re.search(rf"^{name} .* {taken}$", imported.stdout, re.MULTILINE), imported.stdout
    assert "advisor recommend mine" in imported.stderr


def test_the_study_is_listed_and_answers(imported, inside):
    assert inside("recommend", "mine").stdout.startswith("Use Adam (lr 0.003")
    assert json.loads(inside("recommend", "mine", "--json").stdout)["quality"] == pytest.approx(0.92)
    assert "mine" in inside("list", "studies").stdout
    assert len(json.loads(inside("list", "trials", "mine", "--json").stdout)) == 6


@pytest.mark.parametrize("command", [("resume",), ("compress",), ("register", "model")])
def test_what_it_cannot_do_is_one_plain_line(imported, inside, command):
    ended = inside(command[0], "mine", *command[1:])
    assert ended.returncode == 2
    assert "its runs were imported from" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_search_of_other_data_starts_from_it(imported, inside):
    words = ("--budget", "4trials", "--epochs", "3", "--optimizers", "Adam,SGD", "--tracking-uri", "off")
    ended = inside("search", "iris", "--start-from", "mine", *words)
    assert ended.returncode == 0, ended.stderr
    assert "Adam starts also from trial" in ended.stderr
    other = inside("search", "iris", "--start-from", "mine", "--budget", "4trials", "--optimizers", "Lion")
    assert "has a whole run of Adam" in other.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("cvs", "runs.csv"), "did you mean 'csv'"),
        (("csv", "runs.csv", "--study", "x"), "--study is not for csv"),
        (("csv", "runs.csv", "--map", "lr"), "write it as in --map lr=COLUMN"),
        (("csv", "gone.csv"), "no file 'gone.csv'"),
    ],
)
def test_a_wrong_word_is_one_plain_line(inside, words, says):
    ended = inside("import", *words)
    assert ended.returncode == 2
    assert says in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_the_code_of_the_document_runs(capsys):
    (block,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), flags=re.DOTALL)
    exec(block, {})  # noqa: S102 - the document is ours
    assert capsys.readouterr().out.startswith("Use Adam (lr 0.003")
