"""Profile of a workload: facts in seconds, bytes by optimizer, and advice before any trial."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from advisor.decide.recommend import recommend
from advisor.decide.split_checks import split_checks
from advisor.evidence import Evidence
from advisor.jobs.command_lines import search
from advisor.jobs.planning import plan_for, planned_trials
from advisor.jobs.request import Request
from advisor.jobs.workloads import open_and_profile, reading
from advisor.recommendation import Recommendation
from advisor.report.columns_table import columns_text
from advisor.report.layout import fold
from advisor.report.numbers import listed
from advisor.statements.check import Check
from studies import catalogue
from studies.callers_globals import set_aside
from studies.column_reading import ColumnReading
from studies.facts import Facts, Forecast
from studies.limits import Limits
from studies.quantities import format_bytes, format_seconds, several
from studies.storage.home import default_home
from studies.storage.manifest import StudyManifest

if TYPE_CHECKING:
    from studies.loaded_workload import LoadedWorkload


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """Preview: facts and advice before any trial."""

    facts: Facts
    limits: Limits
    recommendation: Recommendation
    split_checks: tuple[Check, ...] = ()
    """Is the split honest?"""
    columns: tuple[ColumnReading, ...] = ()
    """What each column of the table became."""
    notes: tuple[str, ...] = ()
    """What else was done to the data."""
    everything: bool = False
    """Whether the memory of all optimizers is shown, and not of those that enter first."""

    def to_dict(self) -> dict[str, Any]:
        """Return what `profile --json` prints."""
        memory = [self._row(forecast) for forecast in self.facts.forecasts]
        return {
            "columns": [column.to_dict() for column in self.columns],
            "notes": list(self.notes),
            "facts": self.facts.to_dict(),
            "memory": memory,
            "readings": [reading.to_dict() for reading in self.recommendation.readings],
            "recommendation": self.recommendation.to_dict(),
            "split_checks": [check.to_dict() for check in self.split_checks],
        }

    def _row(self, forecast: Forecast) -> dict[str, Any]:
        limit = self.limits.train_bytes
        peak = forecast.peak_bytes
        largest = forecast.largest_batch(limit, rows=self.facts.rows)
        part = forecast.largest_microbatch(limit, rows=self.facts.rows)
        fits = limit is None or peak <= limit
        return asdict(forecast) | {
            "peak_bytes": peak,
            "fits": fits,
            "largest_batch": largest,
            "largest_microbatch": part,
        }

    def __str__(self) -> str:
        parts = [
            columns_text(self.columns),
            _data(self.facts),
            self._notes(),
            self._split(),
            _model(self.facts),
            measured(self.facts),
            self._memory(),
            str(replace(self.recommendation, columns=())),  # they stand above
        ]
        return "\n\n".join(part for part in parts if part)

    def _split(self) -> str:
        """Return what is wrong with the split; nothing when nothing is."""
        warnings = [fold(str(check), "- ") for check in self.split_checks if not check.passed]
        return "\n".join(["Is the split honest?", *warnings]) if warnings else ""

    def _notes(self) -> str:
        """Return what was done to the data, in sentences."""
        return (
            "\n".join(["What was done to the data:", *(fold(note, "- ") for note in self.notes)])
            if self.notes
            else ""
        )

    def _shown(self) -> tuple[Forecast, ...]:
        """Return the forecasts that are shown, of the best contenders unless all are asked for."""
        if self.everything:
            return self.facts.forecasts
        likely = [contender.optimizer for contender in self.recommendation.contenders]
        order = {name: place for place, name in enumerate(likely)}
        ranked = sorted(self.facts.forecasts, key=lambda forecast: order.get(forecast.optimizer, len(order)))
        return tuple(ranked[:SHOWN])

    def _memory(self) -> str:
        forecasts = sorted(self._shown(), key=lambda forecast: (forecast.peak_bytes, forecast.optimizer))
        if not forecasts:
            return ""
        least, limit = forecasts[0], self.limits.train_bytes
        parts = ", ".join(f"{name} {format_bytes(getattr(least, f'{key}_bytes'))}" for name, key in _PARTS)
        lines = [
            f"Memory while training, at batch size {self.facts.batch_size}"
            + (f"; the limit is {format_bytes(limit)}:" if limit else ":"),
            f"  {parts}, and the optimizer's state.",
            "  Not all at once: activations go as gradients come. An optimizer borrows some while it steps.",
            f"  {'state':<10}{'peak':<10} {'largest batch       ' if limit else ''}with",
        ]
        alike: dict[str, list[str]] = {}
        for forecast in forecasts:
            room = f" {self._batch(forecast):<19}" if limit else ""
            row = f"  {format_bytes(forecast.state_bytes):<10}{format_bytes(forecast.peak_bytes):<10}{room}"
            alike.setdefault(row, []).append(forecast.optimizer)
        for row, names in alike.items():
            lines += textwrap.wrap(f"{row} {', '.join(names)}", WIDTH, subsequent_indent=" " * (len(row) + 1))
        more = len(self.facts.forecasts) - len(forecasts)
        rest = [f"  {several(more, 'optimizer')} more with --all"] if more else []
        return "\n".join([*lines, *rest, *_not_followed(forecasts)])

    def _batch(self, forecast: Forecast) -> str:
        """Return the largest batch that fits, and in how many microbatches the reference batch would."""
        wanted = self.facts.batch_size
        largest = forecast.largest_batch(self.limits.train_bytes, rows=self.facts.rows)
        if largest is None:
            return "as given" if self._row(forecast)["fits"] else "too large"
        if largest == 0:
            return "none fits"
        if largest >= wanted:
            return "all rows" if largest == self.facts.rows else f"{largest}"
        part = forecast.largest_microbatch(self.limits.train_bytes, rows=self.facts.rows)
        parts = math.ceil(wanted / part) if part else 0
        return f"{largest}" + (f" ({wanted} as {parts} x {math.ceil(wanted / parts)})" if parts else "")


_PARTS = (("weights", "weight"), ("gradients", "gradient"), ("activations", "activation"))


@set_aside()
def preview(
    request: Request, *, everything: bool = False, tell: Callable[[str], None] = lambda line: None
) -> Preview:
    """Profile a workload and recommend from what is known before any trial.

    Args:
        request: what was asked for.
        everything: whether the memory of all optimizers is to be shown.
        tell: called with a line before anything that takes its time.

    Raises:
        StudyError: anything wrong with the request.
    """
    tell(reading(request.source))
    from studies.profiling.split import split_facts

    workload, facts = open_and_profile(request)
    plan, facts, _ = plan_for(request, workload, facts)
    metric = workload.metric
    evidence = Evidence(
        facts=facts,
        limits=request.limits,
        candidates=plan.candidates,
        direction=metric.direction,
        metric=metric.name,
        goal=request.goal,
        valid_rows=workload.dataset.valid.rows,
        planned_trials=planned_trials(facts, request.budget, plan.sample_rows),
        rules=request.rules,
        split_facts=split_facts(workload.dataset),
        columns=workload.columns,
    )
    recommendation = recommend(evidence)
    chosen = catalogue.find("optimizer", recommendation.optimizer)
    recipe = plan.space(workload).reference(chosen)  # type: ignore[arg-type]
    first = replace(recommendation, params=recipe.to_params(), steps=facts.steps)
    asked_anew = replace(evidence, command=_search(request, workload))
    return Preview(
        facts=facts,
        limits=request.limits,
        recommendation=first,
        split_checks=split_checks(asked_anew),
        columns=workload.columns,
        notes=workload.notes,
        everything=everything,
    )


def _search(request: Request, workload: LoadedWorkload) -> str:
    """Return the command that searches the workload of a profile."""
    manifest = StudyManifest(
        workload=workload.spec(), limits=request.limits, goal=request.goal, rules=request.rules
    )
    return search(default_home(), manifest)


def _data(facts: Facts) -> str:
    columns = f"{facts.columns} {'words' if facts.kind == 'text' else 'columns'}"
    named = "targets for your own loss" if facts.task == "own" else facts.task
    task = named + (f" into {facts.classes} classes" if facts.classes else "")
    lines = [f"Data: {facts.rows} training rows, {columns}, {facts.kind}, {task}."]
    if facts.kind != "text":  # the ids of words are never zero but for padding
        missing = f"missing in the raw table {_share(facts.missing_share)}"
        lines.append(f"  non-zero inputs {_densities(facts)}, {missing}")
    if facts.feature_scale_ratio > UNEVEN:
        widest = f"{facts.feature_scale_ratio:.3g} times as wide as the narrowest"
        lines.append(f"  after preprocessing the widest column is {widest}")
    if facts.classes:
        imbalance = f"largest class {facts.class_imbalance:.3g} times the smallest"
        lines.append(f"  {imbalance}, label entropy {facts.label_entropy:.2f} of 1")
    return "\n".join(lines)


def _densities(facts: Facts) -> str:
    """Return the share of non-zero inputs, as they came and as the model sees them where the two differ."""
    as_scaled = _share(facts.input_density)
    if facts.raw_density is None or _share(facts.raw_density) == as_scaled:
        return as_scaled
    return f"{_share(facts.raw_density)} as they came and {as_scaled} once scaled"


def _share(share: float) -> str:
    """Return a share in per cent, small ones with two digits: 94 %, 0.42 %."""
    return f"{share:.0%}" if share == 0 or share >= 0.095 else f"{100 * share:.2g}%"


def _model(facts: Facts) -> str:
    tables = "embeddings with sparse gradients" if facts.sparse_share else "embeddings"
    shares = {
        "hidden matrices": facts.matrix_share,
        "convolutions": facts.convolution_share,
        tables: facts.embedding_share,
    }
    layers = ", ".join(f"{share:.0%} {name}" for name, share in shares.items() if share) or (
        "a linear model" if facts.is_linear else "vectors and the output layer"
    )
    step, run = format_seconds(facts.step_seconds), format_seconds(facts.run_seconds)
    epoch = format_seconds(facts.step_seconds * math.ceil(facts.rows / facts.batch_size))
    sentences = (
        f"a row's forward pass takes {facts.macs:,} multiply-accumulates",
        f"an AdamW step takes {step} on {facts.device}, {facts.optimizer_share:.0%} of it the optimizer",
        f"an epoch takes about {epoch}, a whole run of {facts.steps} steps about {run}",
    )
    traits = ", ".join(_traits(facts))
    head = f"Model: {facts.parameters:,} parameters ({layers})" + (f"; {traits}." if traits else ".")
    lines = textwrap.wrap(head, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return "\n".join([*lines, *(line for sentence in sentences for line in _wrapped(sentence))])


def _not_followed(forecasts: Iterable[Forecast]) -> Iterator[str]:
    """Yield why the steps of some optimizers were not followed, so that their bytes are arithmetic."""
    by_reason: dict[str, list[str]] = {}
    for forecast in forecasts:
        if forecast.skipped:
            by_reason.setdefault(forecast.skipped, []).append(forecast.optimizer)
    for reason, names in by_reason.items():
        yield from _wrapped(f"steps not followed, so by arithmetic: {listed(names)} ({reason})")


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


def measured(facts: Facts) -> str:
    """Return what the probes measured in plain words, what they cost, and which were skipped and why."""
    if not facts.probes:
        return ""
    cost = format_seconds(sum(probe.seconds for probe in facts.probes))
    lines = [f"Measured on a few batches, in {cost}:"]
    for probe in facts.probes:
        if not probe.skipped:
            measurement = _PROBE_SENTENCES[probe.name](facts)
            lines += _wrapped(f"{measurement} ({probe.how}, {format_seconds(probe.seconds)})")
    skipped = [f"{_PROBE_NAMES[probe.name]} ({probe.skipped})" for probe in facts.probes if probe.skipped]
    lines += [line for name in skipped for line in _wrapped(f"not measured: {name}")]
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)


def _density(facts: Facts) -> str:
    return f"gradient entries that are not zero at a batch of 16: {_share(facts.gradient_density or 0.0)}"


def _noise(facts: Facts) -> str:
    scale = facts.noise_scale or 0.0
    side = "above" if scale > facts.batch_size else "below"
    value = f"about {scale:.0f} rows, {side} the batch size of {facts.batch_size}"
    if scale > facts.rows:
        value = f"above all {facts.rows} rows: any batch is mostly noise"
    return f"gradient noise scale {value}; an order of magnitude"


def _precision(facts: Facts) -> str:
    return f"16-bit products are {'' if facts.fast_bfloat16 else 'not '}worth trying on this machine"


def _slowest(facts: Facts) -> str:
    ordered = sorted(facts.optimizer_seconds.items(), key=lambda pair: pair[1])
    shown = ordered if len(ordered) <= 8 else [*ordered[:4], *ordered[-4:]]
    words = [f"{name} {format_seconds(seconds)}" for name, seconds in shown]
    if len(ordered) > 8:
        words.insert(4, f"{len(ordered) - 8} more")
    return f"an optimizer's own step: {', '.join(words)}"


def _ramps(ramp_lrs: Mapping[str, float]) -> str:
    return "lr for runs of a few hundred steps, as a ramp that diverged suggests: " + ", ".join(
        f"{name} {lr:.2g}" for name, lr in ramp_lrs.items()
    )


WIDTH: Final = 98
SHOWN: Final = 8
"""Optimizers whose memory is shown unasked."""
UNEVEN: Final = 10
"""Columns whose widths differ by more are worth a word."""
_PROBE_SENTENCES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "rows_touched": lambda facts: (
        f"rows of an embedding table that a batch touches: {_share(facts.rows_touched)}"
    ),
    "gradient_density": _density,
    "layer_gradient_ratio": lambda facts: (
        f"largest layer gradient {facts.layer_gradient_ratio:.3g} times the smallest"
    ),
    "fast_bfloat16": _precision,
    "full_batch_seconds": lambda facts: (
        f"gradient of the whole training set {format_seconds(facts.full_batch_seconds or 0.0)}"
    ),
    "sharpness": lambda facts: f"sharpness at the start {facts.sharpness:.3g}",
    "noise_scale": _noise,
    "optimizer_seconds": _slowest,
    "ramp_lrs": lambda facts: _ramps(facts.ramp_lrs),
}
_PROBE_NAMES: Final = {
    "rows_touched": "rows touched",
    "gradient_density": "gradient density",
    "layer_gradient_ratio": "layer gradients",
    "fast_bfloat16": "16-bit products",
    "full_batch_seconds": "whole-set gradient",
    "sharpness": "sharpness",
    "noise_scale": "noise scale",
    "optimizer_seconds": "optimizer steps",
    "ramp_lrs": "lr ramp",
}
