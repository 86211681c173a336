"""Barred packages: a script's own process finds nothing of ours, as where none of it is installed."""

from __future__ import annotations

BARRING = """import sys


class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"advisor", "studies", "dashboard", "optuna"}:
            raise ImportError(name)


sys.meta_path.insert(0, Barred())
"""
