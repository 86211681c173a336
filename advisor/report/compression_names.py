"""Compression in words: what a recipe is called, and in one sentence what it did to a model.

The name comes from the names and fields of the choices, so that a new choice needs no line here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from advisor.compressed_model import CompressedModel
from advisor.report.numbers import changed, number, percent, times
from studies import catalogue
from studies.direction import Direction
from studies.errors import StudyError
from studies.quantities import several
from studies.recipe import COMPRESSION_AXES

SAME: Final = 1.05
"""Factor below which two sizes or times are called alike."""
NOTHING: Final = ("", "none")
NOUNS: Final = {
    "distillation": "distillation",
    "pruning": "pruning",
    "finetuning": "fine-tuning",
    "quantization": "quantization",
}
STEMS: Final = {"distillation": "distil", "pruning": "prun", "finetuning": "tun", "quantization": "quant"}
"""What a choice's name may hold already, so that the noun would say it twice."""
PLAIN: Final = "uncompressed file"
NAMED_FIELDS: Final = ("amount", "bits")
"""Fields that the name holds, whatever their value: a share that goes, and the bits of a weight."""


def passes(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the compression part of a recipe: its axes without those on which nothing was chosen."""
    chosen = {axis: params[axis] for axis in COMPRESSION_AXES if str(params.get(axis, "none")) not in NOTHING}
    return {key: value for key, value in params.items() if key.split(".", 1)[0] in chosen}


def in_words(params: Mapping[str, Any], *, student: bool = False) -> str:
    """Return a recipe's compression in words, first things first: 80 % magnitude pruning + static int8.

    Args:
        params: the recipe in flat form.
        student: whether its model is another one than the trained one.
    """
    parts = [_student(params)] if student else []
    parts += [
        _pass(axis, str(params[axis]), params)
        for axis in COMPRESSION_AXES
        if str(params.get(axis, "none")) not in NOTHING
    ]
    return " + ".join(parts) or PLAIN


def sentence(model: CompressedModel, metric: str, direction: Direction) -> str:
    """Return a compressed model's figures in one sentence.

    As in: static int8: 3.9 x smaller, -0.1 +- 0.1 points of accuracy, 1.3 x faster here.
    """
    if model.plain:
        seeds = several(len(model.seeds), "seed")
        return f"{model.name}: {metric} {number(model.quality)} ({seeds}){_runtime(model)}"
    parts = [_smaller(model), against_reference(model, metric, direction), speed(model)]
    figures = ", ".join(part for part in parts if part)
    return f"{model.name}: {figures}{_seeds(model)}{_control(model, metric, direction)}"


def against_reference(model: CompressedModel, metric: str, direction: Direction) -> str:
    """Return the paired change in quality: -0.1 +- 0.1 points of accuracy."""
    return changed(metric, direction, model.change, model.reference_quality, reach=model.change_reach)


def speed(model: CompressedModel) -> str:
    """Return the speed against the uncompressed file in the same runtime, as far as it is beyond noise."""
    if not model.pace or model.speedup is None:
        return ""
    many = ""
    if model.speedup_many is not None and not 1 / SAME < model.speedup_many / model.speedup < SAME:
        many = f" ({_rate(model.speedup_many)} at 64 rows a pass)"
    rate = "as fast" if model.pace == "as fast" else _rate(model.speedup)
    return f"{rate} here{many}"


def _rate(speedup: float) -> str:
    if 1 / SAME < speedup < SAME:
        return "as fast"
    return f"{times(speedup)} faster" if speedup > 1 else f"{times(1 / speedup)} slower"


def _smaller(model: CompressedModel) -> str:
    """Return what it saves of the file; of zeros, that they pay through gzip alone."""
    gain = (
        f", {smaller(model.gzip_ratio)} through gzip (its zeros pay only there)" if model.zeros_only else ""
    )
    return f"{smaller(model.size_ratio)}{gain}"


def smaller(share: float) -> str:
    """Return how many times smaller something is in words: 3.9 x smaller, no smaller, 1.2 x larger."""
    if 1 / SAME < share < SAME:
        return "no smaller"
    return f"{times(share)} smaller" if share > 1 else f"{times(1 / share)} larger"


def _seeds(model: CompressedModel) -> str:
    """Return the warning where figures stand on one trained model; of the uncompressed file there is none."""
    return "" if len(model.seeds) > 1 else ", measured on the model of one seed, so that it may be luck"


def _control(model: CompressedModel, metric: str, direction: Direction) -> str:
    """Return what is left of a fine-tuned model's change when the further training is taken off."""
    if not model.finetuned or model.control:
        return ""
    if model.control_change is None:
        return "; how much of that is the further training is not known"
    against = changed(metric, direction, model.control_change, model.quality - model.control_change)
    return f"; against the same fine-tuning and nothing else {against}"


def _runtime(model: CompressedModel) -> str:
    speedup = model.runtime_speedup
    if not speedup or 1 / SAME < speedup < SAME:
        return ""
    return f", and the runtime alone makes it {_rate(speedup)} than torch"


def split(name: str) -> str:
    """Return a class name as words: StaticInt8 is static int8, Int8WeightOnly int8 weight-only; BN stays."""
    words = re.findall(r"BFloat\d*|[A-Z]+\d*(?![a-z])|[A-Z]?[a-z]+\d*|\d+", name.rpartition(":")[2])
    joined = " ".join(word if len(word) > 1 and word.isupper() else word.lower() for word in words) or name
    return re.sub(r" (only|aware)\b", r"-\1", joined)


def _student(params: Mapping[str, Any]) -> str:
    fields = _unusual("model", str(params["model"]), params)
    return f"{params['model']} student" + (f" ({', '.join(fields)})" if fields else "")


def _pass(axis: str, name: str, params: Mapping[str, Any]) -> str:
    fields = _fields(axis, name, params)
    words = split(name)
    noun = NOUNS[axis]
    names_axis = STEMS[axis] in words.lower() or (
        axis == "quantization" and any(character.isdigit() for character in words)
    )
    amount, bits = fields.get("amount"), fields.get("bits")
    lead = f"{percent(amount)} " if isinstance(amount, float) and 0 < amount < 1 else ""
    lead += f"{bits}-bit " if isinstance(bits, int) and str(bits) not in words else ""
    others = [field for field in _unusual(axis, name, params) if field.split(" ", 1)[0] not in NAMED_FIELDS]
    details = f" ({', '.join(others)})" if others else ""
    return f"{lead}{words}" + ("" if names_axis else f" {noun}") + details


def _unusual(axis: str, name: str, params: Mapping[str, Any]) -> list[str]:
    """Return the fields that differ from their defaults, in words; all of a choice not installed here."""
    usual = _defaults(axis, name)
    return [
        f"{field.replace('_', ' ')} {number(value) if isinstance(value, float) else value}"
        for field, value in _fields(axis, name, params).items()
        if field not in usual or usual[field] != value
    ]


def _fields(axis: str, name: str, params: Mapping[str, Any]) -> dict[str, Any]:
    prefix = f"{axis}.{name}."
    return {key.removeprefix(prefix): value for key, value in params.items() if key.startswith(prefix)}


def _defaults(axis: str, name: str) -> dict[str, Any]:
    if ":" in name:  # the user's own file: its fields are named in full rather than its code run
        return {}
    try:
        return dict(catalogue.find(axis, name)().fields())
    except (StudyError, TypeError):  # not installed here, or a field without a default
        return {}
