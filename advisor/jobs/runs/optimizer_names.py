"""Names of optimizers as other tools write them, and which of ours they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from studies import catalogue

DECORATIONS: Final = frozenset(
    """
    torch fused hf apex xla npu foreach capturable bnb paged 32bit optimizer experimental legacy keras
    dist distributed
    """.split()  # noqa: SIM905 - read more easily
)
"""Words of a name that say whose code or which kernel it is: `adamw_torch_fused` is AdamW."""
WITH_MOMENTUM: Final = {"SGD": ("Momentum", "Nesterov")}
"""Optimizers that another name stands for here once their momentum is above 0, and Nesterov's."""


def optimizer_of(written: Any, settings: Mapping[str, Any]) -> str:
    """Return the name of our optimizer that a run used; what is none of ours stays as it is written.

    Args:
        written: `AdamW`, `torch.optim.adamw.AdamW`, `<class 'torch.optim.sgd.SGD'>`, `adamw_torch`.
        settings: by meaning: with `momentum` above 0, SGD is Momentum, and with `nesterov` Nesterov.
    """
    text = re.sub(r"^<class '(.*)'>$", r"\1", str(written).strip())
    text = re.split(r"[(\s]", text, maxsplit=1)[0] or text
    last = text.rpartition(".")[2] or text
    name = _ours(last) or last
    momentum = settings.get("momentum")
    if name in WITH_MOMENTUM and isinstance(momentum, int | float) and momentum > 0:
        return WITH_MOMENTUM[name][bool(settings.get("nesterov"))]
    return name


def schedule_of(written: Any) -> str | None:
    """Return the name of our schedule that is meant; None for what is none of ours."""
    text = re.sub(r"(?i)_?with_warmup$|annealing|(?<=.)lr$", "", str(written).rpartition(".")[2])
    name, known = _squashed(text), _known("schedule")
    longer = [schedule for squashed, schedule in known.items() if name and squashed.startswith(name)]
    return known.get(name) or (longer[0] if len(longer) == 1 else None)


def _ours(name: str) -> str | None:
    known = _known("optimizer")
    words = [word for word in re.split(r"[_\-]+", name.lower()) if word not in DECORATIONS]
    return known.get(_squashed(name)) or known.get(_squashed("".join(words)))


@cache
def _known(axis: str) -> dict[str, str]:
    return {_squashed(name): name for name in catalogue.choices(axis)}


def _squashed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
