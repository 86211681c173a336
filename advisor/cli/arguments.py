"""Arguments of the commands that start from a workload: a typed value for each, its fields in help order."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from advisor.cli.options import (
    BatchSize,
    BudgetText,
    ClassWeights,
    Compression,
    Device,
    Direction,
    EarlierStudies,
    Epochs,
    Everything,
    Goal,
    Group,
    Home,
    Json,
    Latency,
    Memory,
    MetricName,
    Missing,
    Model,
    ModelSize,
    NewStudy,
    OpenEnded,
    Optimizers,
    Pretrained,
    Register,
    Regularizers,
    RowKind,
    Rules,
    SampleRows,
    Schedules,
    Seed,
    Source,
    SplitColumn,
    Starts,
    Target,
    Task,
    Time,
    TrackingUri,
    TrainTime,
    TuneModel,
    Wrappers,
)
from advisor.goals import USUAL

if TYPE_CHECKING:
    from advisor.jobs.request import Request

Arguments = TypeVar("Arguments")


def typed(kind: type[Arguments]) -> Callable[[Callable[[Arguments], None]], Callable[..., None]]:
    """Let a command take its arguments as one value of this type; Typer sees an option for each field."""
    hints = get_type_hints(kind, include_extras=True)
    parameters = [
        inspect.Parameter(
            f.name, inspect.Parameter.KEYWORD_ONLY, default=_default(f), annotation=hints[f.name]
        )
        for f in fields(kind)  # type: ignore[arg-type]
    ]

    def spread(command: Callable[[Arguments], None]) -> Callable[..., None]:
        def run(**values: Any) -> None:
            command(kind(**values))

        run.__name__, run.__doc__, run.__annotations__ = command.__name__, command.__doc__, {}
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return run

    return spread


def _default(f: Field[Any]) -> Any:
    return inspect.Parameter.empty if f.default is MISSING else f.default


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
    start: Starts = None
    compression: Compression = "off"
    study: NewStudy = None
    home: Home = None
    tracking_uri: TrackingUri = None
    register: Register = None
    device: Device = "auto"
    seed: Seed = 0
    json: Json = False

    def request(self) -> Request:
        """Return the request that they make."""
        return _request(
            self,
            budget=self.budget,
            sample_rows=self.sample_rows,
            schedules=_names(self.schedules),
            regularizers=_names_or_none(self.regularizers),
            wrappers=_names_or_none(self.wrappers),
            class_weights=self.class_weights,
            tune_model=self.tune_model,
            earlier=self.earlier,
            start=tuple(self.start or ()),
            compression=self.compression,
            study=self.study,
            tracking_uri=self.tracking_uri,
        )


def _request(arguments: ProfileArguments | SearchArguments, **further: Any) -> Request:
    from advisor.jobs.request import Request

    return Request.of(
        arguments.source,
        target=arguments.target,
        model=arguments.model,
        metric=arguments.metric,
        direction=arguments.direction,
        task=arguments.task,
        kind=arguments.kind,
        time=arguments.time,
        group=arguments.group,
        split=arguments.split,
        missing=arguments.missing,
        batch_size=arguments.batch_size,
        epochs=arguments.epochs,
        optimizers=_names(arguments.optimizers),
        memory=arguments.memory,
        model_size=arguments.model_size,
        latency=arguments.latency,
        train_time=arguments.train_time,
        goal=arguments.goal or USUAL,
        pretrained=arguments.pretrained,
        open_ended=arguments.open_ended,
        rules=tuple(arguments.rule or ()),
        device=arguments.device,
        seed=arguments.seed,
        **further,
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())


def _names_or_none(text: str | None) -> tuple[str, ...] | None:
    """Return the names in a text; None leaves the choice to the advisor, nothing asks for none."""
    if not text:
        return None
    return () if text == "none" else _names(text)
