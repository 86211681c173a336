"""Answers from code: a profile, a recommendation, a model that predicts, what a name means, and memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.evidence import Evidence
from advisor.recommendation import Recommendation
from advisor.study import ALLOWED_WITH, home_of
from studies.code_consent import code_refused
from studies.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from advisor.explanations.explanation import Explanation
    from advisor.jobs.profile import Preview
    from advisor.report.memory_by_optimizer import MemoryByOptimizer
    from studies.bundle.bundle import Bundle


def profile(source: Any, **options: Any) -> Preview:
    """Return facts, memory by optimizer and advice before any trial.

    Args:
        source: as in `search`, but for a training function.
        options: as in `search`.

    Returns:
        A value that prints as the text of `advisor profile`; `.facts` and `.recommendation` are its parts.

    Raises:
        StudyError: anything wrong with the input.

    Example:
        >>> import advisor
        >>> preview = advisor.profile("iris")
        >>> preview.facts.rows, preview.facts.classes
        (90, 3)
    """
    from advisor.jobs.profile import preview
    from advisor.jobs.request import Request

    return preview(Request.of(source, **options))


def recommend(  # noqa: PLR0913 - what is said of runs, and of the advice on them
    about: Any,
    *,
    metric: str | None = None,
    direction: str | None = None,
    columns: Mapping[str, str] | None = None,
    constants: Mapping[str, Any] | None = None,
    limits: Limits | None = None,
    goal: str | None = None,
    rules: tuple[str, ...] = (),
    allow_code: bool = False,
    home: str | Path | None = None,
) -> Recommendation:
    """Return the recommendation that a study comes to, or runs that anybody made.

    Args:
        about: a study's name; a pandas DataFrame or a list of dicts with a run each; an `optuna.Study`; a
            list of `Record`; or `Evidence`, which carries its own metric, limits and goal.
        metric: the column of a DataFrame or of dicts to judge by, else told from the names; of records and of
            an Optuna study only its name.
        direction: maximize | minimize, where neither the metric's name nor the study says it.
        columns: what a column of runs means: `{"lr": "params.learning_rate"}`; the others are guessed.
        constants: what all runs share and no column says: `{"optimizer": "AdamW"}`.
        limits: take the place of the study's.
        goal: takes the place of the study's.
        rules: settings of rules, on top of the study's: `Sparsity=off`, `Convergence=0.5`,
            `my_rules.py:MyRule`.
        allow_code: whether rules that a study names as code may run, if this process has not run them; those
            in `rules` run.
        home: where the study lives.

    Raises:
        StudyError: no such study, runs that cannot be read, or limits and rules that cannot be used.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="3trials", epochs=3, tracking_uri="off")
        >>> answer = advisor.recommend(study, limits=advisor.Limits(model_bytes=2**20))
        >>> answer.metric
        'accuracy'
        >>> runs = [{"opt": "adam", "lr": 0.01, "val_acc": 0.91}, {"opt": "sgd", "lr": 0.1, "val_acc": 0.88}]
        >>> advisor.recommend(runs).optimizer
        'Adam'
    """
    from advisor.jobs.advice import advice, advice_on

    if isinstance(about, str):
        with code_refused(ALLOWED_WITH, named=rules, allowed=allow_code):
            return advice(home_of(home, about), about, limits=limits, goal=goal, rules=rules)
    if isinstance(about, Evidence):
        from advisor.decide.recommend import recommend as recommend_from

        return recommend_from(about)
    from advisor.jobs.runs.columns import RunsRequest

    request = RunsRequest(
        metric=metric, direction=direction, columns=columns or {}, constants=constants or {}
    )
    return advice_on(about, request, limits=limits, goal=goal, rules=rules)


def load(
    study: str | Path, *, retrain: str = "", ensemble: bool = False, home: str | Path | None = None
) -> Bundle:
    """Return a study's recommended model, ready to predict: `advisor.load(study).predict(frame)`.

    Args:
        study: its name, or a folder that a bundle was saved in.
        retrain: "all" to train once more, on the rows that trained and those that validated.
        ensemble: whether the answers of all confirmation seeds are averaged.
        home: where the study lives.

    Raises:
        StudyError: no such study, no trained model in it, or its data is not what it was.

    Returns:
        A bundle. `predict` takes rows as they came and returns `Predictions`: `values`, a label or an amount
        each; `probabilities`, of the shape (rows, classes), or None; `notes` on what is odd in the rows.
        `save(folder)` writes it.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="3trials", epochs=3, tracking_uri="off")
        >>> advisor.load(study).predict([[5.1, 3.5, 1.4, 0.2]]).probabilities.shape
        (1, 3)
    """
    from advisor.jobs.bundles import opened

    return opened(study, home_of(home, study), retrain=retrain, ensemble=ensemble)


def explain(name: Any) -> Explanation:
    """Return what is known of an optimizer, schedule, model, rule, ..., or of a word of an answer.

    Args:
        name: as `advisor list` writes it, in any case: `Muon`, `cosine`, `p_best`; or a choice itself:
            `advisor.optimizers.Muon`.

    Returns:
        A value that prints as the text of `advisor explain`; `.text` is a plain str.

    Raises:
        UnknownChoice: nothing has that name; the message offers the nearest.

    Example:
        >>> import advisor
        >>> advisor.explain("lion").text.splitlines()[0]
        'Lion (optimizer)'
    """
    from advisor.explanations.explanation import Explanation, explanation

    called = name if isinstance(name, str) else str(name.name() if hasattr(name, "name") else name)
    return Explanation(name=called, text=explanation(called))


def memory(
    model: nn.Module,
    batch: Any,
    *,
    loss: Callable[[Any, Any], Any] | None = None,
    optimizers: Sequence[Any] = (),
    limits: Limits | None = None,
) -> MemoryByOptimizer:
    """Return the bytes that training takes with each optimizer, from the model and one batch.

    Nothing is read from disk and no study is made; two steps are taken on a copy of the model, and the bytes
    of every operation followed. Random generators are left as they were.

    Args:
        model: any module, on the device where it is to be trained.
        batch: inputs (rows, ...); (inputs, targets), as a DataLoader gives them; or a dict of inputs by name,
            which the model is called with. Its rows are the batch size.
        loss: of (outputs, targets). By default the model's own where it returns one, as transformers do; else
            cross-entropy for whole targets, mean square for the others and where there are none.
        optimizers: names, in a list or between commas, or choices such as
            `advisor.optimizers.AdamW(amsgrad=True)`; all by default.
        limits: `train_bytes` marks what fits.

    Returns:
        A value that prints as a table; `.to_dict()`, `.frame()` and `.forecasts` hold weights, gradients,
        state, activations and the peak of a step, all in bytes.

    Raises:
        BadWorkload: no module, or one that fails on the batch; one line that says where.
        UnknownChoice: an optimizer that is not there.

    Example:
        >>> import advisor, torch
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 10))
        >>> table = advisor.memory(model, torch.zeros(32, 64), optimizers=["SGD", "AdamW"])
        >>> table.frame()[["weight_bytes", "state_bytes"]].loc["AdamW"].tolist()
        [76840, 153696]
    """
    from advisor.jobs.memory import memory_by_optimizer

    return memory_by_optimizer(model, batch, loss=loss, optimizers=optimizers, limits=limits or Limits())
