"""Probes in words: what was measured on a few batches, what it cost, and what was left out and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from advisor.report.facts_text import WIDTH, in_percent, indented
from advisor.report.numbers import duration
from studies.facts import Facts


def probes_text(facts: Facts, width: int = WIDTH) -> str:
    """Return what the probes measured in plain words, what they cost, and which were skipped and why."""
    if not facts.probes:
        return ""
    cost = duration(sum(probe.seconds for probe in facts.probes))
    lines = [f"Measured on a few batches, in {cost}:"]
    for probe in facts.probes:
        if not probe.skipped:
            measurement = _PROBE_SENTENCES[probe.name](facts)
            lines += indented(f"{measurement} ({probe.how}, {duration(probe.seconds)})", width)
    skipped = [f"{_PROBE_NAMES[probe.name]} ({probe.skipped})" for probe in facts.probes if probe.skipped]
    lines += [line for name in skipped for line in indented(f"not measured: {name}", width)]
    return "\n".join(lines)


def _density(facts: Facts) -> str:
    return f"gradient entries that are not zero at a batch of 16: {in_percent(facts.gradient_density or 0.0)}"


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
    words = [f"{name} {duration(seconds)}" for name, seconds in shown]
    if len(ordered) > 8:
        words.insert(4, f"{len(ordered) - 8} more")
    return f"an optimizer's own step: {', '.join(words)}"


def _ramps(ramp_lrs: Mapping[str, float]) -> str:
    return "lr for runs of a few hundred steps, as a ramp that diverged suggests: " + ", ".join(
        f"{name} {lr:.2g}" for name, lr in ramp_lrs.items()
    )


_PROBE_SENTENCES: Final[Mapping[str, Callable[[Facts], str]]] = {
    "rows_touched": lambda facts: (
        f"rows of an embedding table that a batch touches: {in_percent(facts.rows_touched)}"
    ),
    "gradient_density": _density,
    "layer_gradient_ratio": lambda facts: (
        f"largest layer gradient {facts.layer_gradient_ratio:.3g} times the smallest"
    ),
    "fast_bfloat16": _precision,
    "full_batch_seconds": lambda facts: (
        f"gradient of the whole training set {duration(facts.full_batch_seconds or 0.0)}"
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
