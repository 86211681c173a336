"""advisor decides: which optimizer and recipe to train with, why, and how sure it is.

    study = advisor.search("digits", model="cnn", budget="2m", limits=advisor.Limits(train_bytes=64 * 2**20))
    print(advisor.recommend(study))

    workload = advisor.Workload(train=(rows, labels), model=Net, metric="f1")  # in memory
    study = advisor.search(workload, budget="5m")

    def fit(recipe, report, seed): ...      # a training loop of your own
    study = advisor.search(fit, metric="accuracy", epochs=9)

Everything heavy is imported inside the functions, so `import advisor` is quick.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor import lightning, optimizers, regularizers, schedules, transformers, wrappers
from advisor.decide.recommend import recommend as recommend_from
from advisor.evidence import Evidence
from advisor.recommendation import Recommendation
from advisor.study import Study
from studies.limits import Budget, Limits
from studies.recipe import Recipe
from studies.record import Record
from studies.workload import Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import nn

    from advisor.explanations.explanation import Explanation
    from advisor.jobs.profile import Preview
    from advisor.jobs.session import Session
    from advisor.report.memory_by_optimizer import MemoryByOptimizer
    from advisor.sklearn import AdvisedClassifier, AdvisedRegressor
    from studies.bundle.bundle import Bundle

__all__ = [
    "AdvisedClassifier",
    "AdvisedRegressor",
    "Budget",
    "Evidence",
    "Limits",
    "Recipe",
    "Recommendation",
    "Record",
    "Study",
    "Workload",
    "compress",
    "explain",
    "lightning",
    "load",
    "memory",
    "optimizers",
    "profile",
    "recommend",
    "regularizers",
    "resume",
    "schedules",
    "search",
    "transformers",
    "wrappers",
]


def __getattr__(name: str) -> Any:
    """Return the version, or an estimator for scikit-learn, which is imported then."""
    if name == "__version__":
        from importlib.metadata import version

        return version("optimizer-advisor")
    if name not in {"AdvisedClassifier", "AdvisedRegressor"}:
        raise AttributeError(f"module 'advisor' has no attribute '{name}'")
    from advisor import sklearn

    return getattr(sklearn, name)


def search(
    source: Any, *, budget: str = "10m", home: str | Path | None = None, listen: Any = None, **options: Any
) -> Study:
    """Search for the best recipe and return the study: a text that is its name, see `advisor.Study`.

    In a notebook the cell shows the progress, and the stop button ends the search with its answer.

    Args:
        source: a built-in dataset or a file; a `Workload` made of what is in memory; or a training function
            of your own, called as fit(recipe, report, seed). Both of these may also be named, as
            `module:name` or `file.py:name`.
        budget: of the whole search: `60s`, `10m`, `2h`, `200trials`.
        home: where the study lives; `$ADVISOR_HOME` or `.advisor` by default.
        listen: called with every `studies.search.event.Event`; a notebook shows no progress then.
        options: fields of `advisor.jobs.request.Request`: target, model, metric, limits, goal, optimizers,
            epochs, seed, ...

    Raises:
        StudyError: anything wrong with the input; one line that says what to do.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="3trials", epochs=3, tracking_uri="off")
        >>> advisor.recommend(study).metric
        'accuracy'
    """
    from advisor.jobs.request import Request
    from advisor.jobs.session import prepare

    return _finish(prepare(Request.of(source, budget=str(budget), **options), _home(home)), listen)


def compress(
    study: str,
    *,
    budget: str | None = None,
    limits: Limits | None = None,
    students: tuple[str, ...] = (),
    teacher: str | None = None,
    home: str | Path | None = None,
    listen: Any = None,
) -> Study:
    """Prune, quantize and distil a study's finalists, and return the study.

    Args:
        study: its name.
        budget: of the compression alone, a total: `60s`, `10m`, `200trials`; 5 minutes by default.
        limits: on model size and latency; they become the study's own.
        students: models to distil into, by name, beside smaller settings of the study's own model.
        teacher: `module:name` or `file.py:name` of a function that returns a trained module to distil from.
        home: where the study lives.
        listen: as in `search`.

    Raises:
        StudyError: no such study, nothing to compress, or what was asked for cannot be used.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="3trials", epochs=3, tracking_uri="off")
        >>> study = advisor.compress(study, budget="3trials")
    """
    from advisor.jobs.compress import CompressionRequest, open_compression

    total = None if budget is None else Budget.parse(budget)
    request = CompressionRequest(budget=total, limits=limits, students=students, teacher=teacher)
    return _finish(open_compression(_home(home, study), study, request), listen, searching=False)


def resume(
    study: str, *, budget: str | None = None, home: str | Path | None = None, listen: Any = None
) -> Study:
    """Go on with a study after a stop, a crash or with more budget, and return it.

    Args:
        study: its name; what it was made of from code must still be here, or be importable.
        budget: a larger total; what is spent counts.
        home: where the study lives.
        listen: as in `search`.

    Raises:
        StudyError: no such study, or what it was made of is not here.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="3trials", epochs=3, tracking_uri="off")
        >>> study = advisor.resume(study, budget="5trials")
    """
    from advisor.jobs.session import reopen

    return _finish(
        reopen(_home(home, study), study, budget=None if budget is None else Budget.parse(budget)), listen
    )


def _finish(session: Session, listen: Any, *, searching: bool = True) -> Study:
    from advisor.jobs.mirror import finish
    from advisor.jobs.work import conclude, work
    from advisor.notebook import attended

    for note in session.notes:  # as the command line does; shown on stderr unless logging is set up otherwise
        logging.getLogger("advisor").warning(note)
    with attended(session, searching=searching, listen=listen) as (hear, stop):
        mirror = work(session, listen=hear, stop=stop, searching=searching)
    conclude(session.home, session.name)
    if mirror is not None:
        finish(mirror, session.home, session.name)
    if stop():
        again = f"advisor.{'resume' if searching else 'compress'}({session.name!r})"
        logging.getLogger("advisor").warning("stopped; what is finished is kept, go on with: %s", again)
    return Study(session.name, home=session.home)


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
        return advice(_home(home, about), about, limits=limits, goal=goal, rules=rules)
    if isinstance(about, Evidence):
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

    return opened(study, _home(home, study), retrain=retrain, ensemble=ensemble)


def explain(name: str) -> Explanation:
    """Return what is known of an optimizer, schedule, model, rule, ..., or of a word of an answer.

    Args:
        name: as `advisor list` writes it, in any case: `Muon`, `cosine`, `p_best`.

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

    return Explanation(name=name, text=explanation(name))


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
        optimizers: names, or choices such as `advisor.optimizers.AdamW(amsgrad=True)`; all by default.
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


def _home(home: str | Path | None, study: object = "") -> Path:
    """Return the home that is named, else that of a study that knows its own, else the usual one."""
    from studies.storage.home import default_home

    if home is not None:
        return Path(home)
    return study.home if isinstance(study, Study) else default_home()
