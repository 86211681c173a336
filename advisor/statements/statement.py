"""Statement: one claim of the advice as data, which says itself and can be checked against the records."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import Any, Final, Protocol, get_type_hints

from advisor.compressed_model import CompressedModel
from advisor.contender import Contender
from advisor.evidence import Evidence, Finding
from studies.record import Record

COMMON: Final = ("subjects", "trials", "source")


class Answer(Protocol):
    """Answer: what a statement may look at of the recommendation that it is part of."""

    @property
    def optimizer(self) -> str:
        """Return the advised optimizer."""

    @property
    def label(self) -> str:
        """Return how sure the answer is."""

    @property
    def quality(self) -> float | None:
        """Return the validation metric of the advised recipe."""

    @property
    def trials(self) -> tuple[int, ...]:
        """Return the trials behind that quality."""

    @property
    def params(self) -> Mapping[str, Any]:
        """Return the advised recipe in flat form."""

    @property
    def costs(self) -> Mapping[str, float | int | None]:
        """Return the costs of the advised recipe."""

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Return every optimizer that fits, best first."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return what the rules and the limits say."""

    @property
    def margin(self) -> float:
        """Return the tie margin, a log-ratio of losses."""

    @property
    def compressed(self) -> tuple[CompressedModel, ...]:
        """Return the Pareto front of compressed models."""

    @property
    def compression(self) -> CompressedModel | None:
        """Return the compressed model that is advised."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """Case: the evidence, the answer that was made of it, and a way to ask again with other evidence."""

    evidence: Evidence
    answer: Answer
    ask: Callable[[Evidence], Answer | None]
    """Answers other evidence; None when nothing fits its limits."""

    def runs(self, numbers: tuple[int, ...]) -> list[Record]:
        """Return the records with these numbers."""
        return [record for record in self.evidence.records if record.number in numbers]

    def contender(self, name: str) -> Contender | None:
        """Return a contender by its name."""
        return next((other for other in self.answer.contenders if other.optimizer == name), None)


@dataclass(frozen=True, kw_only=True)
class Statement(ABC):
    """Statement: one claim of the advice.

    Its further fields are its figures, with their units in the names; its words are made of them alone.
    """

    subjects: tuple[str, ...] = ()
    """Optimizers that it is about."""
    trials: tuple[int, ...] = ()
    """Trials that the figures come from."""
    source: str = ""
    """Where a claim comes from that no trial makes: a paper, a table, a forecast."""

    @abstractmethod
    def __str__(self) -> str:
        """Say it, in one sentence or clause."""

    @abstractmethod
    def holds(self, case: Case) -> bool:
        """Tell whether the claim is true, recomputed from the records and the answer in plain code."""

    @property
    def kind(self) -> str:
        """Return the kind of the claim: the name of its class in small letters."""
        return self.kind_name()

    @property
    def figures(self) -> dict[str, Any]:
        """Return its figures by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in COMMON}

    @classmethod
    def figure_types(cls) -> dict[str, Any]:
        """Return the type of each of its figures by name."""
        hints = get_type_hints(cls)
        return {field.name: hints[field.name] for field in fields(cls) if field.name not in COMMON}

    @classmethod
    def kind_name(cls) -> str:
        """Return the name of its class in small letters."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: the kind and the figures beside the words."""
        common = {"subjects": list(self.subjects), "trials": list(self.trials), "source": self.source}
        return {"kind": self.kind, "says": str(self), **common, "figures": _plain(self.figures)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if isinstance(value, Statement):
        return value.to_dict()
    if is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        return {"says": str(value), **_plain(parts)}
    return value.value if isinstance(value, Enum) else value
