"""Every choice that a recipe may hold and that ships with this package, imported.

For a process that forks workers: each of them rebuilds recipes, for which it would import all of them anew.
What other packages offer is read, but none of their code is run.
"""

from __future__ import annotations

import importlib

from studies import catalogue
from studies.recipe import SET_AXES, SINGLE_AXES

for axis in (*SET_AXES, *SINGLE_AXES):
    for module in catalogue.shipped(axis):
        importlib.import_module(module)
catalogue.offered_by_packages()
