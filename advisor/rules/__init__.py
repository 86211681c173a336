"""Rules, one file each: a rule looks at the evidence and says what follows for which optimizer, and why.

Rules never see each other; `recommend` alone combines what they find. A rule is found because its file lies in this folder;
another package offers its own through the entry points `optimizer_advisor.rules`:

    [project.entry-points."optimizer_advisor.rules"]
    MyRule = "my_package.my_module:MyRule"
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from typing import ClassVar

from advisor.evidence import Evidence, Finding, Verdict
from studies.errors import BadValue


class Rule(ABC):
    """Base of every rule. The docstring gives the reasoning, the caveat and the reference."""

    grade: ClassVar[str]
    """A several independent benchmarks, B one careful benchmark or a measurement of ours, C papers or manuals, D custom."""
    source: ClassVar[str]
    """Where the rule is from."""
    hits: ClassVar[tuple[Evidence, ...]]
    """Examples on which it speaks."""
    misses: ClassVar[tuple[Evidence, ...]]
    """Examples on which it keeps silent."""

    @abstractmethod
    def __call__(self, evidence: Evidence) -> Iterator[Finding]:
        """Yield what follows from the evidence, one finding an optimizer it concerns."""

    def finding(
        self, subject: str, verdict: Verdict, because: str, *, strength: float = 0.0, source: str | None = None
    ) -> Finding:
        """Return a finding under this rule's name, and its source unless another is given."""
        return Finding(
            rule=type(self).__name__,
            subject=subject,
            verdict=verdict,
            strength=strength,
            because=because,
            source=source or self.source,
        )

    def prior(self, subject: str, strength: float, because: str) -> Iterator[Finding]:
        """Yield a finding that speaks for an optimizer, or against it when its strength is negative; nothing at 0."""
        if strength:
            yield self.finding(subject, "prefer" if strength > 0 else "avoid", because, strength=strength)


@cache
def rules() -> dict[str, Rule]:
    """Return the rules by name, sorted.

    Raises:
        BadValue: an entry point that is no rule.
    """
    found: dict[str, Rule] = {}
    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        found |= {rule.__name__: rule() for rule in _defined_in(module.name)}
    for point in entry_points(group="optimizer_advisor.rules"):
        rule = point.load()
        if not (inspect.isclass(rule) and issubclass(rule, Rule)):
            raise BadValue(f"entry point '{point.name}' ({point.value}) is no rule; uninstall or mend it")
        found[rule.__name__] = rule()
    return dict(sorted(found.items()))


def judge(evidence: Evidence) -> tuple[Finding, ...]:
    """Return what all rules find, rule by rule."""
    return tuple(finding for rule in rules().values() for finding in rule(evidence))


def _defined_in(module_name: str) -> list[type[Rule]]:
    module = importlib.import_module(module_name)
    return [
        member
        for _, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, Rule) and member.__module__ == module_name and not inspect.isabstract(member)
    ]
