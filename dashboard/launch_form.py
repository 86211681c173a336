"""Launch form: what the page asks of `advisor search`, checked before anything starts.

Names, files and settings come from a browser. Nothing outside the home is read or written: paths are
resolved, links too. Files are data in the forms that the command line reads as data only; code of the user's
own is refused unless the page was started with --allow-code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

from advisor.agents.launch_process import inside
from advisor.goals import USUAL
from studies.datasets.files import Place, endings, names_code, names_file, needs_target
from studies.errors import BadWorkload, StudyError
from studies.storage.home import check_name
from studies.storage.manifest import StudyManifest
from studies.storage.workload_spec import WorkloadSpec

OF_DATA: Final = (
    "source", "target", "task", "time", "group", "split", "model", "metric", "batch_size", "compression",
    "seed",
)  # fmt: skip
"""Fields that `data_problems` looks at."""
ASIDE: Final = ("source", "study", "tracking")
"""Fields that are no options, or not of what is searched for."""
MISFITS: Final = ("task", "time", "group", "split", "metric", "model", "batch_size", "compression")
"""Options that may not fit the data, in the order in which they are blamed."""


@dataclass(frozen=True, kw_only=True)
class LaunchForm:
    """A search as the page asks for it; what is empty is left to the advisor.

    Each field but the first two and `tracking` is an option of `advisor search`, as it is typed there.
    """

    source: str
    """A built-in dataset's name, or the resolved path of a file in the home."""
    study: str
    target: str = ""
    task: str = ""
    time: str = ""
    group: str = ""
    split: str = ""
    model: str = ""
    metric: str = ""
    memory: str = ""
    model_size: str = ""
    latency: str = ""
    train_time: str = ""
    optimizers: str = ""
    """Names with commas between them, as the next one."""
    schedules: str = ""
    batch_size: str = ""
    epochs: int | None = None
    budget: str = "60s"
    goal: str = USUAL
    compression: str = "off"
    workers: str = ""
    seed: int = 0
    tracking: bool = True
    """Whether its runs go to MLflow too."""

    @property
    def options(self) -> dict[str, Any]:
        """Return the options that a user would type, by name: those that are not the usual ones.

        Example:
            >>> LaunchForm(source="iris", study="iris-1", epochs=5).options
            {'epochs': 5, 'budget': '60s'}
        """
        usual = {f.name: "" if f.name == "budget" else f.default for f in fields(self)}
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ASIDE}
        return {name: value for name, value in values.items() if value != usual[name]}

    def arguments(self, home: Path) -> tuple[str, ...]:
        """Return the command line after `advisor`.

        A value never stands alone, so that none is taken for an option.
        """
        place = {
            "study": self.study,
            "tracking-uri": "" if self.tracking else "off",
            "home": str(home.resolve()),
        }
        options = {name.replace("_", "-"): value for name, value in self.options.items()} | place
        words = (f"--{name}={value}" for name, value in options.items() if value != "")
        return ("search", self.source, *words)

    @property
    def of_data(self) -> LaunchForm:
        """Return a form with nothing but what `data_problems` looks at."""
        return LaunchForm(study="", **{name: getattr(self, name) for name in OF_DATA})

    @property
    def is_code(self) -> bool:
        """Tell whether data or model are named as code, which is looked at only when the search starts."""
        return names_code(self.source) or _names_code(self.model)


def problems(form: LaunchForm, home: Path, *, allow_code: bool) -> dict[str, str]:
    """Return what is wrong with a form before the data is opened, by field; as the command line says it.

    Each option is read alone, as `advisor search` reads it; what they do together is said under `""`.

    Args:
        form: what was chosen.
        home: where the study would live.
        allow_code: whether data and model may be named as code.
    """
    from advisor.cli.arguments import SearchArguments

    checks: dict[str, Callable[[], object]] = {
        "source": lambda: check_source(home, form.source, allow_code=allow_code),
        "target": lambda: _check_target(form),
        "model": lambda: check_model(form.model, allow_code=allow_code),
        "study": lambda: check_name(home, form.study),
    }
    wrong = {name: line for name, check in checks.items() if (line := _line(check))}
    for name, value in form.options.items():
        if line := _line(lambda: SearchArguments(source="iris", **{name: value}).request()):  # noqa: B023
            wrong.setdefault(name, line)
    together = _line(lambda: SearchArguments(source="iris", **form.options).request())
    return wrong if wrong or not together else {"": together}


def data_problems(form: LaunchForm) -> dict[str, str]:
    """Return what is wrong with a form whose data is opened, by field: data, model and metric fit together.

    Where an option is to blame is found by leaving it out. The caller has looked for `problems` before.
    """
    line = _line(lambda: _open(form))
    if not line:
        return {}
    blamed = (
        name
        for name in MISFITS
        if name in form.options and not _line(lambda: _open(_without(form, name)))  # noqa: B023
    )
    return {next(blamed, "target" if form.target else "source"): line}


def _without(form: LaunchForm, option: str) -> LaunchForm:
    """Return a form that leaves one option as it usually is."""
    return replace(form, **{option: getattr(LaunchForm, option)})


def _check_target(form: LaunchForm) -> None:
    if form.source and needs_target(form.source) and not form.target:
        raise BadWorkload(f"'{Place.of(form.source).path.name}' needs a target, the column to predict")


def _open(form: LaunchForm) -> None:
    """Open data, model and metric of a form as a search does.

    Raises:
        StudyError: they do not fit together, or the data cannot be trained on.
    """
    from advisor.cli.arguments import SearchArguments
    from advisor.jobs.batch_sizes import batch_sizes
    from advisor.jobs.workloads import check_compressible, open_workload
    from studies.imports import require

    request = SearchArguments(source=form.source, **form.options).request()
    workload = open_workload(request)
    batch_sizes(request.batch_size, workload.rows)
    if form.compression != "off":
        require("onnxruntime", "compression", "--compression")
        check_compressible(workload.spec())


def _line(check: Callable[[], object]) -> str:
    """Return the line that a check raises; empty where it raises none."""
    try:
        check()
    except StudyError as error:
        return str(error)
    return ""


def check_source(home: Path, source: str, *, allow_code: bool) -> None:
    """Check that data is a built-in dataset or a file in the home.

    Raises:
        BadWorkload: it is neither, or code that is not allowed.
    """
    from studies.data.opening import built_ins

    if not source:
        raise BadWorkload("choose the data first")
    if source.lower() in built_ins():
        return
    if names_code(source):
        _refuse_code(source, allow_code=allow_code)
        return
    place = Place.of(source)
    if not place.ending:
        known, name = ", ".join(endings()), place.path.name
        raise BadWorkload(f"'{name}' is no file that is read here; give one that ends with {known}")
    if not inside(home, place.path).is_file():
        raise BadWorkload(f"no file '{source}' in the home; upload it, or copy it there")


def check_model(model: str, *, allow_code: bool) -> None:
    """Check that a model is one of the catalogue, or allowed code.

    Raises:
        StudyError: it is neither.
    """
    from studies import catalogue

    if model and _names_code(model):
        _refuse_code(model, allow_code=allow_code)
    elif model:
        catalogue.find("model", model)


def own_code(manifest: StudyManifest) -> str:
    """Return the first piece of the user's own code that resuming a study would run; empty without any."""
    spec = manifest.workload or WorkloadSpec()
    named = ["" if names_file(spec.source) else spec.source, spec.model, spec.metric]
    named += [
        spec.factory,
        *manifest.code,
        *manifest.candidates,
        *(rule.partition("=")[0] for rule in manifest.rules),
    ]
    if compressing := manifest.compression_study:
        named += [compressing.teacher, *compressing.students]
    return next((name for name in named if name and _names_code(name)), "")


def _names_code(name: str) -> bool:
    """Tell whether a name is written as `module:name` or `file.py:name`."""
    return ":" in name


def _refuse_code(name: str, *, allow_code: bool) -> None:
    if not allow_code:
        raise BadWorkload(
            f"'{name}' is code, which this page does not run; start it with: advisor dashboard --allow-code"
        )
