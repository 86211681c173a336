"""Embedding lookups: the share of an embedding table that one batch touches."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import torch
from torch import nn

from studies.forward import answer
from studies.profiling.probes.bench import Bench, Question, Unsuited

BATCHES = 4


def ask(bench: Bench) -> float:
    """Return the share of its rows that a batch looks up, of the table with the largest share.

    The padding row does not count.
    """
    model = bench.model()
    shares_by_table: dict[str, list[float]] = defaultdict(list)
    for name, module in model.named_modules():
        if isinstance(module, nn.Embedding | nn.EmbeddingBag):
            module.register_forward_pre_hook(partial(_note, shares_by_table[name]))
    with torch.no_grad():
        for _ in range(BATCHES):
            answer(model, bench.batch(bench.facts.batch_size)[0])
    looked_up = [sum(shares) / len(shares) for shares in shares_by_table.values() if shares]
    if not looked_up:
        raise Unsuited("the model looks nothing up in an embedding table")
    return max(looked_up)


def _note(shares: list[float], table: Any, arguments: tuple[torch.Tensor, ...]) -> None:
    rows = torch.unique(arguments[0])
    padding = -1 if table.padding_idx is None else table.padding_idx
    shares.append(int((rows != padding).sum()) / table.num_embeddings)


PROBE = Question(how=f"counted the ids in {BATCHES} batches", ask=ask)
