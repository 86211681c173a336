"""Callback of transformers' Trainer: it reports after each evaluated epoch and obeys the stop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from advisor.callbacks.reporter import Reporter

WHOLE: Final = 1e-6
"""Share of an epoch by which the trainer's count may miss a whole number."""


class Report(TrainerCallback):
    """Callback of transformers' Trainer that reports each evaluated epoch and stops where a study says so.

    Schedules that react to validation hear of its loss, without a search too.

    Args:
        report: what a training function is handed; None to train without a search.
        metric: name of the metric of the search in the trainer's evaluation: `eval_` and the name that
            `compute_metrics` gives it.
        loss: name of the loss there.

    Raises:
        BadValue: the evaluation has nothing under the metric's name.

    Example:
        >>> import advisor
        >>> from transformers import Trainer
        >>> def fit(recipe, report, seed):
        ...     reporting = advisor.transformers.Report(report, metric="eval_accuracy")
        ...     optimizers = advisor.transformers.optimizers(recipe, model, steps)
        ...     Trainer(model, arguments, optimizers=optimizers, callbacks=[reporting]).train()
    """

    def __init__(
        self,
        report: Callable[..., bool] | None = None,
        metric: str = "eval_loss",
        *,
        loss: str = "eval_loss",
    ) -> None:
        self.reporter = Reporter(report=report, metric=metric, loss=loss, train_loss="loss")
        self._logged: dict[str, float] = {}

    def on_log(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,  # noqa: ARG002
        control: TrainerControl,  # noqa: ARG002
        logs: dict[str, float] | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Note the training loss."""
        self._logged |= {
            name: value for name, value in (logs or {}).items() if name == self.reporter.train_loss
        }

    def on_evaluate(
        self,
        args: TrainingArguments,  # noqa: ARG002
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        lr_scheduler: Any = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Report the epochs that are done, and stop if the study says so."""
        epoch = int((state.epoch or 0.0) + WHOLE)
        schedules = [getattr(lr_scheduler, "scheduler", lr_scheduler)]
        if self.reporter.tell(epoch, self._logged | (metrics or {}), schedules):
            control.should_training_stop = True
