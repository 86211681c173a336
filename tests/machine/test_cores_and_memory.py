"""What a process may use of a machine is the least that affinity, control groups and memory say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studies.machine.cores import thread_bound, usable_cores
from studies.machine.memory import UNKNOWN_BYTES, free_bytes, memory_bytes
from studies.measure.threads import most_threads

GIB = 2**30
MOUNTS = {
    1: "33 31 0:30 {inside} /sys/fs/cgroup/{controller} rw,relatime - cgroup cgroup rw,{controller}\n",
    2: "41 31 0:38 {inside} /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw\n",
}
LIMIT_FILES = {1: ("memory.limit_in_bytes", "memory.usage_in_bytes"), 2: ("memory.max", "memory.current")}


def machine(
    root: Path, *, version: int, group: str = "/", inside: str = "/", available: int = 16 * GIB
) -> Path:
    """Write the files of a machine with control groups of one version under `root`."""
    proc = root / "proc" / "self"
    proc.mkdir(parents=True, exist_ok=True)
    controllers = ("cpu", "memory") if version == 1 else ("",)
    lines = [f"{number if version == 1 else 0}:{name}:{group}" for number, name in enumerate(controllers, 3)]
    (proc / "cgroup").write_text("\n".join(lines) + "\n")
    mounts = [MOUNTS[version].format(inside=inside, controller=name) for name in controllers]
    (proc / "mountinfo").write_text("22 1 0:20 / / rw - ext4 /dev/vda rw\n" + "".join(mounts))
    meminfo = f"MemTotal: {16 * GIB // 1024} kB\nMemAvailable: {available // 1024} kB\n"
    (root / "proc" / "meminfo").write_text(meminfo)
    return root


def group_folder(root: Path, version: int, controller: str, path: str) -> Path:
    top = root / "sys/fs/cgroup" / (controller if version == 1 else "")
    folder = top / path.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def limit_cores(root: Path, version: int, path: str, quota: int, period: int = 100_000) -> None:
    folder = group_folder(root, version, "cpu", path)
    if version == 1:
        (folder / "cpu.cfs_quota_us").write_text(f"{quota}\n")
        (folder / "cpu.cfs_period_us").write_text(f"{period}\n")
    else:
        (folder / "cpu.max").write_text(f"{'max' if quota < 0 else quota} {period}\n")


def limit_memory(root: Path, version: int, path: str, limit: int, used: int = 0, cached: int = 0) -> None:
    folder = group_folder(root, version, "memory", path)
    for name, value in zip(LIMIT_FILES[version], (limit, used), strict=True):
        (folder / name).write_text(f"{value}\n")
    prefix = "total_" if version == 1 else ""
    (folder / "memory.stat").write_text(f"{prefix}inactive_file {cached}\n{prefix}active_file 0\n")


versions = pytest.mark.parametrize("version", [1, 2])


@versions
def test_a_quota_of_the_own_group_or_of_one_around_it_bounds_the_cores(tmp_path, version):
    root = machine(tmp_path, version=version, group="/jobs/mine")
    limit_cores(root, version, "/jobs/mine", 800_000)
    assert usable_cores(affinity=64, root=root) == 8

    limit_cores(root, version, "/jobs", 350_000)

    assert usable_cores(affinity=64, root=root) == 3
    assert usable_cores(affinity=2, root=root) == 2


@versions
def test_a_group_without_a_quota_leaves_the_cores_of_the_affinity(tmp_path, version):
    root = machine(tmp_path, version=version)
    limit_cores(root, version, "/", -1)

    assert usable_cores(affinity=5, root=root) == 5


@versions
def test_half_a_core_still_counts_as_one(tmp_path, version):
    root = machine(tmp_path, version=version)
    limit_cores(root, version, "/", 50_000)

    assert usable_cores(affinity=8, root=root) == 1


@versions
def test_a_container_that_sees_its_own_group_alone_reads_its_limits_there(tmp_path, version):
    """The table of mounts names the group that is seen; /proc/self/cgroup names it from outside."""
    root = machine(tmp_path, version=version, group="/docker/abc", inside="/docker/abc")
    limit_cores(root, version, "/", 200_000)
    limit_memory(root, version, "/", 2 * GIB)

    assert usable_cores(affinity=8, root=root) == 2
    assert memory_bytes(root=root) == 2 * GIB


@versions
def test_memory_is_the_least_of_the_machine_and_of_all_groups_around(tmp_path, version):
    root = machine(tmp_path, version=version, group="/jobs/mine")
    assert memory_bytes(root=root) == 16 * GIB

    limit_memory(root, version, "/jobs/mine", 8 * GIB, used=GIB)
    limit_memory(root, version, "/jobs", 4 * GIB, used=3 * GIB, cached=GIB)

    assert memory_bytes(root=root) == 4 * GIB
    assert free_bytes(root=root) == 2 * GIB  # what the kernel caches of files can be had


@versions
@pytest.mark.parametrize("available", [GIB, 3 * GIB])
def test_memory_that_others_on_the_machine_use_is_not_free(tmp_path, version, available):
    root = machine(tmp_path, version=version, available=available)
    limit_memory(root, version, "/", 2 * GIB)

    assert free_bytes(root=root) == min(available, 2 * GIB)


def test_a_group_without_a_limit_changes_nothing(tmp_path):
    root = machine(tmp_path, version=2)
    (group_folder(root, 2, "memory", "/") / "memory.max").write_text("max\n")

    assert memory_bytes(root=root) == 16 * GIB


def test_a_machine_that_says_nothing_has_a_core_and_an_assumed_memory(tmp_path):
    assert usable_cores(affinity=0, root=tmp_path) == 1
    assert memory_bytes(root=tmp_path) is None
    assert free_bytes(root=tmp_path) == UNKNOWN_BYTES


@given(
    files=st.dictionaries(
        st.sampled_from([
            "proc/self/cgroup", "proc/self/mountinfo", "proc/meminfo", "sys/fs/cgroup/cpu.max",
            "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory.current", "sys/fs/cgroup/memory.stat",
        ]),
        st.text("0123456789 -:/\nmaxcgroup2,..", max_size=60) | st.just("0::/\n")
        | st.just(MOUNTS[2].format(inside="/")) | st.just("MemTotal: 4096 kB\nMemAvailable:"),
    )
)  # fmt: skip
def test_no_content_of_the_files_is_an_error(tmp_path_factory, files):
    root = tmp_path_factory.mktemp("root")
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)

    assert 1 <= usable_cores(affinity=4, root=root) <= 4
    assert free_bytes(root=root) >= 0
    memory_bytes(root=root)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is a thing of Linux")
def test_the_affinity_of_this_very_process_is_heeded():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.parametrize(
    ("text", "bound"),
    [("3", 3), ("4,2", 4), (" 2 ", 2), ("0", None), ("", None), ("many", None), ("-1", None), ("²", None)],
)
def test_omp_num_threads_is_read_as_openmp_does(text, bound):
    assert thread_bound({"OMP_NUM_THREADS": text}) == bound


def test_no_more_threads_run_than_there_are_cores_or_omp_num_threads_says(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert most_threads() == 1

    monkeypatch.setenv("OMP_NUM_THREADS", "10000")
    assert most_threads() == usable_cores()

    monkeypatch.delenv("OMP_NUM_THREADS")
    assert most_threads() == usable_cores()


def test_nothing_heavy_is_imported_to_ask():
    code = "import sys, studies.machine.cores, studies.machine.memory; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
