"""Plain script: train.py, a loop over epochs and batches as a person writes it, needing torch alone."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING, Any, Final

from studies.script.evaluation import evaluation
from studies.script.literals import literal
from studies.script.parts import Parts
from studies.script.run_class import run_class

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class About:
    """What a script says of where it is from, and its defaults."""

    title: str
    """First line of its docstring."""
    lines: tuple[str, ...] = ()
    seed: int = 0
    threads: int = 1
    data: str = "rows.npz"
    """The file that it reads unless told otherwise."""
    device: str = "cpu"


def train_script(parts: Parts, recipe: Recipe, workload: LoadedWorkload, about: About) -> str:
    """Return the source of train.py; beside it stands data.py with `load(path, device)`.

    Args:
        parts: of the same recipe and workload.
        recipe: what to train with.
        workload: what to train on.
        about: what it says of itself.
    """
    sections = [
        head(parts, about),
        constants(recipe, workload, about),
        parts.definitions,
        run_class(parts),
        evaluation(parts, workload),
        _training(parts),
        _main(parts, workload),
    ]
    return "\n\n\n".join(section for section in sections if section) + "\n"


def head(parts: Parts, about: About) -> str:
    """Return docstring and imports of a script."""
    text = "\n".join([about.title, *([""] if about.lines else []), *about.lines])
    imports = {
        *parts.imports, "import argparse", "import random", "import numpy as np", "from data import load",
    }  # fmt: skip
    if "metric" in parts.uses or parts.reacts or "curve" in parts.uses:
        imports.add("from types import SimpleNamespace")
    return f'"""{text}\n"""\n\n' + sorted_imports(imports)


def sorted_imports(imports: set[str]) -> str:
    """Return import lines as source: Python's own, other packages, files beside; each sorted."""
    import sys

    def rank(line: str) -> tuple[int, str, bool, str]:
        root = line.split()[1].partition(".")[0]
        place = 0 if root in sys.stdlib_module_names else 2 if root == "data" else 1
        return place, root, line.startswith("from"), line

    ordered = sorted(imports, key=rank)
    lines = list[str]()
    for before, line in zip([None, *ordered], ordered, strict=False):
        if before is not None and rank(before)[0] != rank(line)[0]:
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def constants(recipe: Recipe, workload: LoadedWorkload, about: About) -> str:
    """Return the constants of a script, which its functions read."""
    lines = [
        f"BATCH_SIZE = {min(recipe.batch_size, workload.rows)}",
        f"EPOCHS = {recipe.epochs}",
        f"SEED = {about.seed}  # of the initial weights, the order of the rows and all that is random",
        f"THREADS = {about.threads}  # the order of a sum, and so its last digits, depend on it",
    ]
    lines = [f"DATA = {literal(about.data)}", *lines, f"DEVICE = {literal(about.device)}"]
    if workload.dataset.task == "regression":
        lines += [
            f"TARGET_MEAN = {_numbers(workload.dataset.target_mean)}",
            f"TARGET_SCALE = {_numbers(workload.dataset.target_scale)}  # of the training rows' targets",
        ]
    return "\n".join(lines)


def _numbers(value: Any) -> str:
    return f"np.array({literal(value.tolist())})" if hasattr(value, "tolist") else literal(float(value))


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
        *_attaching(parts),
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
        *_measuring(parts),
        *_ending(parts),
        "    model.load_state_dict(best[2])",
        "    return model",
    ]
    return "\n".join(line for line in lines if line)


def _attaching(parts: Parts) -> list[str]:
    if not parts.attachments:
        return []
    made = "    run = Run(model, optimizer, loss_function, total_steps, device)"
    return [made, *(f"    {name}(run)" for name in parts.attachments)]


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
    if parts.needs_closure:
        return [
            "",
            "def closure():",
            "    optimizer.zero_grad()",
            f"    loss = {loss}(model(inputs[batch]), targets[batch])",
            "    loss.backward()",
            "    return loss",
            "",
            "optimizer.step(closure)",
        ]
    return [
        "optimizer.zero_grad()",
        f"{loss}(model(inputs[batch]), targets[batch]).backward()",
        "optimizer.step()",
    ]


def _hooked_step(parts: Parts) -> list[str]:
    lines = ["run.batch = inputs[batch], targets[batch]"]
    if "on_batch" in parts.uses:
        lines += ["for transform in run.on_batch:", "    run.batch = transform(*run.batch)"]
    if parts.needs_closure:
        lines.append("optimizer.step(run.backward)")
    else:
        lines.append("run.backward()")
        if "before_step" in parts.uses:
            lines += ["for hook in run.before_step:", "    hook()"]
        lines.append("optimizer.step()")
    if "after_step" in parts.uses:
        lines += ["for hook in run.after_step:", "    hook()"]
    return lines


def _measuring(parts: Parts) -> list[str]:
    lines = ["optimizer.eval()"] if parts.averages else []
    lines += ["settle(model, inputs)"] if parts.averages and parts.settles else []
    lines.append('loss, metric = evaluate(model, *data["valid"])')
    lines.append("weights = {name: value.clone() for name, value in model.state_dict().items()}")
    if "readouts" in parts.uses:
        lines += [
            "for readout in run.readouts:",
            "    with readout():",
            *(["        settle(model, inputs)"] if parts.settles else []),
            '        other_loss, other_metric = evaluate(model, *data["valid"])',
            "        if better(other_metric, other_loss, metric, loss):",
            "            loss, metric = other_loss, other_metric",
            "            weights = {name: value.clone() for name, value in model.state_dict().items()}",
        ]
    lines += [
        'print(f"epoch {epoch}: validation loss {loss:.4f}, metric {metric:.4f}")',
        "if best is None or better(metric, loss, *best[:2]):",
        "    best = metric, loss, weights",
    ]
    return [f"        {line}" for line in lines]


def _ending(parts: Parts) -> list[str]:
    curve = "run.curve" if parts.attachments else "curve"
    lines = list[str]()
    if parts.reacts or "curve" in parts.uses:
        lines.append(f"{curve}.append(SimpleNamespace(epoch=epoch, valid_loss=loss, valid_metric=metric))")
    if "stop_conditions" in parts.uses:
        lines += ["if any(condition() for condition in run.stop_conditions):", "    break"]
    if parts.reacts:
        lines.append(f"reaction = lr_reaction({curve})")
    return [f"        {line}" for line in lines]


MAIN: Final = Template('''def better(metric, loss, best_metric, best_loss):
    """Tell whether a metric is better, or equal with a lower loss."""
    return metric $sign best_metric or (metric == best_metric and loss < best_loss)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=$data, help="file with the rows")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--device", default=$device)
    parser.add_argument("--out", default="weights.pt", help="file for the weights")
    arguments = parser.parse_args()
    torch.set_num_threads(THREADS)
    device = torch.device(arguments.device)
    data = load(arguments.data, device)
    model = train(arguments.seed, data, device)
    for part in ("valid", "test"):
        loss, metric = evaluate(model, *data[part])
        print(f"{part}: loss {loss:.6g}, $metric {metric:.6g}")
    torch.save(model.state_dict(), arguments.out)


if __name__ == "__main__":
    main()''')


def _main(parts: Parts, workload: LoadedWorkload) -> str:
    metric = workload.metric.name.rpartition(":")[2]
    return MAIN.substitute(sign=">" if parts.maximize else "<", data="DATA", device="DEVICE", metric=metric)
