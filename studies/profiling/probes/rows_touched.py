"""Embedding lookups: the share of an embedding table that one batch touches."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any

import torch
from torch import nn

from studies.forward import answer
from studies.profiling.probes.bench import Bench, Question, Unsuited, few_rows

BATCHES = 4


class _AllNoted(Exception):
    """Every table of a large model has been looked up in: the rest of the pass would say nothing."""


def ask(bench: Bench) -> float:
    """Return the share of its rows that a batch looks up, of the table with the largest share.

    The padding row does not count.
    """
    model, large = bench.model(), few_rows(bench.facts) < bench.facts.batch_size
    tables = [module for module in model.modules() if isinstance(module, nn.Embedding | nn.EmbeddingBag)]
    shares: list[list[float]] = [[] for _ in tables]
    for table, of_table in zip(tables, shares, strict=True):
        table.register_forward_pre_hook(partial(_note, shares, of_table, large=large))
    for _ in range(BATCHES if tables else 0):
        with torch.no_grad(), suppress(_AllNoted):
            answer(model, bench.batch(bench.facts.batch_size)[0])
    looked_up = [sum(of_table) / len(of_table) for of_table in shares if of_table]
    if not looked_up:
        raise Unsuited("the model looks nothing up in an embedding table")
    return max(looked_up)


def _note(
    shares: list[list[float]],
    of_table: list[float],
    table: Any,
    arguments: tuple[torch.Tensor, ...],
    *,
    large: bool,
) -> None:
    """Note the share of a table that is looked up; of a large model, end the pass with the last table."""
    rows = torch.unique(arguments[0])
    padding = -1 if table.padding_idx is None else table.padding_idx
    of_table.append(int((rows != padding).sum()) / table.num_embeddings)
    if large and all(len(each) >= len(of_table) for each in shares):
        raise _AllNoted


PROBE = Question(how=f"counted the ids in {BATCHES} batches", ask=ask)
