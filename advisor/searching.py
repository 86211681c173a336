"""Searching from code: a search, its compression, and a study that goes on."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.study import Study, home_of
from studies.limits import Budget, Limits
from studies.storage.home import default_home

if TYPE_CHECKING:
    from advisor.jobs.session import Session


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

    return _finish(prepare(Request.of(source, budget=str(budget), **options), home_of(home)), listen)


def compress(  # noqa: PLR0913 - what may be asked for, each by its name
    study: str,
    *,
    budget: str | None = None,
    limits: Limits | None = None,
    passes: Any = (),
    students: tuple[str, ...] = (),
    teacher: str | None = None,
    workers: int | str | None = None,
    home: str | Path | None = None,
    listen: Any = None,
) -> Study:
    """Prune, quantize and distil a study's finalists, and return the study.

    Args:
        study: its name.
        budget: of the compression alone, a total: `60s`, `10m`, `200trials`; 5 minutes by default.
        limits: on model size and latency; they become the study's own.
        passes: those that may be tried, as in `Channels,WeightOnly` or a sequence; by default all that are
            offered.
        students: models to distil into, by name, beside smaller settings of the study's own model.
        teacher: `module:name` or `file.py:name` of a function that returns a trained module to distil from.
        workers: how many models are made small at a time: a number, or `auto` for as many as the machine
            bears; 0 works in this process.
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
    from advisor.jobs.engines import parse_workers
    from advisor.jobs.option_values import words_of

    total = None if budget is None else Budget.parse(budget)
    request = CompressionRequest(
        budget=total, limits=limits, passes=words_of(passes), students=students, teacher=teacher
    )
    count = parse_workers(workers)
    session = open_compression(home_of(home, study), study, request, workers=count)
    return _finish(session, listen, searching=False)


def resume(
    study: str,
    *,
    budget: str | None = None,
    passes: Any = (),
    exhaust: bool = False,
    workers: int | str | None = None,
    home: str | Path | None = None,
    listen: Any = None,
) -> Study:
    """Go on with a study after a stop, a crash or with more budget, and return it.

    Args:
        study: its name; what it was made of from code must still be here, or be importable.
        budget: a larger total; what is spent counts.
        passes: as in `compress`, for a study that compresses; by default those of the study so far.
        exhaust: whether to use up the budget although the search has ended as that is expected to gain less
            than the noise.
        workers: how many trials train at a time: a number, or `auto` for as many as the machine bears; 0
            trains in this process.
        home: where the study lives.
        listen: as in `search`.

    Raises:
        StudyError: no such study, or what it was made of is not here.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="3trials", epochs=3, tracking_uri="off")
        >>> study = advisor.resume(study, budget="5trials")
    """
    from advisor.jobs.engines import parse_workers
    from advisor.jobs.option_values import words_of
    from advisor.jobs.reopening import reopen

    total = None if budget is None else Budget.parse(budget)
    session = reopen(
        home_of(home, study),
        study,
        budget=total,
        passes=words_of(passes),
        exhaust=exhaust,
        workers=parse_workers(workers),
    )
    return _finish(session, listen)


def _finish(session: Session, listen: Any, *, searching: bool = True) -> Study:
    from advisor.jobs.mirror import finish
    from advisor.jobs.work import conclude, work
    from advisor.notebook import attended
    from studies.storage.held import settle

    for note in session.notes:  # as the command line does; shown on stderr unless logging is set up otherwise
        logging.getLogger("advisor").warning(note)
    mirror, cut_short = None, False
    with attended(session, searching=searching, listen=listen) as (hear, stop):
        try:
            mirror = work(session, listen=hear, stop=stop, searching=searching)
        except KeyboardInterrupt:  # of a handler of the caller's own
            if stop():
                raise
            cut_short = True
    conclude(session.home, session.name)
    if (loss := settle(session.home, session.name)) is not None:
        logging.getLogger("advisor").warning("%s; this process alone still has it", loss.says)
    if mirror is not None and (unfinished := finish(mirror, session.home, session.name, stop=stop)):
        logging.getLogger("advisor").warning(unfinished)
    if cut_short or stop():
        again = f"advisor.{'resume' if searching else 'compress'}({session.name!r}{_home(session)})"
        claim = "" if loss else "what is finished is kept, "
        logging.getLogger("advisor").warning("stopped; %sgo on with: %s", claim, again)
    return Study(session.name, home=session.home)


def _home(session: Session) -> str:
    """Return the argument that names a study's home; nothing for the usual one."""
    return "" if session.home == default_home() else f", home={str(session.home)!r}"
