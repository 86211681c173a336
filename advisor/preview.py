"""What `advisor profile` says: facts in seconds, bytes by optimizer, and advice before any trial."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from advisor.evidence import Evidence, Recommendation
from advisor.launch import look
from advisor.recommend import recommend
from advisor.request import Request, plan_for, planned_trials
from studies.facts import Facts, Forecast
from studies.limits import Limits, format_bytes, format_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Facts and advice before any trial."""

    facts: Facts
    limits: Limits
    recommendation: Recommendation

    def to_dict(self) -> dict[str, Any]:
        """Return what `profile --json` prints."""
        memory = [self._row(forecast) for forecast in self.facts.forecasts]
        return {"facts": self.facts.to_dict(), "memory": memory, "recommendation": self.recommendation.to_dict()}

    def _row(self, forecast: Forecast) -> dict[str, Any]:
        limit = self.limits.train_bytes
        peak = forecast.peak_bytes
        return asdict(forecast) | {"peak_bytes": peak, "fits": limit is None or peak <= limit}

    def __str__(self) -> str:
        return "\n\n".join([_data(self.facts), _model(self.facts), self._memory(), str(self.recommendation)])

    def _memory(self) -> str:
        lines = [f"Memory while training, at batch size {self.facts.batch_size}:"]
        for row in map(self._row, self.facts.forecasts):
            parts = ", ".join(f"{name} {format_bytes(row[f'{key}_bytes'])}" for name, key in _PARTS)
            verdict = "" if row["fits"] else "  over the limit"
            lines.append(f"  {row['optimizer']:<12}{format_bytes(row['peak_bytes']):>10}  ({parts}){verdict}")
        return "\n".join(lines)


_PARTS = (("weights", "weight"), ("gradients", "gradient"), ("state", "state"), ("activations", "activation"))


def preview(request: Request) -> Preview:
    """Profile a workload and recommend from what is known before any trial.

    Raises:
        StudyError: anything wrong with the request.
    """
    workload, facts = look(request)
    plan, facts, _ = plan_for(request, workload, facts)
    metric = workload.metric
    evidence = Evidence(
        facts=facts, limits=request.limits, candidates=plan.candidates, direction=metric.direction, metric=metric.name,
        goal=request.goal, valid_rows=workload.dataset.valid.rows, planned_trials=planned_trials(facts, request.budget),
        rules=request.rules,
    )  # fmt: skip
    return Preview(facts=facts, limits=request.limits, recommendation=recommend(evidence))


def _data(facts: Facts) -> str:
    lines = [
        f"Data: {facts.rows} training rows, {facts.columns} columns, {facts.kind}, {facts.task}"
        + (f" into {facts.classes} classes." if facts.classes else "."),
        f"  non-zero inputs {facts.input_density:.0%}, missing in the raw table {facts.missing_share:.1%}",
    ]
    if facts.classes:
        lines.append(
            f"  largest class {facts.class_imbalance:.3g} times the smallest, label entropy {facts.label_entropy:.2f} of 1"
        )
    return "\n".join(lines)


def _model(facts: Facts) -> str:
    shares = {"hidden matrices": facts.matrix_share, "convolutions": facts.convolution_share, "embeddings": facts.embedding_share}
    held = ", ".join(f"{share:.0%} {name}" for name, share in shares.items() if share) or "a linear model"
    return (
        f"Model: {facts.parameters:,} parameters ({held}).\n"
        f"  one AdamW step takes {format_seconds(facts.step_seconds)} on {facts.device}, "
        f"{facts.optimizer_share:.0%} of it the optimizer;\n"
        f"  a whole run of {facts.steps} steps about {format_seconds(facts.run_seconds)}"
    )
