"""Limits on the model: those on its size and latency, as statements name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from advisor.report.numbers import written, written_limit
from advisor.statements.statement import Case, Statement
from studies.limits import LIMITED_COST, Limits
from studies.quantities import listed

OF_MODEL: Final = tuple(limit for limit, cost in LIMITED_COST.items() if cost.of_model)
"""Limits on the model, by their names in `Limits`."""


@dataclass(frozen=True, kw_only=True)
class OnModelLimits(Statement):
    """On limits of the model: those on its size and latency that a statement is about."""

    model_bytes_limit: int | None = None
    latency_seconds_limit: float | None = None

    @property
    def limits(self) -> dict[str, float]:
        """Return the limits that it is about, by their names in `Limits`."""
        every = {name: getattr(self, f"{name}_limit") for name in OF_MODEL}
        return {name: value for name, value in every.items() if value is not None}

    @property
    def said_limits(self) -> str:
        """Return them in words: 40 KB limit on model size."""
        return listed(
            [f"{limit_text(name, value)} limit on {limited(name)}" for name, value in self.limits.items()]
        )

    def limits_stand(self, case: Case) -> bool:
        """Tell whether these are limits of the study."""
        return all(getattr(case.evidence.limits, name) == value for name, value in self.limits.items())


def limit_figures(limits: Limits, names: Iterable[str] = OF_MODEL) -> dict[str, Any]:
    """Return the fields of a statement on those limits of the model that are named."""
    return {f"{name}_limit": getattr(limits, name) for name in names if name in OF_MODEL}


def value_text(name: str, value: float) -> str:
    """Write a value of what a limit is on, by its name in `Limits`."""
    return written(LIMITED_COST[name], value)


def limit_text(name: str, value: float) -> str:
    """Write a limit, by its name in `Limits`: 40 KB."""
    return written_limit(LIMITED_COST[name], value)


def limited(name: str) -> str:
    """Return what a limit is on, by its name in `Limits`: model size."""
    return LIMITED_COST[name].limited
