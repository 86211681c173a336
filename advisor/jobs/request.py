"""Request: what a user asks of a search, typed; `Request.of` reads it as people write it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Self

from advisor.decide.rulebook import resolved_settings
from advisor.goals import USUAL, check_goal
from advisor.jobs.engines import parse_workers
from advisor.jobs.option_values import check_types, read
from studies import catalogue
from studies.errors import BadValue, check_one_of, did_you_mean, shown
from studies.limits import Budget, Limits
from studies.plans.fairness import CONTENTION, FAIRNESS
from studies.plans.switch import AUTO, ON, SWITCHES
from studies.precisions import BF16, PRECISIONS
from studies.quantities import parse_seconds
from studies.split_by import SplitBy

CLASS_WEIGHTS: Final = ("none", "balanced")
MOST_EPOCHS: Final = 1_000_000
MOST_SEEDS: Final = 2**31
SHARE: Final = 0.4
"""Of a search's budget in seconds, for the compression that was asked for with it."""
TRIALS: Final = 150
"""Compression trials beside a search whose budget is in trials: most of them cost an evaluation each."""
MODES: Final = ("off", "after", "joint")


@dataclass(frozen=True, kw_only=True)
class Request:
    """Request of a user for a search; None leaves a field to the advisor."""

    source: Any
    """A dataset's name, a path, `file.py:name`, or an object from code: a Workload or a training function."""
    target: str | None = None
    model: Any = None
    metric: str | None = None
    direction: str | None = None
    """maximize | minimize, of a training function's metric; others know their own."""
    space: Mapping[str, Any] | None = None
    """A training function's own hyperparameters, as Optuna's distributions by name."""
    task: str = "auto"
    kind: str | None = None
    """table | image | text | signal: what a row is; None tells it from the data."""
    time: str | None = None
    """A column: train on its earliest rows, validate on later ones, test on the latest."""
    group: str | None = None
    """A column: rows that share its value are in one part only."""
    split: str | None = None
    """A column that says train, valid or test."""
    missing: tuple[str, ...] = ()
    """Words of a table that mean a gap, beside an empty field."""
    batch_size: str | None = None
    """`64`, `full`, or a range such as `16..256`, `1..full`."""
    sample_rows: str | None = None
    """Training rows of a search trial, `none` for all; unasked a sample where the seconds hold few runs."""
    epochs: int | None = None
    optimizers: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()
    regularizers: tuple[str, ...] | None = None
    wrappers: tuple[str, ...] | None = None
    class_weights: str = "none"
    """none | balanced: each class weighs as much as any other in the training loss."""
    tune_model: bool | None = None
    pretrained: bool = False
    """Whether training starts from trained weights."""
    open_ended: bool = False
    """Whether the length of the real run is not fixed in advance."""
    earlier: bool = True
    """Whether the search starts also from the best recipes of earlier similar studies in the same home."""
    portfolio: bool = True
    """Whether the search opens with recipes that did well in recorded runs of its class of problems."""
    start_from: str | None = None
    """A study of the same home whose best recipes it starts from, similar or not: imported runs too."""
    start: tuple[str, ...] = ()
    """Recipe files (TOML) that the search starts from too, after the reference recipes."""
    budget: Budget = field(default_factory=lambda: Budget(seconds=600))
    exhaust: bool = False
    """Whether the budget is used up even where going on is expected to gain less than the noise."""
    limits: Limits = field(default_factory=Limits)
    goal: str = USUAL
    rules: tuple[str, ...] = ()
    """The user's word on rules: Name=off, Name=0.5, file.py:Name."""
    compression: str = "off"
    """off | after: of the finalists, in a part of the budget | joint: searched along with the training
    recipe."""
    passes: tuple[str, ...] = ()
    """Passes of the compression, by name; empty for all that are offered."""
    device: str = "auto"
    workers: str | int | None = None
    """How many trials train at a time: `auto`, or a number; 0 trains them in the search's own process. None
    takes $ADVISOR_WORKERS, else `auto`."""
    trial_time: str | float | None = None
    """What a whole run may take before it is ended, as in `10m`; None for many times what others took."""
    fair: str = CONTENTION
    """contention | strict: what an optimizer gets before its recipes may be stopped, see
    `studies.plans.fairness`."""
    precision: str = AUTO
    """auto | float32 | bf16: of the products in training passes; auto is bf16 where a GPU gains by it."""
    compile: str = AUTO
    """auto | on | off: whether torch compiles the training passes; auto does where a GPU gains by it."""
    lockstep: str = AUTO
    """auto | on | off: whether trials of one shape train as one stacked model, see
    `studies.plans.lockstep`."""
    seed: int = 0
    study: str | None = None
    tracking_uri: str | None = field(default=None, repr=False)
    """It may hold a password."""

    def __post_init__(self) -> None:
        check_types(self)
        _ = self.split_by  # which refuses more than one column
        _ = self.trial_seconds
        object.__setattr__(self, "workers", parse_workers(self.workers))
        check_one_of("fair", self.fair, FAIRNESS)
        _check_training_passes(self)
        check_goal(self.goal)
        check_one_of("compression", self.compression, MODES)
        check_passes(self.passes, self.compression)
        check_one_of("class weights", self.class_weights, CLASS_WEIGHTS)
        object.__setattr__(self, "rules", resolved_settings(self.rules))
        if self.epochs is not None and not 1 <= self.epochs <= MOST_EPOCHS:
            raise BadValue(f"epochs {shown(self.epochs)} must be from 1 to {MOST_EPOCHS:,}")
        if not 0 <= self.seed < MOST_SEEDS:
            raise BadValue(f"seed {shown(self.seed)} must be from 0 to {MOST_SEEDS - 1:,}")
        chosen = {
            "optimizer": self.optimizers,
            "schedule": self.schedules,
            "regularizers": self.regularizers or (),
        }
        for axis, choices in chosen.items():
            names(axis, choices)

    @property
    def split_by(self) -> SplitBy:
        """Return the column that the split goes by."""
        return SplitBy(time=self.time, group=self.group, split=self.split)

    @property
    def trial_seconds(self) -> float | None:
        """Return the seconds that a whole run may take; None for many times what others took."""
        return None if self.trial_time is None else parse_seconds(str(self.trial_time))

    @property
    def enforced(self) -> Limits:
        """Return the limits that rule out an optimizer before it trains, not those on a compressed model."""
        return self.limits if self.compression == "off" else self.limits.while_training

    @property
    def searching(self) -> Budget:
        """Return what the search itself may spend."""
        return split(self.budget, self.compression)[0]

    @classmethod
    def of(
        cls,
        source: Any,
        *,
        memory: str | None = None,
        model_size: str | None = None,
        latency: str | None = None,
        train_time: str | None = None,
        **options: Any,
    ) -> Self:
        """Read a request as people write it, and check it.

        Args:
            source: as the field of that name.
            memory: most bytes while training, as in `512MiB`; like the next three it takes the place of
                `limits`.
            model_size: most bytes of the trained model.
            latency: most time of one forward pass, as in `2ms`.
            train_time: most time of one whole run.
            options: fields by name. A budget may be `10m` or `200trials`, names one text or any sequence, a
                batch size a number, a metric a function.

        Raises:
            BadValue: there is no such option, or its value cannot be used.
        """
        known = {f.name for f in fields(cls)}
        if unknown := next((name for name in options if name not in known), None):
            hint = did_you_mean(unknown, known)
            raise BadValue(f"there is no option {shown(unknown)}{hint} See advisor.jobs.request.Request")
        if any((memory, model_size, latency, train_time)):
            options["limits"] = Limits.parse(
                memory=memory, model_size=model_size, latency=latency, train_time=train_time
            )
        return cls(source=source, **{name: read(name, value) for name, value in options.items()})


def names(axis: str, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """Return names as the catalogue spells them, each once.

    Raises:
        UnknownChoice: one is in no catalogue.
    """
    return tuple(dict.fromkeys(catalogue.find(axis, name).name() for name in chosen))


def check_passes(passes: tuple[str, ...], mode: str) -> None:
    """Raise BadValue for a name that is no pass, and for passes of a search that compresses nothing."""
    if passes and mode == "off":
        raise BadValue("passes are those of a compression; give --compression after or joint with them")
    named_passes(passes)


def named_passes(passes: tuple[str, ...]) -> tuple[str, ...]:
    """Return passes as the catalogue spells them, each once.

    Raises:
        BadValue: a name that is no pass.
    """
    if not passes:
        return ()
    from studies.compression.passes import spelled

    return spelled(passes)


def split(budget: Budget, mode: str) -> tuple[Budget, Budget | None]:
    """Return what a budget leaves for the search, and for the compression after it; None without one."""
    if mode != "after":
        return budget, None
    if budget.seconds is None:
        return budget, Budget(trials=TRIALS)
    return replace(budget, seconds=(1 - SHARE) * budget.seconds), Budget(seconds=SHARE * budget.seconds)


def _check_training_passes(request: Request) -> None:
    """Raise BadValue unless precision, compile and lockstep are what there is, and go together."""
    check_one_of("precision", request.precision, (AUTO, *PRECISIONS))
    check_one_of("compile", request.compile, SWITCHES)
    check_one_of("lockstep", request.lockstep, SWITCHES)
    for name, value in (("precision", BF16), ("compile", ON), ("compression", "joint")):
        if request.lockstep == ON and getattr(request, name) == value:
            raise BadValue(
                f"lockstep on and {name} {value}: trials in a stack share plain passes through whole models; "
                "leave one of the two out"
            )
