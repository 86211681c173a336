"""Plain style: train.py as a loop over epochs and batches as a person writes it, needing torch alone."""

from __future__ import annotations

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

NAMES: Final = Names(
    model="model",
    inputs="inputs",
    valid='*data["valid"]',
    epoch="epoch",
    stop="break",
    run="run",
    best="best",
    curve="curve",
    reaction="reaction",
)


def _training(parts: Parts) -> str:
    hooked = bool(parts.attachments)
    lines = [
        "def train(seed, data, device):",
        '    """Return the model with the weights of its best epoch."""',
        "    torch.manual_seed(seed)",
        "    np.random.seed(seed % 2**32)",
        "    random.seed(seed)",
        "    order = torch.Generator().manual_seed(seed)",
        '    inputs, targets = data["train"]',
        "    rows = len(inputs)",
        "    batch_size = min(BATCH_SIZE, rows)",
        "    # a last batch of one row is left out: batch norm cannot take it",
        "    steps_per_epoch = max(1, rows // batch_size + (rows % batch_size > 1))",
        "    total_steps = EPOCHS * steps_per_epoch",
        "    model = build_model().to(device)",
        "    optimizer = build_optimizer(model)",
        *([] if hooked else ['    peak_lrs = [group["lr"] for group in optimizer.param_groups]']),
        f"    loss_function = {parts.loss}" if "(" in parts.loss or hooked else "",
        *(f"    {line}" for line in attaching(parts, NAMES, "loss_function", "device")),
        f"    best, {'' if hooked else 'step, '}reaction = None, {'' if hooked else '0, '}1.0"
        if parts.reacts
        else f"    best{'' if hooked else ', step'} = None{'' if hooked else ', 0'}",
        *(["    curve = []"] if parts.reacts and not hooked else []),
        "    for epoch in range(1, EPOCHS + 1):",
        "        model.train()",
        *(["        optimizer.train()"] if parts.averages else []),
        "        shuffled = torch.randperm(rows, generator=order).to(device)",
        "        for batch in shuffled.split(batch_size)[:steps_per_epoch]:",
        *_step(parts),
        *(f"        {line}" for line in _measuring(parts)),
        "    model.load_state_dict(best[2])",
        "    return model",
    ]
    return "\n".join(line for line in lines if line)


def _step(parts: Parts) -> list[str]:
    hooked = bool(parts.attachments)
    step, peaks = ("run.step", "run.peak_lrs") if hooked else ("step", "peak_lrs")
    factor = "run.lr_factor" if hooked else "share"
    reaction = " * reaction" if parts.reacts else ""
    lines = [
        "# half a step in: of a schedule from and to zero neither the first step nor the last is lost",
        f"{factor} = lr_factor(({step} + 0.5) / total_steps){reaction}",
        f"for group, peak in zip(optimizer.param_groups, {peaks}):",
        f'    group["lr"] = peak * {factor}',
    ]
    lines += _hooked_step(parts) if hooked else _plain_step(parts)
    return [f"            {line}" for line in [*lines, f"{step} += 1"]]


def _plain_step(parts: Parts) -> list[str]:
    loss = "loss_function" if "(" in parts.loss else parts.loss
    value = loss_of(parts, loss, "model", "inputs[batch]", "targets[batch]")
    if parts.needs_closure:
        return [
            "",
            "def closure():",
            "    optimizer.zero_grad()",
            f"    loss = {value}",
            "    loss.backward()",
            "    return loss",
            "",
            "optimizer.step(closure)",
        ]
    return [
        "optimizer.zero_grad()",
        f"{value}.backward()",
        "optimizer.step()",
    ]


def _hooked_step(parts: Parts) -> list[str]:
    lines = ["run.batch = inputs[batch], targets[batch]", *changed_batch(parts, NAMES)]
    if parts.needs_closure:
        lines.append("optimizer.step(run.backward)")
    else:
        lines += ["run.backward()", *calling(parts, NAMES, "before_step"), "optimizer.step()"]
    return [*lines, *calling(parts, NAMES, "after_step")]


def _measuring(parts: Parts) -> list[str]:
    averaged = ["optimizer.eval()", *settling(parts, NAMES)] if parts.averages else []
    measured = f"loss, metric = evaluate({NAMES.model}, {NAMES.valid})"
    return [*skipping(parts, NAMES, "continue"), *averaged, measured, *best_epoch(parts, NAMES)]


PLAIN: Final = Style(training=lambda parts: [_training(parts)])
