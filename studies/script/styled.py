"""Pieces that the scripts for other trainers share: what stands before and after their own classes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from string import Template
from typing import TYPE_CHECKING, Final

from studies.script.evaluation import evaluation, settles
from studies.script.parts import Parts
from studies.script.plain import About, constants, head
from studies.script.run_class import run_class

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.recipe import Recipe

ROWS: Final = '''class Rows(Dataset):
    """Rows in memory, taken by their numbers."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, rows):
        return {item}'''
TAIL: Final = Template('''def better(metric, loss, best_metric, best_loss):
    """Tell whether a metric is better, or equal with a lower loss."""
    return metric $sign best_metric or (metric == best_metric and loss < best_loss)


$training


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", default=DATA, help="file with the rows")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--device", default=DEVICE)
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
    main()
''')


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What a style calls the things that are measured, as expressions."""

    model: str
    inputs: str
    """Training rows."""
    valid: str
    """Arguments of `evaluate` after the model."""
    epoch: str
    stop: str
    """Statement that ends the training."""


def opening(
    parts: Parts, recipe: Recipe, workload: LoadedWorkload, about: About, imports: Iterable[str]
) -> list[str]:
    """Return what stands before the classes of a style: imports, constants, definitions, evaluation."""
    sections = (
        head(replace(parts, imports=tuple(sorted({*parts.imports, *imports}))), about),
        constants(recipe, workload, about),
        parts.definitions,
        run_class(parts),
        evaluation(parts, workload),
    )
    return [section for section in sections if section]


def tail(parts: Parts, workload: LoadedWorkload, training: str) -> str:
    """Return what stands after them: the function that trains, and the command line."""
    metric = workload.metric.name.rpartition(":")[2]
    return TAIL.substitute(sign=">" if parts.maximize else "<", training=training, metric=metric)


def attaching(parts: Parts, model: str, device: str) -> list[str]:
    """Return the lines that make the run and attach everything to it; none where nothing is attached."""
    if not parts.attachments:
        return []
    made = f"self.run = Run({model}, optimizer, {loss_on(parts, device)}, total_steps, {device})"
    return [made, *(f"{name}(self.run)" for name in parts.attachments)]


def loss_on(parts: Parts, device: str) -> str:
    """Return the expression of the training loss, the weights of classes on a device."""
    return parts.loss.replace(".to(device)", f".to({device})")


def lr_share(parts: Parts) -> list[str]:
    """Return the lines of the function that gives the share of the lr at a step."""
    reaction = " * self.reaction" if parts.reacts else ""
    return [
        "def share(step):",
        "    # half a step in: neither the first step nor the last of a schedule to zero is lost",
        f"    return lr_factor(min((step + 0.5) / total_steps, 1.0)){reaction}",
    ]


def best_epoch(parts: Parts, names: Names) -> list[str]:
    """Return the lines that keep the weights of the best epoch, of `loss` and `metric` just measured."""
    lines = [_copied(names.model)]
    if "readouts" in parts.uses:
        lines += [
            "for readout in self.run.readouts:",
            "    with readout():",
            *([f"        settle({names.model}, {names.inputs})"] if settles(parts) else []),
            f"        other_loss, other_metric = evaluate({names.model}, {names.valid})",
            "        if better(other_metric, other_loss, metric, loss):",
            "            loss, metric = other_loss, other_metric",
            f"            {_copied(names.model)}",
        ]
    lines += [
        "if self.best is None or better(metric, loss, *self.best[:2]):",
        "    self.best = metric, loss, weights",
    ]
    curve = "self.run.curve" if parts.attachments else "self.curve"
    if parts.reacts or "curve" in parts.uses:
        lines.append(
            f"{curve}.append(SimpleNamespace(epoch={names.epoch}, valid_loss=loss, valid_metric=metric))"
        )
    if parts.reacts:
        lines.append(f"self.reaction = lr_reaction({curve})")
    if "stop_conditions" in parts.uses:
        lines += ["if any(condition() for condition in self.run.stop_conditions):", f"    {names.stop}"]
    return lines


def _copied(model: str) -> str:
    return f"weights = {{name: value.clone() for name, value in {model}.state_dict().items()}}"


def calling(hooks: str) -> list[str]:
    """Return the lines that call a list of the run's hooks."""
    return [f"for hook in self.run.{hooks}:", "    hook()"]


def method(head_line: str, body: Iterable[str]) -> str:
    """Return a method of a class as source."""
    lines = [f"    def {head_line}:", *(f"        {line}" if line else "" for line in body)]
    return "\n".join(lines)


def class_of(head_line: str, doc: str, methods: Iterable[str]) -> str:
    """Return a class as source."""
    return "\n\n".join([f'class {head_line}:\n    """{doc}"""', *methods])
