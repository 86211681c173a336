"""Facts of a workload in a second or two: counts over the data, a census of the model's modules, a few timed steps."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from studies import catalogue, measure
from studies.evaluate import first_rows
from studies.facts import Facts, Forecast
from studies.memory import activation_bytes, forecast
from studies.optimizers import OptimizerChoice
from studies.recipe import Recipe
from studies.routing import route, trained
from studies.train import Training

if TYPE_CHECKING:
    from studies.data import Dataset, Part
    from studies.workload import Workload

TIMED_STEPS = 15
WARM_STEPS = 3


def profile(workload: Workload, *, batch_size: int, epochs: int, device: str = "cpu") -> Facts:
    """Return the facts of a workload.

    Args:
        workload: what would be trained on.
        batch_size: rows a step that memory and seconds are measured at.
        epochs: of one whole run.
        device: where it would run.
    """
    recipe = Recipe(model=workload.model, batch_size=batch_size, epochs=epochs)
    training = Training(recipe, workload, seed=workload.seed, device=device)
    step_seconds, optimizer_share = _step_times(training)
    return Facts(
        kind=workload.dataset.kind,
        task=workload.dataset.task,
        rows=workload.rows,
        batch_size=batch_size,
        steps=training.total_steps,
        macs=measure.macs(training.model, first_rows(workload.dataset.train, 1).to(training.device)),
        step_seconds=step_seconds,
        optimizer_share=optimizer_share,
        device=device,
        forecasts=forecasts(workload, training),
        **_data_facts(workload.dataset),
        **_census(training.model),
    )


def forecasts(workload: Workload, training: Training) -> tuple[Forecast, ...]:
    """Return the memory forecast of every optimizer in the catalogue, at the training's batch size."""
    rows = first_rows(workload.dataset.train, training.batch_size).to(training.device)
    targets = torch.from_numpy(workload.dataset.train.targets[: training.batch_size]).to(training.device)
    activations = activation_bytes(training.model, rows, lambda outputs: training.loss(outputs, targets))
    optimizers = [
        choice.from_fields({}) for choice in catalogue.choices("optimizer").values() if issubclass(choice, OptimizerChoice)
    ]
    return tuple(forecast(optimizer, training.model, activations) for optimizer in optimizers)


def _data_facts(dataset: Dataset) -> dict[str, Any]:
    nonzero, spreads = _columns(dataset.train)
    varied = spreads[spreads > 0]
    scale_ratio = float(varied.max() / varied.min()) if len(varied) and dataset.kind == "table" else 1.0
    facts = {
        "columns": len(spreads), "classes": len(dataset.classes), "missing_share": dataset.missing_share,
        "input_density": nonzero / max(dataset.train.rows * len(spreads), 1), "feature_scale_ratio": scale_ratio,
    }  # fmt: skip
    return facts | (_label_facts(dataset.train.targets) if dataset.task == "classification" else {})


def _columns(part: Part) -> tuple[int, NDArray[Any]]:
    """Return how many entries are not zero, and the standard deviation of each column, (columns,)."""
    inputs = part.inputs
    if isinstance(inputs, np.ndarray):
        return int(np.count_nonzero(inputs)), inputs.reshape(len(inputs), -1).std(axis=0)
    mean, square = (np.asarray(values.mean(axis=0)).ravel() for values in (inputs, inputs.power(2)))
    return int(inputs.nnz), np.sqrt(np.maximum(square - mean**2, 0.0))


def _label_facts(codes: NDArray[Any]) -> dict[str, float]:
    counts = np.unique(codes, return_counts=True)[1]
    shares = counts / counts.sum()
    entropy = float(-(shares * np.log(shares)).sum() / np.log(len(counts))) if len(counts) > 1 else 0.0
    return {"class_imbalance": float(counts.max() / counts.min()), "label_entropy": entropy}


def _census(model: nn.Module) -> dict[str, Any]:
    parameters = trained(model)
    total = sum(parameter.numel() for parameter in parameters)
    linears = [module for module in model.modules() if isinstance(module, nn.Linear)]
    hidden = linears[:-1]  # the last one is the output layer
    return {
        "parameters": total,
        "matrix_share": _weights(hidden) / total,
        "convolution_share": _weights(_of(model, nn.Conv1d, nn.Conv2d, nn.Conv3d)) / total,
        "embedding_share": _weights(_of(model, nn.Embedding, nn.EmbeddingBag)) / total,
        "sparse_share": route(model).counts().get("sparse table", 0) / total,
        "has_batchnorm": bool(_of(model, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)),
        "has_attention": bool(_of(model, nn.MultiheadAttention)),
        "is_linear": len(linears) == 1 and not _of(model, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Embedding, nn.EmbeddingBag),
    }


def _of(model: nn.Module, *kinds: type[nn.Module]) -> list[nn.Module]:
    return [module for module in model.modules() if isinstance(module, kinds)]


def _weights(modules: list[Any]) -> int:
    return sum(module.weight.numel() for module in modules)


def _step_times(training: Training) -> tuple[float, float]:
    """Return the median seconds of a whole AdamW step and the optimizer's share of it, on a copy that is thrown away."""
    dataset = training.workload.dataset
    rows = first_rows(dataset.train, training.batch_size).to(training.device)
    targets = torch.from_numpy(dataset.train.targets[: training.batch_size]).to(training.device)
    loss = functional.cross_entropy if dataset.task == "classification" else functional.mse_loss
    whole, stepping = [], []
    with torch.random.fork_rng(devices=[]):
        training.model.train()
        for _ in range(WARM_STEPS + TIMED_STEPS):
            start = time.perf_counter()
            training.optimizer.zero_grad()
            loss(training.model(rows), targets).backward()  # type: ignore[no-untyped-call]
            middle = _now(training.device)
            training.optimizer.step()
            end = _now(training.device)
            whole.append(end - start)
            stepping.append(end - middle)
    total = float(np.median(whole[WARM_STEPS:]))
    return total, float(np.median(stepping[WARM_STEPS:]) / total)


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
