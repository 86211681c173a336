"""Ensemble gain: what the average of several models reaches, beside what they reach by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.report.numbers import number
from studies.bundle import outlet
from studies.metrics import LOSS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from studies.bundle.about import About
    from studies.bundle.member import Member
    from studies.loaded_workload import LoadedWorkload

PARTS = {"valid": "validation", "test": "test"}


def gain_of(
    members: Sequence[Member], workloads: Sequence[LoadedWorkload], about: About
) -> dict[str, dict[str, float]]:
    """Return the metric of the members, on average, and of their average, for each part that can be judged.

    The test rows are the same for all. Where each seed drew rows of its own to validate on, these trained the
    other seeds, and only the test rows are left.

    Args:
        members: of the ensemble.
        workloads: that each was trained on.
        about: what their outputs are.
    """
    if about.gives not in {outlet.LOGITS, outlet.AMOUNTS} or workloads[0].metric.name == LOSS:
        return {}
    shared = all(member.split_seed is None for member in members)
    return {
        PARTS[part]: _gain(members, workloads, about, part)
        for part in (("valid", "test") if shared else ("test",))
    }


def _gain(
    members: Sequence[Member], workloads: Sequence[LoadedWorkload], about: About, part: str
) -> dict[str, float]:
    answers = [
        member.answer_for(getattr(workload.dataset, part).inputs[:], about)
        for member, workload in zip(members, workloads, strict=True)
    ]
    first = workloads[0]
    targets = _in_units(first, getattr(first.dataset, part).targets)

    def score(answer: NDArray[np.float64]) -> float:
        outputs = outlet.logits_of(answer) if about.gives == outlet.LOGITS else answer
        return float(first.metric.score(outputs, targets))

    return {"members": fmean(map(score, answers)), "average": score(np.mean(answers, axis=0))}


def _in_units(workload: LoadedWorkload, targets: Any) -> Any:
    dataset = workload.dataset
    return targets if dataset.classes else targets * dataset.target_scale + dataset.target_mean


def notes(gain: Mapping[str, Mapping[str, float]], members: int, metric: str) -> tuple[str, ...]:
    """Return the gain in sentences."""
    said = [
        f"The average of {members} models reaches {metric} {number(values['average'])} on the {part} rows, "
        f"its members {number(values['members'])} on average."
        for part, values in gain.items()
    ]
    if gain and "validation" not in gain:
        said.append(
            "Each member validated on rows of its own, which trained the others: the test rows alone judge "
            "them."
        )
    return tuple(said)
