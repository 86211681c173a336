"""Lightning style: train.py as a LightningModule and its Trainer, needing torch and lightning alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from studies.script.frame import Style
from studies.script.loop_lines import (
    Names,
    attaching,
    best_epoch,
    calling,
    changed_batch,
    settling,
    skipping,
)
from studies.script.parts import Parts
from studies.script.passes import loss_of
from studies.script.styled import ROWS, class_of, loss_on, lr_share, method

IMPORTS: Final = (
    "from lightning.pytorch import LightningModule, Trainer, seed_everything",
    "from torch.optim.lr_scheduler import LambdaLR",
    "from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler",
)
TRAINING: Final = '''def train(seed, data, device):
    """Return the model with the weights of its best epoch."""
    seed_everything(seed, verbose=False)
    rows = Rows(*data["train"])
    batch_size = min(BATCH_SIZE, len(rows))
    # a last batch of one row is left out: batch norm cannot take it
    batches = BatchSampler(RandomSampler(rows), batch_size, drop_last=len(rows) % batch_size == 1)
    net = Net()
    trainer = Trainer(
        max_epochs=EPOCHS,
        accelerator="gpu" if device.type == "cuda" else device.type,
        devices=1,
        num_sanity_val_steps=0,
        log_every_n_steps=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(
        net,
        DataLoader(rows, sampler=batches, batch_size=None),
        # all rows at once: not every metric is a mean of batches
        DataLoader([data["valid"]], batch_size=None),
    )
    return net.model.to(device)'''
NAMES: Final = Names(
    model="self.model",
    inputs="self.trainer.train_dataloader.dataset.inputs",
    valid="*batch",
    epoch="self.current_epoch + 1",
    stop="self.trainer.should_stop = True",
)


def _training(parts: Parts) -> Iterator[str]:
    yield ROWS.format(item="self.inputs[rows], self.targets[rows]")
    yield class_of(
        "Net(LightningModule)",
        "The model with its loss, its optimizer, and what is measured after each epoch.",
        _methods(parts),
    )
    yield TRAINING


def _methods(parts: Parts) -> Iterator[str]:
    state = ["self.curve, self.reaction = [], 1.0"] if parts.reacts else []
    made = ["super().__init__()", "self.model = build_model()", "self.best = None"]
    yield method("__init__(self)", [*made, *state])
    yield method("forward(self, inputs)", ["return self.model(inputs)"])
    yield method("configure_optimizers(self)", _configured(parts))
    yield from _hooked_step(parts) if parts.attachments else _plain_step(parts)
    if parts.averages:
        optimizer = "self.optimizers(use_pl_optimizer=False)"
        yield method("on_train_start(self)", [f"{optimizer}.train()"])
        yield method("on_validation_start(self)", [f"{optimizer}.eval()", *settling(parts, NAMES)])
        yield method("on_validation_end(self)", [f"{optimizer}.train()"])
    yield method("validation_step(self, batch, batch_idx)", _validation(parts))
    yield method("on_fit_end(self)", ["self.model.load_state_dict(self.best[2])"])


def _configured(parts: Parts) -> list[str]:
    return [
        "optimizer = build_optimizer(self.model)",
        "total_steps = self.trainer.estimated_stepping_batches",
        *attaching(parts, NAMES, loss_on(parts, "self.device"), "self.device"),
        "",
        *lr_share(parts),
        "",
        'schedule = {"scheduler": LambdaLR(optimizer, share), "interval": "step"}',
        'return {"optimizer": optimizer, "lr_scheduler": schedule}',
    ]


def _plain_step(parts: Parts) -> Iterator[str]:
    loss = f"return {loss_of(parts, loss_on(parts, 'self.device'), 'self.model', 'inputs', 'targets')}"
    yield method("training_step(self, batch, batch_idx)", ["inputs, targets = batch", loss])


def _hooked_step(parts: Parts) -> Iterator[str]:
    loss = loss_of(parts, "self.run.loss", "self.model", "inputs", "targets")
    step = ["inputs, targets = self.run.batch", f"return {loss}"]
    batch = ["self.run.batch = batch", *changed_batch(parts, NAMES)]
    yield method("training_step(self, batch, batch_idx)", [*batch, *step])
    share = "self.run.lr_factor = self.lr_schedulers().get_last_lr()[0] / self.run.peak_lrs[0]"
    yield method("on_train_batch_start(self, batch, batch_idx)", [share])
    if hooks := calling(parts, NAMES, "after_backward"):
        yield method("on_after_backward(self)", hooks)
    if hooks := calling(parts, NAMES, "before_step"):
        yield method("on_before_optimizer_step(self, optimizer)", hooks)
    after = [*calling(parts, NAMES, "after_step"), "self.run.step += 1"]
    yield method("on_train_batch_end(self, outputs, batch, batch_idx)", after)


def _validation(parts: Parts) -> list[str]:
    return [
        *skipping(parts, NAMES, "return"),
        "loss, metric = evaluate(self.model, *batch)",
        *best_epoch(parts, NAMES),
        'self.log_dict({"val_loss": loss, "val_metric": metric})',
    ]


LIGHTNING: Final = Style(training=_training, imports=IMPORTS, packages=("lightning",))
