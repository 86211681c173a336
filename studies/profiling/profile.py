"""Profile: facts of a workload, measured in seconds.

Counts over the data, a census of the model's modules, a few timed steps, and probes.
"""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from studies.data.dataset import Part
from studies.data.mapped_rows import MappedRows
from studies.data.rows import first_rows
from studies.facts import Facts
from studies.limits import Budget
from studies.measure.model import macs
from studies.measure.threads import threads
from studies.optim.routing import route, trained
from studies.profiling import probes
from studies.profiling.forecasts import forecasts
from studies.profiling.probes.bench import Bench
from studies.profiling.step_times import times
from studies.rng import undisturbed
from studies.rows.nested import NestedRows

if TYPE_CHECKING:
    from studies.data.dataset import Dataset
    from studies.loaded_workload import LoadedWorkload

BLOCK_BYTES, COLUMNS = 2**24, 8
"""Numbers and columns that are looked at at once, at least."""
PROBING_SECONDS: Final = 4.0
"""For probes of `advisor profile`: none begins that is not likely to end within."""
PROFILE_SECONDS: Final = 5.0
"""From the beginning of a profile, after which no probe begins either; a fourth of the other seconds is left
to them whatever came before."""
SEARCH_SECONDS, SEARCH_SHARE = 2.0, 0.03
"""The same before a search, and as a share of its budget in seconds, whichever is less."""
GRADIENTS: Final = 60
"""Gradients that the repeatable probes take, about."""
MOST_MACS: Final = 10**10
"""Multiply-accumulates of probing before a search in trials, seconds of one core: a clock would say other
things elsewhere."""
MOST_SINGLE_MACS: Final = 10**11
"""The same of probes that take a single gradient: about 2.5 s of one core (measured on a transformer)."""


def profile(
    workload: LoadedWorkload,
    *,
    batch_size: int,
    epochs: int,
    device: str = "cpu",
    probing: Budget | float = 0.0,
    forecasting: bool = True,
) -> Facts:
    """Return the facts of a workload; random generators are left as they were.

    Args:
        workload: what would be trained on.
        batch_size: rows a step that memory and seconds are measured at.
        epochs: of one whole run.
        device: where it would run.
        probing: seconds for probes, 0 for none; or the budget of the search that follows. One in trials gets
            the probes that say the same on any machine, so that the same search follows there.
        forecasting: whether memory is forecast now; else `with_forecasts` adds that later.
    """
    start = time.perf_counter()
    with undisturbed():
        facts, model = _counted(workload, batch_size=batch_size, epochs=epochs, device=device)
        with threads(1):  # those that training gets, unless it is seen to gain by more
            facts = replace(facts, **times(Bench(workload, facts), model))
        del model
        names, seconds = _probing(probing, facts, spent_seconds=time.perf_counter() - start)
        bench = Bench(workload, facts, allowance_seconds=seconds)
        with threads(1):  # values are then the same on any machine, and a busy core cannot hold up the rest
            values, reports = probes.measure(bench, names)
            memory = forecasts(workload, facts) if forecasting else ()
        return replace(facts, **values, probes=reports, forecasts=memory)


def with_forecasts(workload: LoadedWorkload, facts: Facts) -> Facts:
    """Return the facts with the memory forecasts that `profile` left for later."""
    with undisturbed(), threads(1):
        return replace(facts, forecasts=forecasts(workload, facts))


def _probing(probing: Budget | float, facts: Facts, *, spent_seconds: float) -> tuple[tuple[str, ...], float]:
    """Return which probes run, and for how many seconds."""
    if not isinstance(probing, Budget):
        left = max(PROFILE_SECONDS - spent_seconds, probing / 4)
        return (probes.IN_ORDER, min(probing, left)) if probing > 0 else ((), 0.0)
    if probing.seconds is None:
        gradients = 3 * facts.macs * facts.batch_size * GRADIENTS
        return probes.REPEATABLE if gradients <= MOST_MACS else _single_gradients(facts), math.inf
    return probes.IN_ORDER, min(SEARCH_SECONDS, SEARCH_SHARE * probing.seconds)


def _single_gradients(facts: Facts) -> tuple[str, ...]:
    """Return the probes of a single gradient that are not too much, by counts alone."""
    names, left_macs = [], MOST_SINGLE_MACS
    for name in probes.SINGLE_GRADIENT:
        left_macs -= 3 * facts.macs * probes.question(name).rows(facts)
        if left_macs >= 0:
            names.append(name)
    return tuple(names)


def _counted(
    workload: LoadedWorkload, *, batch_size: int, epochs: int, device: str
) -> tuple[Facts, nn.Module]:
    """Return what takes no experiment, and a model as a trial begins with it."""
    dataset = workload.dataset
    batch_size = min(batch_size, workload.rows)
    facts = Facts(
        kind=dataset.kind,
        task=dataset.task,
        rows=workload.rows,
        batch_size=batch_size,
        steps=epochs * workload.steps_per_epoch(batch_size),
        device=device,
        **_data_facts(dataset),
    )
    model = Bench(workload, facts).model()
    row = first_rows(dataset.train, 1).to(device)
    return replace(facts, macs=macs(model, row), **census(model)), model


def _data_facts(dataset: Dataset) -> dict[str, Any]:
    nonzero, spreads = _columns(dataset.train)
    varied = spreads[spreads > 0]
    scale_ratio = float(varied.max() / varied.min()) if len(varied) and dataset.kind == "table" else 1.0
    facts = {
        "columns": len(spreads),
        "classes": len(dataset.classes),
        "missing_share": dataset.missing_share,
        "raw_density": dataset.raw_density,
        "input_density": nonzero / max(dataset.train.rows * len(spreads), 1),
        "feature_scale_ratio": scale_ratio,
    }
    return facts | (_label_facts(dataset.train.targets) if dataset.task == "classification" else {})


def _columns(part: Part) -> tuple[int, NDArray[Any]]:
    """Return how many entries are not zero, and the standard deviation of each column, (columns,)."""
    inputs = part.inputs
    if isinstance(inputs, MappedRows):
        some = inputs.some().reshape(-1, int(np.prod(inputs.shape[1:])))
        return round(np.count_nonzero(some) / max(len(some), 1) * part.rows), some.std(axis=0)
    if isinstance(inputs, NestedRows):
        leaves = [_columns(Part(inputs=leaf, targets=part.targets)) for leaf in inputs.leaves()]
        return sum(nonzero for nonzero, _ in leaves), np.concatenate([spreads for _, spreads in leaves])
    if isinstance(inputs, np.ndarray):
        columns = inputs.reshape(len(inputs), -1)
        count = max(COLUMNS, BLOCK_BYTES // max(1, len(columns) * columns.itemsize))
        blocks = (columns[:, first : first + count] for first in range(0, columns.shape[1], count))
        return int(np.count_nonzero(inputs)), np.concatenate([block.std(axis=0) for block in blocks])
    mean, square = (np.asarray(values.mean(axis=0)).ravel() for values in (inputs, inputs.power(2)))
    return int(inputs.nnz), np.sqrt(np.maximum(square - mean**2, 0.0))


def _label_facts(codes: NDArray[Any]) -> dict[str, float]:
    counts = np.unique(codes, return_counts=True)[1]
    shares = counts / counts.sum()
    entropy = float(-(shares * np.log(shares)).sum() / np.log(len(counts))) if len(counts) > 1 else 0.0
    return {"class_imbalance": float(counts.max() / counts.min()), "label_entropy": entropy}


def census(model: nn.Module) -> dict[str, Any]:
    """Return the facts of a model alone."""
    parameters = trained(model)
    total = sum(parameter.numel() for parameter in parameters)
    linears = _of(model, nn.Linear)
    tables = _of(model, nn.Embedding, nn.EmbeddingBag)
    holding = [module for module in model.modules() if any(True for _ in module.parameters(recurse=False))]
    return {
        "parameters": total,
        "matrix_share": _weights(linears[:-1]) / total,  # the last one is the output layer
        "convolution_share": _weights(_of(model, nn.Conv1d, nn.Conv2d, nn.Conv3d)) / total,
        "embedding_share": _weights(tables) / total,
        "sparse_share": route(model).counts().get("sparse table", 0) / total,
        "has_batchnorm": bool(_of(model, _BatchNorm)),
        "has_attention": bool(_of(model, nn.MultiheadAttention)),
        "is_linear": len(holding) == 1 and len(linears) == 1,
        "tied_weights": any(table.weight is linear.weight for table in tables for linear in linears),
        "dropout_layers": len(_of(model, nn.modules.dropout._DropoutNd)),
        "normalises_inputs": bool(holding)
        and isinstance(holding[0], _BatchNorm | nn.LayerNorm | nn.GroupNorm | nn.RMSNorm),
    }


def _of(model: nn.Module, *kinds: type[nn.Module]) -> list[Any]:
    return [module for module in model.modules() if isinstance(module, kinds)]


def _weights(modules: list[Any]) -> int:
    return sum(module.weight.numel() for module in modules)
