"""Workers: as many as cores, memory and GPUs bear, at least one, with the reason in the same numbers."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor.jobs.request import Request
from advisor.jobs.room import CONTEXT_BYTES, SHARE, WORKER_BYTES, Room, bytes_of_rows, hungriest_bytes
from advisor.jobs.session import prepare
from advisor.jobs.workers import devices, most_bytes, why_so_many, worker_count
from studies.limits import Limits
from studies.machine.cores import usable_cores
from studies.storage import journal

GIB = 2**30
sizes = st.integers(0, 2**42)
rooms = st.builds(
    Room,
    cores=st.integers(1, 256),
    threads=st.integers(1, 64),
    free_bytes=sizes,
    peak_bytes=st.integers(1, 2**40),
    data_bytes=st.integers(0, 2**40),
    gpu_bytes=st.lists(sizes, max_size=8).map(tuple),
)


@given(room=rooms)
def test_auto_takes_at_least_one_and_no_more_than_each_bound(room):
    count = worker_count("auto", room)

    assert count >= 1
    assert count == 1 or count * room.threads <= room.cores
    tensors = 0 if room.gpu_bytes else room.peak_bytes
    assert count == 1 or count * (WORKER_BYTES + room.data_bytes + tensors) <= SHARE * room.free_bytes


@given(room=rooms.filter(lambda room: room.gpu_bytes))
def test_trials_on_a_gpu_fit_on_it_together(room):
    places = devices(worker_count("auto", room), "cuda", room)

    for number, size in enumerate(room.gpu_bytes):
        on_it = places.count(f"cuda:{number}") if len(room.gpu_bytes) > 1 else len(places)
        assert on_it <= 1 or on_it * (CONTEXT_BYTES + room.peak_bytes) <= SHARE * size


@given(room=rooms, asked_for=st.integers(0, 1000))
def test_a_number_that_was_asked_for_is_taken(room, asked_for):
    assert worker_count(asked_for, room) == asked_for
    assert "as asked" in why_so_many(asked_for, room)


@given(room=rooms)
def test_the_reason_begins_with_the_count_and_ends_as_one_sentence(room):
    reason = why_so_many("auto", room)

    count = worker_count("auto", room)
    assert reason.startswith(f"{count} worker{'' if count == 1 else 's'}: ")
    assert reason.endswith(".")
    assert "\n" not in reason


@given(room=rooms)
def test_the_bound_that_the_reason_names_as_room_left_is_no_less_than_the_count(room):
    others = re.findall(r"would bear (\d+)", why_so_many("auto", room))

    assert others
    assert all(int(other) >= worker_count("auto", room) for other in others)


def test_the_reason_reads_as_a_person_would_say_it():
    room = Room(cores=2, free_bytes=12 * GIB)
    assert why_so_many("auto", room) == "2 workers: 2 cores, 1 thread each; memory would bear 12."

    narrow = Room(cores=16, free_bytes=8 * GIB, peak_bytes=3 * GIB)
    assert why_so_many("auto", narrow) == (
        "1 worker: 8 GiB of free memory, 3.29 GiB each at most; 16 cores would bear 16."
    )
    assert why_so_many(3, room) == (
        "3 workers, as asked; auto would take 2 (2 cores, 1 thread each; memory would bear 12)."
    )
    gpu = Room(cores=16, free_bytes=64 * GIB, gpu_bytes=(16 * GIB,), peak_bytes=2 * GIB)
    assert why_so_many("auto", gpu) == (
        "4 workers: 1 GPU with 16 GiB free for 4; 16 cores, 1 thread each would bear 16."
    )


@given(room=rooms, count=st.integers(1, 300), gpus=st.sampled_from(["cuda", "cuda:1", "cpu", "mps"]))
def test_every_worker_is_told_one_device_of_the_kind_asked_for(room, count, gpus):
    places = devices(count, gpus, room)

    assert len(places) == count
    assert all(place.startswith(gpus) for place in places)


def test_several_gpus_are_used_in_turn():
    room = Room(cores=16, free_bytes=64 * GIB, gpu_bytes=(16 * GIB, 4 * GIB, 16 * GIB), peak_bytes=2 * GIB)
    assert devices(6, "cuda", room) == ("cuda:0", "cuda:1", "cuda:2", "cuda:0", "cuda:2", "cuda:0")


@given(room=rooms, limit=st.integers(1, 2**42), count=st.integers(1, 64))
def test_a_worker_may_take_more_than_the_limit_on_its_tensors(room, limit, count):
    assert most_bytes(Limits(train_bytes=limit), room, count) > limit + room.data_bytes + WORKER_BYTES


@given(room=rooms.filter(lambda room: not room.gpu_bytes))
def test_without_a_limit_auto_workers_have_their_share_and_room_for_the_hungriest_trial(room):
    count = worker_count("auto", room)

    most = most_bytes(Limits(), room, count)

    assert most > room.worker_bytes
    assert most >= int(SHARE * room.free_bytes) // count


@pytest.mark.parametrize("count", [0, 1])
def test_no_worker_of_its_own_counts_as_one(count):
    room = Room(cores=2, free_bytes=10 * GIB)
    assert most_bytes(Limits(), room, count) == int(SHARE * 10 * GIB)


def test_the_room_of_a_plan_is_for_its_hungriest_trial(tmp_path):
    """At the largest batch that a search may try; a limit on memory caps it."""
    session = prepare(Request.of("iris", memory="64MiB", budget="2trials", tracking_uri="off"), tmp_path)
    facts = journal.manifest_of(journal.open_study(tmp_path, session.name)).profiled
    plan = session.plan

    rows = plan.batch_size[2]
    peaks = [facts.forecast(name).at(rows).peak_bytes for name in plan.candidates]
    assert hungriest_bytes(plan, facts) == max(peaks)
    assert hungriest_bytes(replace(plan, limits=Limits(train_bytes=1000)), facts) == 1000
    assert hungriest_bytes(plan, replace(facts, forecasts=(), parameters=10**9)) == 64 * 2**20

    assert Room.of(replace(plan, lockstep=4), facts).peak_bytes == 4 * max(peaks)
    room = Room.of(plan, facts, data_bytes=bytes_of_rows(session.workload))
    assert room.data_bytes == 150 * 4 * 4  # rows, columns, bytes of a number
    assert (room.cores, room.threads, room.gpu_bytes) == (usable_cores(), plan.threads, ())
    assert room.peak_bytes == max(peaks)
