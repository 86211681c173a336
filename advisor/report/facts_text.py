"""Facts in words: the lines on the data and on the model of a workload."""

from __future__ import annotations

import math
import textwrap
from typing import Final

from advisor.report.numbers import percent
from studies.facts import Facts
from studies.quantities import format_seconds, several

WIDTH: Final = 98
"""Columns of a line where no terminal tells."""
UNEVEN: Final = 10
"""Columns whose widths differ by more are worth a word."""


def data_text(facts: Facts) -> str:
    """Return rows, columns, task, and what is uneven in the data, as lines of text."""
    return "\n  ".join(data_lines(facts))


def data_lines(facts: Facts) -> list[str]:
    """Return rows, columns, task, and what is uneven in the data: a head and a clause each."""
    columns = f"{facts.columns:,} {'words' if facts.kind == 'text' else 'inputs'}"
    named = "targets for your own loss" if facts.task == "own" else facts.task
    task = named + (f" into {facts.classes} classes" if facts.classes else "")
    lines = [f"Data: {facts.rows:,} training rows, {columns}, {facts.kind}, {task}."]
    if facts.kind != "text":  # the ids of words are never zero but for padding
        missing = f"missing in the raw table {in_percent(facts.missing_share)}"
        lines.append(f"non-zero inputs {_densities(facts)}, {missing}")
    if facts.feature_scale_ratio > UNEVEN:
        widest = f"{facts.feature_scale_ratio:.3g} times as wide as the narrowest"
        lines.append(f"after preprocessing the widest column is {widest}")
    if facts.classes:
        imbalance = f"largest class {facts.class_imbalance:.3g} times the smallest"
        lines.append(f"{imbalance}, label entropy {facts.label_entropy:.2f} of 1")
    return lines


def _densities(facts: Facts) -> str:
    """Return the share of non-zero inputs, as they came and as the model sees them where the two differ."""
    as_scaled = in_percent(facts.input_density)
    if facts.raw_density is None or in_percent(facts.raw_density) == as_scaled:
        return as_scaled
    return f"{in_percent(facts.raw_density)} as they came and {as_scaled} once scaled"


def in_percent(share: float) -> str:
    """Return a share in per cent, small ones with two digits: 94 %, 0.42 %."""
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.095 else f"{100 * share:.2g} %"


def model_text(facts: Facts, width: int = WIDTH) -> str:
    """Return layers and traits of the model, and what a pass, a step and a run take, as lines of text."""
    head, *clauses = model_lines(facts)
    lines = textwrap.wrap(head, width, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join([*lines, *(line for clause in clauses for line in indented(clause, width))])


def model_lines(facts: Facts) -> list[str]:
    """Return layers and traits of the model, and what a pass, a step and a run take: a head and clauses."""
    tables = "embeddings with sparse gradients" if facts.sparse_share else "embeddings"
    shares = {
        "hidden matrices": facts.matrix_share,
        "convolutions": facts.convolution_share,
        tables: facts.embedding_share,
    }
    layers = ", ".join(f"{100 * share:.0f} % {name}" for name, share in shares.items() if share) or (
        "a linear model" if facts.is_linear else "vectors and the output layer"
    )
    step, run = format_seconds(facts.step_seconds), format_seconds(facts.run_seconds)
    epoch = format_seconds(facts.step_seconds * math.ceil(facts.rows / facts.batch_size))
    clauses = (
        f"a row's forward pass takes {facts.macs:,} multiply-accumulates",
        f"an AdamW step takes {step} on {facts.device}, {percent(facts.optimizer_share)} of it the optimizer",
        f"an epoch takes about {epoch}, a whole run of {facts.steps} steps about {run}",
    )
    traits = ", ".join(_traits(facts))
    head = f"Model: {facts.parameters:,} parameters ({layers})" + (f"; {traits}." if traits else ".")
    return [head, *clauses]


def _traits(facts: Facts) -> list[str]:
    """Return what else the model has that an optimizer may mind, in words."""
    traits = {
        "batch norm": facts.has_batchnorm,
        "attention": facts.has_attention,
        "tied embedding and output": facts.tied_weights,
        "a norm first": facts.normalises_inputs,
        several(facts.dropout_layers, "dropout layer"): facts.dropout_layers > 0,
    }
    return [name for name, present in traits.items() if present]


def indented(text: str, width: int = WIDTH) -> list[str]:
    """Return a sentence as lines under a head, what follows the first further in."""
    return textwrap.wrap(text, width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)
