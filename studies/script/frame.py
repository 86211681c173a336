"""Frame of a script: what stands around the training, the same in every style."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING, Any, Final

from studies.script.evaluation import evaluation
from studies.script.import_lines import import_lines
from studies.script.literals import literal
from studies.script.parts import Parts
from studies.script.passes import pass_loss
from studies.script.run_class import run_class

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload
    from studies.recipe import Recipe

IMPORTS: Final = ("import argparse", "import random", "import numpy as np", "from data import load")
BETTER: Final = Template('''def better(metric, loss, best_metric, best_loss):
    """Tell whether a metric is better, or equal with a lower loss."""
    return metric $sign best_metric or (metric == best_metric and loss < best_loss)''')
MAIN: Final = Template("""def main():
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
""")


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Style:
    """Style of a script: whose trainer it hands the recipe to."""

    training: Callable[[Parts], Iterable[str]]
    """Gives classes and functions as source, the last `train(seed, data, device)`."""
    imports: tuple[str, ...] = ()
    """Lines that these need beyond the parts' own."""
    packages: tuple[str, ...] = ()
    """What has to be installed for them."""

    def write(self, parts: Parts, recipe: Recipe, workload: LoadedWorkload, about: About) -> str:
        """Return the source of train.py; beside it stands data.py with `load(path, device)`.

        Args:
            parts: of the same recipe and workload.
            recipe: what to train with.
            workload: what to train on.
            about: what it says of itself.

        Raises:
            CannotWrite: the trainer cannot train this recipe.
        """
        sections = [
            _head(parts, self.imports, about),
            _constants(parts, recipe, workload, about),
            parts.definitions,
            pass_loss(parts),
            run_class(parts),
            evaluation(parts, workload),
            BETTER.substitute(sign=parts.better_sign),
            *self.training(parts),
            MAIN.substitute(metric=workload.metric.name.rpartition(":")[2]),
        ]
        return "\n\n\n".join(section for section in sections if section)


def _head(parts: Parts, further: Iterable[str], about: About) -> str:
    """Return docstring and imports."""
    text = "\n".join([about.title, *([""] if about.lines else []), *about.lines])
    imports = {*parts.imports, *IMPORTS, *further}
    if "metric" in parts.uses or parts.follows_curve:
        imports.add("from types import SimpleNamespace")
    if parts.compiled:
        imports.add("from functools import cache")
    return f'"""{text}\n"""\n\n' + import_lines(imports)


def _constants(parts: Parts, recipe: Recipe, workload: LoadedWorkload, about: About) -> str:
    """Return the constants of a script, which its functions read."""
    lines = [
        f"DATA = {literal(about.data)}",
        f"BATCH_SIZE = {min(recipe.batch_size, workload.rows)}",
        f"EPOCHS = {recipe.epochs}",
        *_measured(parts.measured),
        f"SEED = {about.seed}  # of the initial weights, the order of the rows and all that is random",
        f"THREADS = {about.threads}  # the order of a sum, and so its last digits, depend on it",
        f"DEVICE = {literal(about.device)}",
    ]
    if workload.dataset.task == "regression":
        lines += [
            f"TARGET_MEAN = {_numbers(workload.dataset.target_mean)}",
            f"TARGET_SCALE = {_numbers(workload.dataset.target_scale)}  # of the training rows' targets",
        ]
    return "\n".join(lines)


def _measured(epochs: tuple[int, ...]) -> list[str]:
    """Return the line of the epochs after which the model is measured; none where that is each."""
    if not epochs:
        return []
    every = epochs[0]
    if not {*range(every, epochs[-1] + 1, every)} <= {*epochs}:
        return [f"MEASURED = {{{', '.join(map(str, epochs))}}}  # epochs after which it is measured"]
    others = "".join(f", {epoch}" for epoch in epochs if epoch % every)
    return [
        f"MEASURED = {{*range({every}, EPOCHS + 1, {every}){others}}}  # epochs after which it is measured"
    ]


def _numbers(value: Any) -> str:
    return f"np.array({literal(value.tolist())})" if hasattr(value, "tolist") else literal(float(value))
