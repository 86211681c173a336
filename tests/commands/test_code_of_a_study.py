"""Code that only a study names: whoever reads a study runs none of it, unless that is said."""

import pytest

import advisor
from advisor.cli.app import COMMANDS
from advisor.cli.reading import RUN_CODE
from dashboard.charts import plots
from studies import code_consent, imports
from studies.errors import BadWorkload

from pages import RACE, VIEWS, fill, page
from records import record

EVIL = """
import pathlib
pathlib.Path({mark!r}).touch()
from advisor.rules import Rule
from studies.optimizers.sgd import SGD


class Taste(Rule):
    \"\"\"Says nothing.\"\"\"

    grade = source = "own"

    def __call__(self, evidence):
        return ()


class Mine(SGD): ...
"""


@pytest.fixture
def mark(tmp_path):
    """A file that is there once the code has run."""
    return tmp_path / "ran"


@pytest.fixture
def evil(tmp_path, mark, monkeypatch):
    """A file of code that a study names wherever a journal can name code."""
    path = tmp_path / "evil.py"
    path.write_text(EVIL.format(mark=str(mark)))
    monkeypatch.chdir(tmp_path)
    return path


@pytest.fixture
def hostile(home, evil):
    """A home with such a study, under every name that it can have."""
    mine = f"{evil}:Mine"
    params = {"optimizer": mine, f"optimizer.{mine}.lr": 0.1, "schedule": mine, f"model.{mine}.width": 3}
    runs = [record(20 + number, mine, 0.7 + number / 50, params=params) for number in range(4)]
    names = {
        "workload": {"source": mine, "model": mine, "metric": mine, "model_fields": {"factory": mine}},
        "candidates": ["AdamW", mine], "code": {mine: "0"}, "metric": mine, "dataset": mine, "model": mine,
    }  # fmt: skip
    fill(home, {"optimizers": (*RACE, *runs)}, **names)
    fill(home, {"rules": RACE}, rules=[f"{evil}:Taste"])
    return home


def test_every_command_reads_unless_it_runs_code_by_nature():
    names = {command.__name__.rstrip("_") for command in COMMANDS}

    assert names > RUN_CODE
    assert names - RUN_CODE >= {"recommend", "report", "list", "plot", "sync", "import", "explain"}


@pytest.mark.parametrize("study", ["optimizers", "rules"])
@pytest.mark.parametrize(
    "words",
    [("recommend",), ("recommend", "--json"), ("report", "--out=r.html"), ("report", "--out=-"),
     ("list", "trials"), ("sync", "--tracking-uri=mlruns")],
)  # fmt: skip
def test_reading_a_study_runs_no_code_that_it_names(words, study, hostile, mark, inside):
    said = inside(words[0], *(w for w in words[1:] if not w.startswith("-")), study,
                  *(w for w in words[1:] if w.startswith("-")), "--home", str(hostile))  # fmt: skip

    assert not mark.exists()
    if study == "rules" and words[0] in {"recommend", "report"}:
        assert said.returncode == 2
        assert f"if you trust it, allow it with: advisor {words[0]} --allow-code" in said.stderr
        assert said.stderr.count("\n") == 1


def test_the_list_of_studies_runs_no_code_that_they_name(hostile, mark, inside):
    assert inside("list", "studies", "--home", str(hostile)).returncode == 0
    assert not mark.exists()


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_runs_code_that_a_study_names(view, hostile, mark, monkeypatch):
    monkeypatch.setenv(code_consent.REFUSE, "advisor dashboard --allow-code")
    for study in ("optimizers", "rules"):
        page(view, hostile, study).run()

    assert not mark.exists()


def test_no_figure_runs_code_that_a_study_names(hostile, mark, advisor):
    said = [advisor("plot", study, kind, "--out=f.html", "--home", str(hostile))
            for study, kind in (("rules", min(plots())), ("optimizers", "parallel"))]  # fmt: skip

    assert all(each.returncode in {0, 2} for each in said), said
    assert not mark.exists()


def test_code_runs_where_the_user_says_so(hostile, mark, inside):
    allowed = inside("recommend", "rules", "--allow-code", "--home", str(hostile))

    assert allowed.returncode == 0, allowed.stderr
    assert mark.exists()


def test_a_rule_that_the_user_names_needs_no_more_words(hostile, evil, mark, inside):
    assert inside("recommend", "rules", "--rule", "evil.py:Taste=0.5", "--home", str(hostile)).returncode == 0
    assert mark.exists()


def test_a_study_handed_over_in_code_runs_nothing_unasked(hostile, mark):
    with pytest.raises(BadWorkload, match="allow it with: allow_code=True"):
        advisor.recommend("rules", home=hostile)
    assert not mark.exists()

    advisor.recommend("rules", home=hostile, allow_code=True)

    assert mark.exists()
    assert advisor.Study("rules", hostile).recommend()  # it has run here before


def test_a_search_runs_the_rules_that_it_was_given_and_says_how_to_ask_again(evil, home, mark, inside):
    options = ["--budget=2trials", "--epochs=1", "--optimizers=SGD", "--study=s", "--tracking-uri=off"]
    ended = inside("search", "iris", "--rule=evil.py:Taste", *options, "--home", str(home))
    hint = next(line for line in ended.stdout.splitlines() if "--allow-code" in line).split("advisor ")[1]
    mark.unlink()
    forget()
    refused = inside("recommend", "s", "--home", str(home))

    assert ended.returncode == 0, ended.stderr
    assert refused.returncode == 2
    assert not mark.exists()
    assert inside(*hint.split()).returncode == 0
    assert mark.exists()


def forget():
    """Let this process be as one that has run no code yet."""
    code_consent._USED.clear()
    imports._run.cache_clear()


@pytest.fixture(autouse=True)
def _forget():
    yield
    forget()


def test_an_estimated_ablation_runs_no_code_that_a_study_names(hostile, mark, inside):
    said = inside("ablate", "optimizers", "--estimate", "--home", str(hostile))

    assert said.returncode in {0, 2}, said.stderr
    assert not mark.exists()
