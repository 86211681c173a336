"""Recipe: one choice on each axis, everything that decides how a model is trained and compressed.

Its only serial form is a flat dict, the same in Optuna, MLflow, JSON and TOML: the axis holds the name of the
choice, and `axis.Choice.field` each of its values.

    {"optimizer": "AdamW", "optimizer.AdamW.lr": 0.001, "schedule": "Constant", "batch_size": 32, ...}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from studies import catalogue
from studies.choice import Choice, Scalar
from studies.distillation import DistillationChoice
from studies.distillation.none import NoDistillation
from studies.errors import BadValue, check_one_of, shown
from studies.finetuning import FinetuningChoice
from studies.finetuning.none import NoFinetuning
from studies.models import ModelChoice
from studies.models.linear import Linear
from studies.optimizers import OptimizerChoice
from studies.optimizers.adamw import AdamW
from studies.precisions import FLOAT32, PRECISIONS
from studies.pruning import PruningChoice
from studies.pruning.none import NoPruning
from studies.quantization import QuantizationChoice
from studies.quantization.none import NoQuantization
from studies.regularizers import RegularizerChoice
from studies.schedules import ScheduleChoice
from studies.schedules.cosine import Cosine
from studies.wrappers import WrapperChoice

if TYPE_CHECKING:
    from torch import nn
    from torch.optim import Optimizer

    from studies.optim.schedule_lr import ScheduleLR

SET_AXES: Final = ("regularizers", "wrappers")
COMPRESSION_AXES: Final = ("distillation", "pruning", "finetuning", "quantization")
"""In the order in which they act."""
SINGLE_AXES: Final = ("optimizer", "schedule", "model", *COMPRESSION_AXES)
NUMBERS: Final = ("batch_size", "epochs")
OPTIONS: Final[Mapping[str, Scalar]] = {"precision": FLOAT32, "compiled": False, "measurements": 0}
"""Ways to compute and to measure, and the usual ones, which the flat form leaves out."""

Params = dict[str, Scalar]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Recipe: one choice on each axis, each with its fields.

    Raises:
        BadValue: a number below 1, or a regularizer or wrapper that stands twice.

    Example:
        >>> import advisor
        >>> recipe = advisor.Recipe(
        ...     optimizer=advisor.optimizers.Muon(lr=0.01),
        ...     schedule=advisor.schedules.Cosine(warmup=0.05),
        ...     regularizers=(advisor.regularizers.Dropout(rate=0.2),),
        ...     batch_size=64,
        ... )
        >>> advisor.Recipe.from_params(recipe.to_params()) == recipe
        True
    """

    optimizer: OptimizerChoice = field(default_factory=AdamW)
    schedule: ScheduleChoice = field(default_factory=Cosine)
    batch_size: int = 32
    """Rows a step, from 1 (per-sample) to the whole training set (full batch)."""
    regularizers: tuple[RegularizerChoice, ...] = ()
    """A set, kept in the order of their names."""
    wrappers: tuple[WrapperChoice, ...] = ()
    """A set, kept in the order of their names."""
    model: ModelChoice = field(default_factory=Linear)
    epochs: int = 27
    """Passes over the training set; schedules end with the last one."""
    precision: str = FLOAT32
    """float32 | bf16: of the products in training passes; weights and validation stay in 32 bits."""
    compiled: bool = False
    """Whether torch compiles the training passes."""
    measurements: int = 0
    """Most epochs after which the weights are measured, see `studies.rungs.measured_epochs`; 0 for each, and
    for 27 of a longer run."""
    distillation: DistillationChoice = field(default_factory=NoDistillation)
    pruning: PruningChoice = field(default_factory=NoPruning)
    finetuning: FinetuningChoice = field(default_factory=NoFinetuning)
    quantization: QuantizationChoice = field(default_factory=NoQuantization)

    def __post_init__(self) -> None:
        for axis in SET_AXES:
            chosen = sorted(getattr(self, axis), key=lambda choice: choice.name())
            names = [choice.name() for choice in chosen]
            if len(set(names)) < len(names):
                raise BadValue(f"{axis} {', '.join(names)}: each may stand once")
            object.__setattr__(self, axis, tuple(chosen))
        for number in NUMBERS:
            if getattr(self, number) < 1:
                raise BadValue(f"{number} {shown(getattr(self, number))} must be at least 1")
        if self.measurements < 0:
            raise BadValue(f"measurements {shown(self.measurements)} must be at least 0")
        check_one_of("precision", self.precision, PRECISIONS)
        if self.optimizer.needs_closure and self.precision != FLOAT32:
            raise BadValue(
                f"{self.optimizer.name()} searches along lines by small differences of the loss, "
                f"which {self.precision} does not have; leave precision out"
            )

    @property
    def settings(self) -> dict[str, Scalar]:
        """Return the model's own fields; in a training function of your own, your hyperparameters."""
        return self.model.fields()

    @property
    def uncompressed(self) -> Recipe:
        """Return the same training with nothing done to the model afterwards."""
        return replace(
            self,
            distillation=NoDistillation(),
            pruning=NoPruning(),
            finetuning=NoFinetuning(),
            quantization=NoQuantization(),
        )

    @property
    def compresses(self) -> bool:
        """Tell whether anything is done to the trained model."""
        return self != self.uncompressed

    @property
    def distills(self) -> bool:
        """Tell whether a teacher's answers are part of the training."""
        return self.distillation != self.uncompressed.distillation

    @property
    def made_from(self) -> Recipe:
        """Return what tells one trained model from another.

        A quantization that comes only after the training is left out.
        """
        return self if self.quantization.aware else replace(self, quantization=NoQuantization())

    def build(
        self,
        model: nn.Module | Iterable[Any],
        total_steps: int,
        *,
        groups: Sequence[Mapping[str, Any]] | None = None,
    ) -> tuple[Optimizer, ScheduleLR]:
        """Return optimizer and schedule for a training loop of your own; step both after each batch.

        Regularizers that act on the model or on gradients (dropout, L2, clipping) work at the optimizer's
        steps. What acts on batches or on the loss, and wrappers, are left out, and a line says so.

        Args:
            model: as in `OptimizerChoice.build`; regularizers want the module itself.
            total_steps: optimizer steps of the whole run: epochs x batches an epoch, after accumulation.
            groups: of the model's parameters, each with settings of its own.

        Raises:
            BadValue: a model, groups or steps that nothing can be built with.

        Example:
            >>> import advisor
            >>> from torch import nn
            >>> recipe = advisor.Recipe(optimizer=advisor.optimizers.AdamW(lr=1e-3), epochs=9)
            >>> optimizer, schedule = recipe.build(nn.Linear(4, 3), total_steps=9 * 5)
            >>> type(optimizer).__name__, len(schedule.get_last_lr())
            ('AdamW', 2)
        """
        from studies.optim.own_loop import attach

        optimizer = self.optimizer.build(model, total_steps, groups=groups)
        schedule = self.schedule.build(optimizer, total_steps)
        attach(self, model, optimizer, total_steps)
        return optimizer, schedule

    def to_params(self) -> Params:
        """Return the flat form."""
        params: Params = {}
        for axis in SINGLE_AXES:
            choice: Choice = getattr(self, axis)
            params[axis] = choice.name()
            params |= _flat(axis, choice)
        for axis in SET_AXES:
            params[axis] = "+".join(choice.name() for choice in getattr(self, axis))
            for choice in getattr(self, axis):
                params |= _flat(axis, choice)
        params |= {number: getattr(self, number) for number in NUMBERS}
        options = {name: getattr(self, name) for name in OPTIONS}
        return params | {name: value for name, value in options.items() if value != OPTIONS[name]}

    def to_toml(self, comments: Iterable[str] = ()) -> str:
        """Return the recipe as TOML, with lines of comment above it.

        Example:
            Path("recipe.toml").write_text(recipe.to_toml())
        """
        from studies.recipe_file import to_toml

        return to_toml(self.to_params(), comments)

    @classmethod
    def from_toml(cls, path: Path | str) -> Self:
        """Return the recipe in a TOML file, as an export writes it; what is left out takes its default.

        Raises:
            UnknownChoice: a name that is in no catalogue.
            BadValue: no such file, or a key or a value that means nothing.

        Example:
            Recipe.from_toml("recipe.toml").optimizer.build(model, total_steps=1000)
        """
        from studies.recipe_file import from_toml

        return cls.from_params(from_toml(path))

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Self:
        """Rebuild a recipe from its flat form; an axis or field that is missing takes its default.

        Raises:
            UnknownChoice: a name that is in no catalogue.
            BadValue: a key or a value that means nothing.
        """
        known = {*SET_AXES, *SINGLE_AXES, *NUMBERS, *OPTIONS}
        values: dict[str, Any] = {
            number: _whole(number, params[number]) for number in NUMBERS if number in params
        }
        if "precision" in params:
            values["precision"] = _text(params["precision"])
        if "compiled" in params:
            values["compiled"] = _truth("compiled", params["compiled"])
        if "measurements" in params:
            values["measurements"] = _whole("measurements", params["measurements"])
        for axis in SINGLE_AXES:
            if axis in params:
                values[axis] = _rebuild(axis, _text(params[axis]), params, known)
        for axis in SET_AXES:
            names = [name for name in _text(params.get(axis, "")).split("+") if name]
            values[axis] = tuple(_rebuild(axis, name, params, known) for name in names)
        if unknown := sorted(set(params) - known):
            raise BadValue(
                f"{shown(unknown[0])} means nothing in a recipe; keys are axis or axis.Choice.field"
            )
        return cls(**values)


def _text(name: Any) -> str:
    return name if isinstance(name, str) else shown(name)


def _whole(name: str, value: Any) -> int:
    """Return a number of a recipe, or the text of it, as a whole number."""
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise BadValue(f"{name} {shown(value)} is not a whole number") from None


def _truth(name: str, value: Any) -> bool:
    """Return whether something is true, or the text of it."""
    truths = {"true": True, "false": False}
    if (text := str(value).lower()) not in truths:
        raise BadValue(f"{name} {shown(value)} is neither true nor false")
    return truths[text]


def _flat(axis: str, choice: Choice) -> Params:
    return {f"{axis}.{choice.name()}.{name}": value for name, value in choice.fields().items()}


def _rebuild(axis: str, name: str, params: Mapping[str, Any], known: set[str]) -> Choice:
    prefix = f"{axis}.{name}."
    fields = {key.removeprefix(prefix): value for key, value in params.items() if key.startswith(prefix)}
    known |= {prefix + key for key in fields}
    return catalogue.find(axis, name).from_fields(fields)
