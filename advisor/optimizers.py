"""Optimizers by name: each builds the torch optimizer over a model, or over groups of its parameters.

Those of other packages are there too; `dir(advisor.optimizers)` lists them. `advisor explain NAME` lists the
fields and their ranges; `help(advisor.optimizers.AdamW.build)` tells how one is built.

Example:
    >>> import advisor
    >>> from torch import nn
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 3))
    >>> optimizer = advisor.optimizers.Muon(lr=3e-3).build(model, total_steps=900)  # AdamW beside it
    >>> [type(part).__name__ for part in optimizer.parts]
    ['Muon', 'AdamW']
"""

from __future__ import annotations

from advisor.parts import choices_of

__getattr__, __dir__ = choices_of("optimizer", __name__)
