"""Arguments of the commands that start from a workload: a typed value for each, its fields in help order."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_type_hints

import typer

from advisor.cli.config import read_config, write_config
from advisor.cli.options import (
    BatchSize,
    BudgetText,
    ClassWeights,
    Compiling,
    Compression,
    Config,
    Device,
    Direction,
    EarlierStudies,
    Epochs,
    Everything,
    Exhaust,
    Fair,
    Full,
    Goal,
    Group,
    Home,
    Json,
    Latency,
    Lockstep,
    Memory,
    MetricName,
    Missing,
    Model,
    ModelSize,
    NewStudy,
    OpenEnded,
    Optimizers,
    Passes,
    Portfolio,
    Precision,
    Pretrained,
    Register,
    Regularizers,
    RowKind,
    Rules,
    SampleRows,
    SaveConfig,
    Schedules,
    Seed,
    Source,
    SplitColumn,
    StartFrom,
    Starts,
    Target,
    Task,
    Time,
    TrackingUri,
    TrainTime,
    TrialTime,
    TuneModel,
    Workers,
    Wrappers,
)
from studies.errors import BadValue
from studies.plans.fairness import CONTENTION
from studies.plans.switch import AUTO

if TYPE_CHECKING:
    from advisor.jobs.request import Request

Arguments = TypeVar("Arguments", bound="ProfileArguments | SearchArguments")


def typed(kind: type[Arguments]) -> Callable[[Callable[[Arguments], None]], Callable[..., None]]:
    """Let a command take its arguments as one value of this type; Typer sees an option for each field.

    What the command line leaves out comes from the file that `--config` names, else from the defaults.
    """
    hints = get_type_hints(kind, include_extras=True)
    words = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("context", words, annotation=typer.Context)] + [
        inspect.Parameter(f.name, words, default=_default(f), annotation=hints[f.name]) for f in fields(kind)
    ]

    def spread(command: Callable[[Arguments], None]) -> Callable[..., None]:
        def run(context: typer.Context, **values: Any) -> None:
            command(_with_config(kind, context, values))

        run.__name__, run.__doc__, run.__annotations__ = command.__name__, command.__doc__, {}
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return spread


def _with_config(kind: type[Arguments], context: typer.Context, values: dict[str, Any]) -> Arguments:
    """Return the arguments; what was not typed is as the file says.

    Raises:
        StudyError: the file cannot be used, or the data is named nowhere.
    """
    if (path := values["config"]) is not None:
        entries = read_config(path, kind, beside=(ProfileArguments, SearchArguments))
        values |= {name: value for name, value in entries.items() if not _is_typed(context, name)}
    if values["source"] is None:
        where = f"source = ... in {path}" if path else f"advisor {context.info_name} digits"
        raise BadValue(f"no data is named; name it: {where} (advisor list datasets)")
    return kind(**values)


def _is_typed(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def save_config(arguments: ProfileArguments | SearchArguments) -> None:
    """Write the arguments to the file that `--save-config` names, if it names one.

    Raises:
        StudyError: the file cannot be written.
    """
    if arguments.save_config is not None:
        write_config(arguments.save_config, arguments)


def _default(f: Field[Any]) -> Any:
    """Return the default of an option; the data, which a file may name as well, has none."""
    return None if f.default is MISSING else f.default


@dataclass(frozen=True, kw_only=True)
class ProfileArguments:
    """Arguments of `advisor profile`."""

    source: Source
    target: Target = None
    model: Model = None
    metric: MetricName = None
    direction: Direction = None
    task: Task = "auto"
    kind: RowKind = None
    time: Time = None
    group: Group = None
    split: SplitColumn = None
    missing: Missing = None
    batch_size: BatchSize = None
    epochs: Epochs = None
    optimizers: Optimizers = None
    memory: Memory = None
    model_size: ModelSize = None
    latency: Latency = None
    train_time: TrainTime = None
    goal: Goal = None
    pretrained: Pretrained = False
    open_ended: OpenEnded = False
    rule: Rules = None
    device: Device = "auto"
    seed: Seed = 0
    everything: Everything = False
    config: Config = None
    save_config: SaveConfig = None
    json: Json = False

    def request(self) -> Request:
        """Return the request that they make."""
        return _request(self)


@dataclass(frozen=True, kw_only=True)
class SearchArguments:
    """Arguments of `advisor search`."""

    source: Source
    target: Target = None
    model: Model = None
    metric: MetricName = None
    direction: Direction = None
    task: Task = "auto"
    kind: RowKind = None
    time: Time = None
    group: Group = None
    split: SplitColumn = None
    missing: Missing = None
    budget: BudgetText = "10m"
    exhaust: Exhaust = False
    batch_size: BatchSize = None
    sample_rows: SampleRows = None
    epochs: Epochs = None
    optimizers: Optimizers = None
    schedules: Schedules = None
    regularizers: Regularizers = None
    wrappers: Wrappers = None
    class_weights: ClassWeights = "none"
    tune_model: TuneModel = None
    memory: Memory = None
    model_size: ModelSize = None
    latency: Latency = None
    train_time: TrainTime = None
    goal: Goal = None
    pretrained: Pretrained = False
    open_ended: OpenEnded = False
    rule: Rules = None
    earlier: EarlierStudies = True
    portfolio: Portfolio = True
    start_from: StartFrom = None
    start: Starts = None
    compression: Compression = "off"
    passes: Passes = None
    study: NewStudy = None
    home: Home = None
    tracking_uri: TrackingUri = None
    register: Register = None
    device: Device = "auto"
    workers: Workers = None
    trial_time: TrialTime = None
    fair: Fair = CONTENTION
    precision: Precision = AUTO
    compile: Compiling = AUTO
    lockstep: Lockstep = AUTO
    seed: Seed = 0
    config: Config = None
    save_config: SaveConfig = None
    full: Full = False
    json: Json = False

    def request(self) -> Request:
        """Return the request that they make."""
        return _request(self)


BY_THE_COMMAND: Final = ("home", "register", "full", "json", "everything", "config", "save_config")
"""Options that the command reads itself; the others are those of a request."""


def _request(arguments: ProfileArguments | SearchArguments) -> Request:
    from advisor.jobs.request import Request

    options = {
        "rules" if f.name == "rule" else f.name: _meant(f.name, getattr(arguments, f.name))
        for f in fields(arguments)
        if f.name not in BY_THE_COMMAND
    }
    return Request.of(**{name: value for name, value in options.items() if value is not None})


def _meant(name: str, value: Any) -> Any:
    """Return what a request takes for an option; None leaves it to the advisor."""
    if name in {"optimizers", "schedules", "passes"}:
        return names_in(value)
    if name in {"regularizers", "wrappers"}:
        return _names_or_none(value)
    return (value or None) if name == "goal" else value


def names_in(text: str | None) -> tuple[str, ...]:
    """Return the names in a text, with commas between them; none in no text."""
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _names_or_none(text: str | None) -> tuple[str, ...] | None:
    """Return the names in a text; None leaves the choice to the advisor, nothing asks for none."""
    if not text:
        return None
    return () if text == "none" else names_in(text)
