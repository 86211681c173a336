"""The checks in lint/ find what they are for, and nothing else."""

from __future__ import annotations

import sys

import pytest

from lint import circles, names

BINDINGS = {
    "assignment": "found = 1",
    "annotated": "kept: int = 1",
    "unpacked": "value, (own, *rest) = 1, (2, 3)",
    "walrus": "print(seen := 1)",
    "loop": "for one in (): ...",
    "comprehension": "[0 for given in ()]",
    "with": "with open('x') as held: ...",
    "parameter": "def fit(*, mine=0): ...",
    "starred": "def fit(*told): ...",
    "keywords": "def fit(**asked): ...",
    "lambda": "lambda one: 0",
    "function": "def told(): ...",
    "class": "class kept: ...",
    "exception": "try: ...\nexcept OSError as seen: ...",
    "pattern": "match 1:\n    case int() as found: ...",
    "import": "import torch as own",
}


@pytest.mark.parametrize("source", BINDINGS.values(), ids=BINDINGS)
def test_a_filler_word_is_found_wherever_it_is_bound(source):
    assert len(names.fillers(source)) == 1


def test_a_filler_word_that_is_only_read_or_part_of_a_name_is_none():
    assert names.fillers("self.kept = kept.found(one=1)\nfound_rows = told['own']\nimport one.two\n") == []


def test_places_are_told_by_file_and_line(tmp_path, capsys):
    (tmp_path / "a.py").write_text("rows = 1\nfound = 2\n")

    assert names.main([str(tmp_path)]) == 1
    assert (
        capsys.readouterr().out
        == f"{tmp_path / 'a.py'}:2: found says nothing of what it holds; name it for that\n"
    )
    (tmp_path / "a.py").write_text("rows = 1\n")
    assert names.main([str(tmp_path)]) == 0
    with pytest.raises(SystemExit, match="no Python file lies in nowhere"):
        names.main(["nowhere"])


ROUND = {
    "at the top": ("from {0} import b", "from {0} import a"),
    "for types alone": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {0}.b import B",
        "from {0}.a import A",
    ),
    "in a function": ("def read():\n    from {0}.b import B", "from {0}.a import A"),
    "through the package": ("from {0} import A", None),
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes a package of two files and returns its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(first, second):
        name = tmp_path.name
        (tmp_path / name).mkdir()
        init = "" if second is not None else f"from {name}.a import B\n"
        for file, source in (
            ("__init__", init),
            ("a", first.format(name)),
            ("b", (second or "").format(name)),
        ):
            (tmp_path / name / f"{file}.py").write_text(source)
        return name

    return write


@pytest.mark.parametrize("sources", ROUND.values(), ids=ROUND)
def test_a_circle_is_found(sources, package, capsys):
    name = package(*sources)
    modules = circles.circle(name)

    assert modules[0] == modules[-1]
    assert len(set(modules)) == 2
    assert circles.main([name]) == 1
    assert capsys.readouterr().out.startswith(f"imports go round: {name}")


def test_imports_that_run_one_way_are_no_circle(package):
    name = package("def read():\n    from {0}.b import B", "")

    assert circles.circle(name) == ()
    assert circles.main([name]) == 0
    assert name not in sys.modules
