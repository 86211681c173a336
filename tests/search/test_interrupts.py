"""Interrupts of a search that a program calls: the study comes back, with a note of how to go on."""

import logging
import os
import signal
import threading

import pytest

import advisor

from listeners import At

ASK = {"budget": "2h", "optimizers": "AdamW,SGD", "epochs": 2, "tracking_uri": "off", "fair": "strict"}


def interrupting(times=1):
    """Return a listener that presses Ctrl-C so many times once three trials ended."""

    def press():
        for _ in range(times):
            os.kill(os.getpid(), signal.SIGINT)

    return At(3, press)


def test_a_search_that_is_interrupted_returns_its_study_and_says_how_to_go_on(home, caplog):
    study = advisor.search("iris", listen=interrupting(), **ASK)

    assert advisor.recommend(study).trials
    assert "go on with: advisor.resume('iris-1')" in caplog.text
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert advisor.resume(study, budget="9trials") == study


def test_another_home_is_named_in_how_to_go_on(tmp_path, caplog):
    advisor.search("iris", home=tmp_path / "other", listen=interrupting(), **ASK)

    assert f"go on with: advisor.resume('iris-1', home='{tmp_path / 'other'}')" in caplog.text


def test_a_second_interrupt_is_raised_at_once(home):
    listener = interrupting(times=2)
    with pytest.raises(KeyboardInterrupt):
        advisor.search("iris", listen=listener, **ASK)

    assert listener.trials == 3
    assert advisor.resume("iris-1", budget="4trials").recommend().trials


def test_an_interrupt_before_anything_was_tried_still_returns_the_study(home):
    def at_once(event):
        os.kill(os.getpid(), signal.SIGINT)

    assert advisor.search("iris", listen=at_once, **ASK) == "iris-1"


def test_a_program_that_handles_ctrl_c_itself_keeps_its_handler_and_gets_the_study(home, caplog):
    pressed = []

    def handler(number, frame):
        pressed.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, handler)
    try:
        study = advisor.search("iris", listen=interrupting(), **ASK)
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)

    assert pressed == [signal.SIGINT]
    assert advisor.recommend(study).trials
    assert "go on with" in caplog.text


def test_before_there_is_a_study_the_interrupt_is_raised(home):
    def fit(recipe, report, seed):
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait()

    with pytest.raises(KeyboardInterrupt):
        advisor.search(fit, budget="3trials", tracking_uri="off")
    assert not list((home / "studies").glob("*.journal"))


def test_a_search_in_another_thread_leaves_ctrl_c_to_the_main_one(home, caplog):
    caplog.set_level(logging.WARNING)
    studies, ended = [], threading.Event()

    def search():
        studies.append(advisor.search("iris", listen=interrupting(), **(ASK | {"budget": "6trials"})))
        ended.set()

    threading.Thread(target=search).start()
    with pytest.raises(KeyboardInterrupt):
        ended.wait()
    ended.wait()

    assert advisor.recommend(studies[0]).trials
    assert "stopped" not in caplog.text
