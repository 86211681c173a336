"""Pieces that the scripts for other trainers share: their rows, their loss and lr, and classes as source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from studies.script.parts import Parts

ROWS: Final = '''class Rows(Dataset):
    """Rows in memory, taken by their numbers."""

    def __init__(self, inputs, targets):
        self.inputs, self.targets = inputs, targets

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, rows):
        return {item}'''


def loss_on(parts: Parts, device: str) -> str:
    """Return the expression of the training loss, the weights of classes on a device."""
    return parts.loss.replace(".to(device)", f".to({device})")


def lr_share(parts: Parts) -> list[str]:
    """Return the lines of the function that gives the share of the lr at a step."""
    reaction = " * self.reaction" if parts.reacts else ""
    return [
        "def share(step):",
        "    # half a step in: neither the first step nor the last of a schedule to zero is lost",
        f"    return lr_factor(min((step + 0.5) / total_steps, 1.0)){reaction}",
    ]


def method(head_line: str, body: Iterable[str]) -> str:
    """Return a method of a class as source."""
    lines = [f"    def {head_line}:", *(f"        {line}" if line else "" for line in body)]
    return "\n".join(lines)


def class_of(head_line: str, doc: str, methods: Iterable[str]) -> str:
    """Return a class as source."""
    return "\n\n".join([f'class {head_line}:\n    """{doc}"""', *methods])
