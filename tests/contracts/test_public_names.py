"""Public names: each is documented, with an example that runs."""

from __future__ import annotations

import doctest
import inspect
import types

import pytest

import advisor
from studies.optimizers import OptimizerChoice

OF_MODULES = [
    (f"{name}.{inner}", getattr(module, inner))
    for name in advisor.__all__
    if isinstance(module := getattr(advisor, name), types.ModuleType)
    for inner in getattr(module, "__all__", ())
]
PUBLIC = [(name, getattr(advisor, name)) for name in advisor.__all__] + OF_MODULES
PUBLIC += [("Recipe.build", advisor.Recipe.build), ("optimizers.X.build", OptimizerChoice.build)]
FUNCTIONS = [entry for entry in PUBLIC if inspect.isfunction(entry[1])]


@pytest.mark.parametrize(("name", "thing"), PUBLIC, ids=[name for name, _ in PUBLIC])
def test_a_public_name_has_an_example_that_runs(name, thing, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ADVISOR_HOME", raising=False)
    tests = doctest.DocTestParser().get_doctest(inspect.getdoc(thing) or "", {}, name, None, 0)
    assert tests.examples, f"{name} has no example"
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(tests, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize(("name", "thing"), FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_a_public_function_documents_arguments_and_errors(name, thing):
    text = inspect.getdoc(thing)
    arguments = set(inspect.signature(thing).parameters) - {"self"}
    assert {word for word in arguments if f"    {word}: " not in text} == set()
    assert "Raises:" in text
