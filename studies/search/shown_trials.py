"""Shown trials: what Optuna's TPE is shown of a study, without a copy of each at every proposal.

Importing it imports Optuna.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import TPESampler
from optuna.study import Study, create_study
from optuna.trial import FrozenTrial, TrialState


class ShownTrial(FrozenTrial):
    """Trial that is only read: storages copy what they are given, params and all; of this one, the shell."""

    numbers: np.ndarray
    """Its params as TPE reckons with them, (coordinates,): those with several values, ordered by name."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return copy.copy(self)


class OneSpaceSampler(TPESampler):
    """TPE over trials of one space, which need not be compared to learn what they have in common."""

    shared: Mapping[str, BaseDistribution]

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:  # noqa: ARG002
        """Return the space without what has a single value; none before the first trial."""
        return dict(self.shared)

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: dict[str, BaseDistribution], study: Study
    ) -> dict[str, np.ndarray]:
        """Return the params of trials by name; of those shown, as they were worked out once.

        Trials that were asked meanwhile stand behind them.
        """
        running = [trial for trial in trials if not isinstance(trial, ShownTrial)]
        values = super()._get_internal_repr(running, search_space, study)
        rows = [trial.numbers for trial in trials if isinstance(trial, ShownTrial)]
        if not rows or list(search_space) != list(self.shared):
            return super()._get_internal_repr(trials, search_space, study)
        columns = zip(search_space, np.array(rows).T, strict=True)
        return {name: np.concatenate([column, values[name]]) for name, column in columns}


def shown_trial(point: Mapping[str, Any], distributions: dict[str, BaseDistribution]) -> ShownTrial:
    """Return a trial that completed at a point; what it is worth is not known yet."""
    trial = ShownTrial(
        number=-1,
        trial_id=-1,
        state=TrialState.COMPLETE,
        value=None,
        datetime_start=None,
        datetime_complete=None,
        params={name: point[name] for name in distributions},
        distributions=distributions,
        user_attrs={},
        system_attrs={},
        intermediate_values={},
    )
    internal = [dist.to_internal_repr(point[name]) for name, dist in several(distributions).items()]
    trial.numbers = np.array(internal, dtype=float)
    return trial


def several(distributions: Mapping[str, BaseDistribution]) -> dict[str, BaseDistribution]:
    """Return the coordinates that have more than one value, in the order of their names."""
    return {name: dist for name, dist in sorted(distributions.items()) if not dist.single()}


def proposals(
    trials: Sequence[tuple[float, ShownTrial]],
    distributions: dict[str, BaseDistribution],
    *,
    count: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Return the params that TPE proposes next.

    Args:
        trials: each with what it is worth, less for better.
        distributions: of every coordinate.
        count: how many proposals.
        seed: of the draws.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        sampler = OneSpaceSampler(
            seed=seed % 2**32, multivariate=True, constant_liar=True, n_startup_trials=5
        )
    sampler.shared = several(distributions) if trials else {}
    study = create_study(sampler=sampler)
    for value, trial in trials:
        trial.value = value
        study._storage.create_new_trial(study._study_id, template_trial=trial)
    return [study.ask(distributions).params for _ in range(count)]
