"""Transformers style: train.py for Hugging Face's Trainer, its optimizer and schedule handed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from studies.script.frame import Style
from studies.script.literals import CannotWrite
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
    "from tempfile import TemporaryDirectory",
    "from torch.optim.lr_scheduler import LambdaLR",
    "from torch.utils.data import Dataset",
    "from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, set_seed",
)
NAMES: Final = Names(
    model="self.model",
    inputs='self.data["train"][0]',
    valid='*self.data["valid"]',
    epoch="round(state.epoch)",
    stop="control.should_training_stop = True",
    curve="self.net.curve",
    reaction="self.net.reaction",
)
TRAINING: Final = '''def train(seed, data, device):
    """Return the model with the weights of its best epoch."""
    set_seed(seed)
    rows = len(data["train"][0])
    batch_size = min(BATCH_SIZE, rows)
    with TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=EPOCHS,
            per_device_train_batch_size=batch_size,
            dataloader_drop_last=rows % batch_size == 1,  # batch norm cannot take a batch of one row
            dataloader_pin_memory=False,
            max_grad_norm=0.0,  # the Trainer would clip at 1 unasked
            eval_strategy="no",  # each epoch is measured below, all rows at once
            save_strategy="no",
            logging_strategy="no",
            label_names=["targets"],
            seed=seed,
            report_to=[],
            disable_tqdm=True,
            use_cpu=device.type == "cpu",
        )
        steps_per_epoch = rows // batch_size + (rows % batch_size > 1)
        net = Net(device, max(1, steps_per_epoch) * EPOCHS)
        trainer = Trainer(
            net,
            arguments,
            train_dataset=Rows(*data["train"]),
            data_collator=lambda rows: {name: torch.stack([row[name] for row in rows]) for name in rows[0]},
            optimizers=(net.optimizer, net.schedule),
            callbacks=[Following(net, data)],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return net.model.to(device)'''


def _training(parts: Parts) -> Iterator[str]:
    """Yield the sections.

    Raises:
        CannotWrite: an optimizer that evaluates the loss several times a step, which the Trainer does not.
    """
    if parts.needs_closure:
        raise CannotWrite(
            f"{parts.optimizer} evaluates the loss several times a step, which the Trainer does not do; "
            "take --style plain or lightning"
        )
    yield ROWS.format(item='{"inputs": self.inputs[rows], "targets": self.targets[rows]}')
    yield class_of(
        "Net(nn.Module)", "The model as the Trainer calls it: it returns its loss.", _of_net(parts)
    )
    yield class_of(
        "Following(TrainerCallback)",
        "What happens around the Trainer's steps and after its epochs.",
        _of_callback(parts),
    )
    yield TRAINING


def _of_net(parts: Parts) -> Iterator[str]:
    reacting = ["self.curve, self.reaction = [], 1.0"] if parts.reacts else []
    yield method(
        "__init__(self, device, total_steps)",
        [
            "super().__init__()",
            "self.model = build_model().to(device)",
            "optimizer = build_optimizer(self.model)",
            *attaching(parts, NAMES, loss_on(parts, "device"), "device"),
            *reacting,
            "",
            *lr_share(parts),
            "",
            "self.optimizer, self.schedule = optimizer, LambdaLR(optimizer, share)",
        ],
    )
    yield method("forward(self, inputs, targets)", list(_forward(parts)))


def _forward(parts: Parts) -> Iterator[str]:
    if not parts.attachments:
        loss = loss_of(parts, loss_on(parts, "targets.device"), "self.model", "inputs", "targets")
        yield f'return {{"loss": {loss}}}'
        return
    yield "self.run.batch = inputs, targets"
    yield from changed_batch(parts, NAMES)
    yield "inputs, targets = self.run.batch"
    loss = loss_of(parts, "self.run.loss", "self.model", "inputs", "targets")
    yield f'return {{"loss": {loss}}}'


def _of_callback(parts: Parts) -> Iterator[str]:
    made = ["self.net, self.model, self.data, self.best = net, net.model, data, None"]
    run = ["self.run = net.run"] if parts.attachments else []
    yield method("__init__(self, net, data)", [*made, *run])
    if parts.attachments:
        share = "self.run.lr_factor = self.net.schedule.get_last_lr()[0] / self.run.peak_lrs[0]"
        yield method("on_step_begin(self, args, state, control, **kwargs)", [share])
        if before := [*calling(parts, NAMES, "after_backward"), *calling(parts, NAMES, "before_step")]:
            yield method("on_pre_optimizer_step(self, args, state, control, **kwargs)", before)
        after = [*calling(parts, NAMES, "after_step"), "self.run.step += 1"]
        yield method("on_optimizer_step(self, args, state, control, **kwargs)", after)
    yield method("on_epoch_end(self, args, state, control, **kwargs)", list(_measured(parts)))
    yield method(
        "on_train_end(self, args, state, control, **kwargs)", ["self.model.load_state_dict(self.best[2])"]
    )


def _measured(parts: Parts) -> Iterator[str]:
    yield from skipping(parts, NAMES, "return")
    if parts.averages:
        yield "self.net.optimizer.eval()"
        yield from settling(parts, NAMES)
    yield f"loss, metric = evaluate({NAMES.model}, {NAMES.valid})"
    yield from best_epoch(parts, NAMES)
    if parts.averages:
        yield "self.net.optimizer.train()"


TRANSFORMERS: Final = Style(training=_training, imports=IMPORTS, packages=("transformers", "accelerate"))
