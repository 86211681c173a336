"""Names that people give the columns of their runs, and what they mean here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from studies.costs import COSTS

PREFIXES: Final = (
    "params.", "params_", "params/", "config.", "config/", "config_", "hparams.", "hparams/",
    "hyperparameters.", "metrics.", "metrics/", "summary.", "summary/", "user_attrs.", "user_attrs_", "tags.",
)  # fmt: skip
"""What tools write before a name."""
OF_SETTINGS: Final = ("params", "config", "hparams", "hyperparameters")
OF_RESULTS: Final = ("metrics", "summary")
OF_NOTES: Final = ("user_attrs", "tags", "system_attrs")
"""Beginnings of these prefixes, by what they say of a column."""

MEANINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "optimizer": (
        "optimizer", "optimizer_name", "optimizer_class", "optimizer_type", "optim", "optim_name", "opt",
        "optimiser", "opt_name", "optimizer_cls",
    ),
    "lr": (
        "lr", "learning_rate", "learningrate", "base_lr", "init_lr", "initial_lr", "peak_lr", "max_lr", "lr0",
        "learning_rate_init", "eta", "step_size", "optimizer_lr",
    ),
    "batch_size": (
        "batch_size", "bs", "batchsize", "train_batch_size", "per_device_train_batch_size", "batch",
        "mini_batch_size", "minibatch_size",
    ),
    "epochs": (
        "epochs", "num_epochs", "n_epochs", "num_train_epochs", "max_epochs", "nb_epochs", "total_epochs",
    ),
    "weight_decay": ("weight_decay", "wd", "weightdecay"),
    "momentum": ("momentum", "mom", "sgd_momentum"),
    "nesterov": ("nesterov",),
    "beta1": ("beta1", "beta_1", "b1", "adam_beta1", "adam_beta_1"),
    "beta2": ("beta2", "beta_2", "b2", "adam_beta2", "adam_beta_2"),
    "betas": ("betas", "adam_betas"),
    "schedule": (
        "schedule", "scheduler", "lr_scheduler", "lr_scheduler_type", "lr_schedule", "scheduler_name",
        "scheduler_type", "sched",
    ),
    "seed": ("seed", "random_state", "random_seed", "rng_seed", "manual_seed"),
    "state": ("state", "status", "run_state"),
    "train_seconds": (
        "train_seconds", "train_runtime", "training_time", "training_seconds", "train_time", "runtime",
        "elapsed_seconds", "elapsed", "duration_seconds", "duration", "wall_time",
    ),
} | {cost.field: (cost.field,) for cost in COSTS if cost.field != "train_seconds"}  # fmt: skip
"""What a column may mean, the likeliest name first."""
RECIPE: Final = (
    "lr", "batch_size", "epochs", "weight_decay", "momentum", "nesterov", "beta1", "beta2", "betas",
    "schedule",
)  # fmt: skip
"""Meanings that are settings; of two columns for one, the second stays a setting under its own name."""
METRICS: Final = ("value", "objective", "objective_value", "score", "quality", "result", "target")
"""Names of what a run is judged by that say nothing of what it is."""
BOOKKEEPING: Final = frozenset(
    """
    artifact_uri commit created created_at datetime_complete datetime_start end_time ended
    experiment_id experiment_name group host hostname id index job_type lifecycle_stage name notes
    number parent_run_id path pid project run run_id run_name running_time start_time started step
    sweep tag tags timestamp trial trial_id trial_number unnamed unnamed_0 updated url user user_id
    wandb params_hash heartbeat global_step git_commit git_hash
    """.split()  # noqa: SIM905 - read more easily
)
"""Columns that say where a run is kept, and when it was made."""


def short(column: str) -> str:
    """Return a column's name without what its tool writes before it."""
    name = column.strip()
    return next((name[len(prefix) :] for prefix in PREFIXES if name.lower().startswith(prefix)), name) or name


def group_of(column: str) -> str:
    """Return what a tool says of a column by its prefix: setting | result | note; empty where nothing."""
    prefix = next((prefix for prefix in PREFIXES if column.strip().lower().startswith(prefix)), "")[:-1]
    kinds = {"setting": OF_SETTINGS, "result": OF_RESULTS, "note": OF_NOTES}
    return next((kind for kind, prefixes in kinds.items() if prefix in prefixes), "")


def plain(name: str) -> str:
    """Return a name in lower case with underscores between its words: `learningRate`, `Learning Rate`."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", apart.lower()).strip("_")


def bookkeeping(column: str) -> bool:
    """Tell whether a column only says where a run is kept."""
    name = short(column)
    return not name or (name.startswith("_") and plain(name) != "runtime") or plain(name) in BOOKKEEPING


def rank(column: str, meaning: str) -> int | None:
    """Return how likely a column has a meaning, 0 for the likeliest; None where its name does not say so.

    The end of a nested name counts too, after all whole names: `model.optim.lr` may be the learning rate.
    """
    names = MEANINGS[meaning]
    whole, end = plain(short(column)), plain(re.split(r"[./]", short(column))[-1])
    if whole in names:
        return names.index(whole)
    return len(names) + names.index(end) if end in names and end not in {"name", "type"} else None
