"""Threads of training: one, unless a single trial runs at a time and a step was measured faster with more."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from advisor.jobs.room import Room, threads_of
from studies.facts import Facts
from studies.limits import Budget
from studies.machine.cores import usable_cores
from studies.measure.threads import THREADING_MACS, most_threads
from studies.models.mlp import MLP
from studies.profiling.profile import profile
from studies.workload_opening import open_source

SECONDS, TRIALS = Budget(seconds=60), Budget(trials=40)
LARGE = Facts(quick_threads=4, macs=THREADING_MACS, batch_size=32)
ROOMY, NARROW = (Room(cores=16, free_bytes=gib * 2**30, peak_bytes=4 * 2**30) for gib in (999, 6))


def test_a_single_worker_gets_the_threads_that_a_step_gains_by():
    assert threads_of(ROOMY, LARGE, SECONDS, 1) == 4
    assert threads_of(NARROW, LARGE, SECONDS, "auto") == 4


@pytest.mark.parametrize(("room", "workers"), [(ROOMY, "auto"), (ROOMY, 2), (NARROW, 2), (ROOMY, 0)])
def test_trials_beside_each_other_or_in_our_own_process_get_one(room, workers):
    assert threads_of(room, LARGE, SECONDS, workers) == 1


@pytest.mark.parametrize("room", [ROOMY, NARROW])
def test_in_a_search_by_trials_neither_the_clock_nor_the_workers_decide(room, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    counts = {
        threads_of(room, replace(LARGE, quick_threads=threads), TRIALS, workers)
        for threads in (1, 8)
        for workers in ("auto", 0, 1, 3)
    }

    assert counts == {1 if room is ROOMY else usable_cores()}
    assert threads_of(room, replace(LARGE, macs=10), TRIALS, 1) == 1


def test_training_on_a_gpu_takes_one_thread():
    assert threads_of(NARROW, replace(LARGE, device="cuda"), SECONDS, 1) == 1


def test_a_small_step_is_never_given_a_second_thread(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()

    assert profile(open_source("iris"), batch_size=32, epochs=1).quick_threads == 1
    assert torch.get_num_threads() == before


def test_a_large_step_is_given_at_most_what_omp_num_threads_says(monkeypatch):
    workload = replace(open_source("wine"), model=MLP(width=2048, depth=2))
    for bound in (1, 2):
        monkeypatch.setenv("OMP_NUM_THREADS", str(bound))
        facts = profile(workload, batch_size=32, epochs=1)

        assert 1 <= facts.quick_threads <= min(bound, most_threads())
