"""Lightning's callback: it reports after each validated epoch and obeys the stop."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import lightning.pytorch as lightning

from advisor.callbacks.reporter import Reporter
from studies.optim.made import averages, with_averages


class Report(lightning.Callback):
    """Callback of Lightning's Trainer that reports each validated epoch and stops where a study says so.

    Optimizers that average their weights are validated with the average, and schedules that react to
    validation hear of its loss; both work without a search too.

    Args:
        report: what a training function is handed; None to train without a search.
        metric: name under which the module logs the metric of the search, once an epoch.
        loss: name of its validation loss, if it logs one.
        train_loss: name of its training loss, if it logs one.
        rows: a batch of training inputs as the module takes them, for a model with batch norm and an
            optimizer that averages weights.

    Raises:
        BadValue: nothing is logged under the metric's name; batch norm without rows.

    Example:
        >>> import advisor
        >>> from lightning.pytorch import Trainer
        >>> def fit(recipe, report, seed):
        ...     reporting = advisor.lightning.Report(report, metric="val_acc")
        ...     trainer = Trainer(max_epochs=recipe.epochs, callbacks=[reporting])
        ...     trainer.fit(Net(recipe), train_rows, valid_rows)
    """

    def __init__(
        self,
        report: Callable[..., bool] | None = None,
        metric: str = "val_loss",
        *,
        loss: str = "val_loss",
        train_loss: str = "train_loss",
        rows: Any = None,
    ) -> None:
        self.reporter = Reporter(report=report, metric=metric, loss=loss, train_loss=train_loss)
        self.rows = rows
        self.validated = False
        self._averages = ExitStack()

    def on_fit_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Put optimizers that have one into their training mode."""
        for optimizer in trainer.optimizers:
            if averages(optimizer):
                optimizer.train()  # type: ignore[attr-defined]

    def on_validation_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Put averaged weights in place."""
        if trainer.sanity_checking:
            return
        for optimizer in trainer.optimizers:
            if averages(optimizer):
                self._averages.enter_context(with_averages(optimizer, pl_module, self.rows))

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Put back the weights that are stepped on."""
        self._averages.close()
        self.validated = self.validated or not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:  # noqa: ARG002
        """Report the epoch if it was validated, and stop if the study says so."""
        if not self.validated:
            return
        self.validated = False
        schedules = [config.scheduler for config in trainer.lr_scheduler_configs]
        if self.reporter.tell(trainer.current_epoch + 1, trainer.callback_metrics, schedules):
            trainer.should_stop = True
