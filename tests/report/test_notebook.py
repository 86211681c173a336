"""Notebooks: a search shows its progress in its cell, the stop button ends it with the answer."""

import asyncio
import os
import threading
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager
from nbclient import NotebookClient

import advisor as api
from advisor import Study
from advisor.notebook import in_kernel
from studies.errors import StudyNotFound
from studies.record import Record

from waiting import HANG_SECONDS

EXAMPLE = Path(__file__).parents[2] / "examples" / "notebook.ipynb"
QUICK = {"budget": "4trials", "epochs": 2, "optimizers": "AdamW,SGD", "tracking_uri": "off"}


@pytest.fixture
def search(home):
    return lambda **options: api.search("iris", home=home, **QUICK | options)


def test_the_example_runs_in_a_real_kernel_and_shows_profile_progress_study_and_answer(tmp_path):
    notebook = nbformat.read(EXAMPLE, as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "strip the outputs before a commit"
    client = NotebookClient(notebook, timeout=HANG_SECONDS, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()

    profile, searched, answer, figures, _ = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert "Memory while training" in html(profile)[-1]
    progress, study = html(searched)
    assert "whole runs" in progress
    assert "trials: " in progress
    assert "Quality against cost" in study
    assert "Recipe" in html(answer)[-1]
    assert figures.outputs[-1]["data"]["text/plain"].startswith("('")
    assert (tmp_path / "iris-report.html").exists()
    assert not any(out.get("name") == "stderr" and "Error" in out["text"] for out in searched.outputs)


def html(cell):
    return [out["data"]["text/html"] for out in cell.outputs if "text/html" in out.get("data", {})]


def test_the_stop_button_ends_a_search_with_the_answer_and_the_kernel_goes_on(tmp_path):
    kernel = KernelManager(kernel_name="python3")
    kernel.start_kernel(cwd=str(tmp_path), env=os.environ | {"ADVISOR_HOME": str(tmp_path / "home")})
    client = kernel.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=HANG_SECONDS)
        asked = client.execute(
            "import advisor\nstudy = advisor.search('iris', budget='1h', optimizers='AdamW,SGD',"
            " tracking_uri='off')\nstudy"
        )
        messages = said(client, asked, until=lambda text: "race" in text and "complete" in text)
        kernel.interrupt_kernel()
        messages += said(client, asked)
        reply = client.get_shell_msg(timeout=HANG_SECONDS)["content"]
        assert reply["status"] == "ok", reply
        assert "go on with: advisor.resume('iris-1')" in "".join(messages)
        assert "Validation accuracy" in messages[-1]
        after = client.execute("print(len(advisor.recommend(study).trials) > 0)")
        assert "True" in "".join(said(client, after))
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)


def said(client, asked, until=None):
    """Return what a cell shows from now on, to its end or until something shows what is waited for."""
    texts = []
    while True:
        message = client.get_iopub_msg(timeout=HANG_SECONDS)
        content = message["content"]
        if message["parent_header"].get("msg_id") != asked:
            continue
        if message["msg_type"] == "status" and content["execution_state"] == "idle":
            return texts
        data = content.get("data", {})
        texts.append(content.get("text") or data.get("text/html") or data.get("text/plain") or "")
        if until is not None and until(texts[-1]):
            return texts


def test_a_search_returns_its_name_that_knows_its_home(search, home):
    study = search()
    assert isinstance(study, Study)
    assert (study, study.name, type(study.name), study.home) == ("iris-1", "iris-1", str, home)
    assert study.recommend() == api.recommend(study) == api.recommend("iris-1", home=home)
    assert {study: 1}["iris-1"] == 1

    again = deepcopy(study)  # as pickle does it
    assert (again, again.home) == (study, home)


def test_resume_takes_the_study_and_finds_its_home(search, home):
    again = api.resume(search(), budget="6trials")
    assert (again, again.home) == ("iris-1", home)


def test_a_study_that_is_gone_is_refused_in_words(home):
    with pytest.raises(StudyNotFound, match="nobody"):
        Study("nobody", home=home).recommend()


def test_a_program_is_no_notebook():
    assert not in_kernel()


def test_listening_is_as_before(search):
    events = []
    search(listen=events.append)
    assert any(isinstance(event.record, Record) for event in events)


def test_it_searches_from_a_thread_and_inside_a_running_loop(search):
    answers = []
    thread = threading.Thread(target=lambda: answers.append(search(study="in-thread")))
    thread.start()
    thread.join()

    async def inside():
        answers.append(search(study="in-loop"))

    asyncio.run(inside())
    assert answers == ["in-thread", "in-loop"]
