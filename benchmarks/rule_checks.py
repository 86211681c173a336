"""Conditions of the rules: tuned loss of each optimizer on made-up data that meets one or does not.

    python -m benchmarks.rule_checks imbalance|scales|dummies|words|bags|tables|small

Each optimizer gets the best of nine learning rates half a decade apart, linear decay to 0, batches of 32, and
its best rate once more with another seed; what is printed is the mean validation loss of the two. `tables`
times steps on an embedding table, and `small` trains the advisor's own recipes on the smallest bundled
tables. Five minutes each on one core.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from studies import catalogue
from studies.errors import StudyError
from studies.infeasible import Diverged
from studies.loaded_workload import LoadedWorkload
from studies.optim.muon import Muon
from studies.optimizers import OptimizerChoice
from studies.recipe import Recipe
from studies.train import Training
from studies.workload_opening import open_source

Make = Callable[[], nn.Module]
Data = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]

CENTRES = {"AdamW": -2.5, "Adagrad": -1.0, "SGD": -0.5, "Nesterov": -1.2, "Lion": -3.3, "Muon": -2.5}
"""Decimal logarithm of the learning rate in the middle of each grid."""


def optimizers(name: str, net: nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    """Return what steps on the net; Muon takes the first weight of two and leaves the rest to AdamW."""
    weights = list(net.parameters())
    match name:
        case "AdamW":
            return [torch.optim.AdamW(weights, lr=lr, weight_decay=0)]
        case "Adagrad":
            return [torch.optim.Adagrad(weights, lr=lr)]
        case "Lion":
            from pytorch_optimizer import Lion

            return [Lion(weights, lr=lr, weight_decay=0)]
        case "Muon":
            rest = torch.optim.AdamW(weights[1:], lr=lr, weight_decay=0)
            return [Muon(weights[:1], lr=lr, momentum=0.95, nesterov=True, weight_decay=0), rest]
        case _:
            momentum = 0.9 if name == "Nesterov" else 0.0
            return [torch.optim.SGD(weights, lr=lr, momentum=momentum, nesterov=momentum > 0)]


def trained(make: Make, data: Data, name: str, lr: float, *, steps: int, seed: int) -> float:
    """Return the validation loss after a run, infinite when it diverges."""
    torch.manual_seed(seed)
    net = make()
    inputs, labels, valid_inputs, valid_labels = data
    stepping = optimizers(name, net, lr)
    generator = torch.Generator().manual_seed(seed)
    for step in range(steps):
        rows = torch.randint(len(inputs), (32,), generator=generator)
        for group in (group for optimizer in stepping for group in optimizer.param_groups):
            group["lr"] = lr * (1 - step / steps)
        for optimizer in stepping:
            optimizer.zero_grad()
        loss = functional.cross_entropy(net(inputs[rows]), labels[rows])
        loss.backward()
        if not math.isfinite(loss.item()):
            return math.inf
        for optimizer in stepping:
            optimizer.step()
    with torch.no_grad():
        return float(functional.cross_entropy(net(valid_inputs), valid_labels))


def compare(title: str, make: Make, data: Data, *names: str, steps: int = 500) -> None:
    """Print the tuned loss of each optimizer."""
    loss_of = {}
    for name in names:
        rates = [10 ** (CENTRES[name] + half / 2) for half in range(-4, 5)]
        best, rate = min((trained(make, data, name, rate, steps=steps, seed=0), rate) for rate in rates)
        loss_of[name] = (best + trained(make, data, name, rate, steps=steps, seed=1)) / 2
    print(f"{title:<28}" + "  ".join(f"{name} {loss:.4f}" for name, loss in loss_of.items()), flush=True)


def linear(columns: int, classes: int) -> Make:
    """Return a maker of logistic regressions."""
    return lambda: nn.Linear(columns, classes)


def mlp(columns: int, classes: int) -> Make:
    """Return a maker of nets with one hidden layer."""
    return lambda: nn.Sequential(nn.Linear(columns, 64), nn.ReLU(), nn.Linear(64, classes))


def imbalance() -> None:
    """Gaussian clouds: many classes with a heavy tail, many equal ones, few uneven ones."""
    rows_of = {
        "zipf 100": [max(1, int(2000 / (i + 1))) for i in range(100)],
        "tail 150": [max(2, int(3000 / (i + 1) ** 1.1)) for i in range(150)],
        "equal 100": [100] * 100,
        "two 200:1": [8000, 40],
        "ten 150:1": [int(4000 * 150 ** (-i / 9)) for i in range(10)],
        "three 150:1": [6000, 500, 40],
    }
    for title, counts in rows_of.items():
        generator = torch.Generator().manual_seed(0)
        centres = torch.randn(len(counts), 30, generator=generator) * 0.6
        labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
        inputs = centres[labels] + torch.randn(len(labels), 30, generator=generator)
        order = torch.randperm(len(labels), generator=generator)
        data = split(inputs[order], labels[order], len(labels) * 3 // 4)
        for kind in (linear, mlp):
            compare(
                f"{title} {kind.__name__}", kind(30, len(counts)), data, "AdamW", "Nesterov", "SGD", "Lion"
            )


def scales() -> None:
    """Twenty columns whose deviations spread over none, one, two and three decades."""
    for ratio in (1, 10, 100, 1000):
        generator = torch.Generator().manual_seed(1)
        inputs, weights = torch.randn(3000, 20, generator=generator), torch.randn(20, generator=generator)
        labels = ((inputs @ weights + 0.5 * torch.randn(3000, generator=generator)) > 0).long()
        data = split(inputs * ratio ** torch.linspace(-0.5, 0.5, 20), labels, 2000)
        compare(
            f"scales 1:{ratio} linear", linear(20, 2), data, "AdamW", "Adagrad", "SGD", "Nesterov", "Lion"
        )
        compare(
            f"scales 1:{ratio} mlp", mlp(20, 2), data, "AdamW", "Adagrad", "SGD", "Nesterov", "Lion", "Muon"
        )


def dummies(steps: int = 300) -> None:
    """Ten numbers beside thirty 0/1 columns, the rarest one in a thousand."""
    generator = torch.Generator().manual_seed(5)
    numbers, shares = torch.randn(4000, 10, generator=generator), 10 ** torch.linspace(-3, -0.5, 30)
    inputs = torch.cat([numbers, (torch.rand(4000, 30, generator=generator) < shares).float()], 1)
    weights = torch.randn(40, generator=generator)
    labels = ((inputs @ weights + 0.5 * torch.randn(4000, generator=generator)) > 0).long()
    compare(
        "dummies mlp",
        mlp(40, 2),
        split(inputs, labels, 3000),
        "AdamW",
        "Muon",
        "Nesterov",
        "SGD",
        steps=steps,
    )


def words() -> None:
    """Rows of 400 0/1 columns, some rare, of which 2 to 50 % are set."""
    for density in (0.02, 0.05, 0.1, 0.2, 0.5):
        generator = torch.Generator().manual_seed(3)
        falling = 1 / torch.arange(1, 401) ** 0.7
        shares = (density * 400 / falling.sum() * falling).clamp(max=1)
        inputs = (torch.rand(4000, 400, generator=generator) < shares).float()
        meaning = torch.randn(400, 4, generator=generator)
        scores = (inputs @ meaning) / (inputs.sum(1, keepdim=True).sqrt() + 1) * 2
        labels = (scores + torch.randn(4000, 4, generator=generator) * 0.5).argmax(1)
        data = split(inputs, labels, 3000)
        compare(
            f"words {density:.0%} mlp",
            mlp(400, 4),
            data,
            "AdamW",
            "Adagrad",
            "SGD",
            "Nesterov",
            "Lion",
            "Muon",
        )
        compare(
            f"words {density:.0%} linear", linear(400, 4), data, "AdamW", "Adagrad", "SGD", "Nesterov", "Lion"
        )


class Bag(nn.Module):
    """The mean of twelve embeddings, then a linear layer."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(vocabulary, 32, mode="mean")
        self.head = nn.Linear(32, 4)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return scores, (rows, 4), of tokens, (rows, 12)."""
        scores: torch.Tensor = self.head(self.table(tokens))
        return scores


def bags() -> None:
    """Bags of twelve words out of 50, 500 and 5,000: a batch touches nearly all, a third, 1/20 of them."""
    for size in (50, 500, 5000):
        generator = torch.Generator().manual_seed(2)
        shares, meaning = 1 / torch.arange(1, size + 1.0), torch.randn(size, 4, generator=generator)
        inputs = torch.multinomial(shares, 4000 * 12, replacement=True, generator=generator).view(4000, 12)
        labels = (meaning[inputs].mean(1) * 4 + torch.randn(4000, 4, generator=generator) * 0.5).argmax(1)
        data = split(inputs, labels, 3000)
        compare(
            f"bag of {size}", lambda size=size: Bag(size), data, "AdamW", "Adagrad", "SGD", "Nesterov", "Lion"
        )


def tables() -> None:
    """Time a step on a table of 200,000 x 64 when a batch touches 1 to 50 % of its rows."""
    for share in (0.01, 0.05, 0.2, 0.5):
        seconds = {}
        for title, make, sparse in (
            ("AdamW fused", lambda weights: torch.optim.AdamW(weights, fused=True), False),
            ("SparseAdam", torch.optim.SparseAdam, True),
            ("Adagrad sparse", torch.optim.Adagrad, True),
        ):
            table = nn.Embedding(200_000, 64, sparse=sparse)
            optimizer, taken = make(table.parameters()), []
            for _ in range(12):
                table.zero_grad()
                table(torch.randint(200_000, (int(share * 200_000),))).sum().backward()
                start = time.perf_counter()
                optimizer.step()
                taken.append(time.perf_counter() - start)
            seconds[title] = statistics.median(taken[2:])
        print(
            f"rows {share:.0%}: "
            + ", ".join(f"{title} {1e3 * taken:.0f} ms" for title, taken in seconds.items()),
            flush=True,
        )


def small_tables() -> None:
    """L-BFGS against AdamW and Nesterov on the smallest bundled tables: 27 epochs, six rates, three seeds."""
    for dataset in ("iris", "wine", "breast_cancer", "diabetes"):
        for model in ("linear", "mlp"):
            workload = open_source(dataset, model=model)
            loss_of = {
                name: _tuned(workload, name, batch)
                for name, batch in (("AdamW", 32), ("Nesterov", 32), ("LBFGS", workload.rows))
            }
            print(
                f"{dataset} {model:<8}" + "  ".join(f"{name} {loss:.4f}" for name, loss in loss_of.items()),
                flush=True,
            )


def _tuned(workload: LoadedWorkload, name: str, batch: int) -> float:
    choice = catalogue.find("optimizer", name)
    middle = choice.from_fields({}).lr
    return min(
        statistics.mean(
            _lowest(workload, choice.from_fields({"lr": min(middle * 10**power, 5)}), batch, seed)
            for seed in range(3)
        )
        for power in (-1, -0.5, 0, 0.5, 1, 1.5)
    )


def _lowest(workload: LoadedWorkload, optimizer: OptimizerChoice, batch: int, seed: int) -> float:
    run = Training(
        Recipe(model=workload.model, optimizer=optimizer, batch_size=batch, epochs=27), workload, seed=seed
    )
    try:
        run.advance(27)
    except (Diverged, StudyError):
        return 9.0
    return min(point.valid_loss for point in run.curve)


def split(inputs: torch.Tensor, labels: torch.Tensor, rows: int) -> Data:
    """Return training inputs and labels, then those for validation."""
    return inputs[:rows], labels[:rows], inputs[rows:], labels[rows:]


def smoke() -> None:
    """Smallest form: one set of data, two steps a run."""
    dummies(steps=2)


CHECKS = {
    "imbalance": imbalance,
    "scales": scales,
    "dummies": dummies,
    "words": words,
    "bags": bags,
    "tables": tables,
    "small": small_tables,
}

if __name__ == "__main__":
    torch.set_num_threads(1)
    CHECKS[sys.argv[1]]()
