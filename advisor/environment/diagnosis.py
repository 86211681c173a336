"""Diagnosis of the environment: versions, devices, memory, speed, what is optional and missing."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from studies.errors import StudyError, named_line
from studies.machine.cores import usable_cores
from studies.machine.memory import free_bytes, memory_bytes
from studies.quantities import format_bytes

PACKAGE: Final = "optimizer-advisor"
NEEDED: Final = (
    "torch", "optuna", "scikit-learn", "mlflow", "streamlit", "plotly", "pandas", "numpy", "pyarrow", "typer",
)  # fmt: skip
EXTRAS: Final = {
    "optimizers": ("pytorch_optimizer", "more optimizers: Adan, SOAP, Prodigy and others"),
    "compression": ("torch_pruning", "models made small"),
    "quant": ("torchao", "training in fewer bits"),
    "data": ("mlxtend", "more built-in data"),
    "duckdb": ("duckdb", "DuckDB files"),
    "lightning": ("lightning", "advisor.lightning"),
    "transformers": ("transformers", "advisor.transformers"),
    "mcp": ("mcp", "advisor mcp"),
    "notebook": ("ipykernel", "notebooks"),
}
"""For each extra, a package of it and what it is for."""
SIZE: Final = 512
"""Rows and columns of the matrices that the speed is measured with."""


@dataclass(frozen=True, kw_only=True)
class EnvironmentFact:
    """Environment fact: one line of a diagnosis."""

    name: str
    state: str
    """ok | note: something optional is missing | broken: something needed is."""
    says: str
    do: str = ""
    """A command that helps; empty where nothing must be done."""


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Diagnosis: all facts about the environment, which print a line each."""

    facts: tuple[EnvironmentFact, ...]

    @property
    def broken(self) -> tuple[EnvironmentFact, ...]:
        """Return what must be mended before anything works."""
        return tuple(fact for fact in self.facts if fact.state == "broken")

    def to_dict(self) -> dict[str, Any]:
        """Return what `advisor doctor --json` prints."""
        return {"ok": not self.broken, "facts": [asdict(fact) for fact in self.facts]}

    def __str__(self) -> str:
        width = max(len(fact.name) for fact in self.facts)
        return "\n".join(
            f"{fact.state:<6}  {fact.name:<{width}}  {fact.says}" + (f"; {fact.do}" if fact.do else "")
            for fact in self.facts
        )


def diagnose(home: Path) -> Diagnosis:
    """Return what can be said of this environment; nothing is trained, and the network is left alone.

    Args:
        home: where studies would live; it is tried out whether it can be written.
    """
    facts = [_python(), *_versions(), *_machine(), *_extras(), _browser(), _home(home), _tracking()]
    return Diagnosis(facts=tuple(facts))


def _python() -> EnvironmentFact:
    says = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"
    return EnvironmentFact(name="Python", state="ok", says=says)


def _versions() -> Iterator[EnvironmentFact]:
    yield EnvironmentFact(name=PACKAGE, state="ok", says=version(PACKAGE))
    tested = _tested()
    for package in NEEDED:
        yield _version(package, tested.get(package, ""))


def _version(package: str, specifier: str) -> EnvironmentFact:
    try:
        installed = version(package)
    except PackageNotFoundError:
        says = "is not installed"
    else:
        if _fits(installed, specifier):
            return EnvironmentFact(name=package, state="ok", says=installed)
        says = f"{installed}, not among the tested {specifier}"
    do = f"pip install '{package}{specifier}'"
    return EnvironmentFact(name=package, state="broken", says=says, do=do)


def _tested() -> dict[str, str]:
    """Return the versions of each needed package that this one was tested with, as it declares them."""
    lines = [line for line in requires(PACKAGE) or () if "extra ==" not in line]
    parts = [re.match(r"([A-Za-z0-9._-]+)\s*(.*)", line) for line in lines]
    return {part[1].lower(): part[2].strip() for part in parts if part}


def _fits(installed: str, specifier: str) -> bool:
    """Tell whether a version is in a range; where nothing can compare them, that it is."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return True
    return SpecifierSet(specifier).contains(installed.partition("+")[0], prereleases=True)


def _machine() -> Iterator[EnvironmentFact]:
    yield EnvironmentFact(name="cores", state="ok", says=f"{usable_cores()} of {os.cpu_count()} may be used")
    most, free = memory_bytes(), format_bytes(free_bytes())
    of_all = f" of {format_bytes(most)}" if most else ""
    yield EnvironmentFact(name="memory", state="ok", says=f"{free}{of_all} may be used now")
    yield from _torch()


def _torch() -> Iterator[EnvironmentFact]:
    """Yield the devices and the speed of torch, or why it cannot be imported."""
    try:
        import torch
    except Exception as error:  # noqa: BLE001 - a broken build fails in many ways
        do = "reinstall it: pip install --force-reinstall torch"
        yield EnvironmentFact(name="torch", state="broken", says=named_line(error, longest=200), do=do)
        return
    devices = ["cpu"]
    if torch.cuda.is_available():
        devices += [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    threads = torch.get_num_threads()
    yield EnvironmentFact(name="devices", state="ok", says=f"{', '.join(devices)}; {threads} torch threads")
    speed = _gigaflops()
    says = f"{speed:.0f} GFLOP/s in products of {SIZE} x {SIZE} matrices on the CPU (float32)"
    yield EnvironmentFact(name="speed", state="ok", says=says)
    yield _workers()


def _workers() -> EnvironmentFact:
    """Return how many trials a search of a small model would train at a time."""
    from advisor.jobs.room import Room
    from advisor.jobs.workers import AUTO, why_so_many
    from advisor.jobs.workloads import pick_device

    reason = why_so_many(AUTO, Room.for_small_models(pick_device(AUTO))).removesuffix(".")
    return EnvironmentFact(name="workers", state="ok", says=f"a search of a small model takes {reason}")


def _gigaflops() -> float:
    """Return how many billion operations a second a product of matrices does, the best of five."""
    import torch

    matrix = torch.ones(SIZE, SIZE)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        matrix @ matrix
        times.append(time.perf_counter() - start)
    return 2 * SIZE**3 / min(times) / 1e9


def _extras() -> Iterator[EnvironmentFact]:
    for extra, (module, purpose) in EXTRAS.items():
        if find_spec(module):
            yield EnvironmentFact(name=f"[{extra}]", state="ok", says=f"is installed ({purpose})")
        else:
            do = f"pip install '{PACKAGE}[{extra}]'"
            yield EnvironmentFact(
                name=f"[{extra}]", state="note", says=f"is not installed ({purpose})", do=do
            )


def _browser() -> EnvironmentFact:
    from advisor.browser import find_browser

    try:
        return EnvironmentFact(name="browser", state="ok", says=f"{find_browser()}, for PNG, SVG and PDF")
    except StudyError as error:
        return EnvironmentFact(name="browser", state="note", says=str(error))


def _home(home: Path) -> EnvironmentFact:
    from studies.storage.home import study_names

    parent = next(folder for folder in (home, *home.absolute().parents) if folder.is_dir())
    if not os.access(parent, os.W_OK):
        do = "choose another with --home or ADVISOR_HOME"
        return EnvironmentFact(name="home", state="broken", says=f"{home} cannot be written", do=do)
    count = len(study_names(home))
    free = format_bytes(shutil.disk_usage(parent).free)
    return EnvironmentFact(
        name="home",
        state="ok",
        says=f"{home}: {count} {'study' if count == 1 else 'studies'}, {free} free on the disk",
    )


def _tracking() -> EnvironmentFact:
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        return EnvironmentFact(name="MLflow", state="ok", says="runs go to mlflow.db in the home")
    from studies.tracking.address import check_address, hidden

    try:
        check_address(uri)
    except StudyError as error:
        do = "or search with --tracking-uri off"
        return EnvironmentFact(name="MLflow", state="note", says=str(error), do=do)
    return EnvironmentFact(name="MLflow", state="ok", says=f"$MLFLOW_TRACKING_URI is {hidden(uri)}")
