"""Ablation runs of a study: each recipe on the path to the advised one is trained with the same seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Final

from advisor.jobs.ablation import AblatedStudy, ablated, path_of
from advisor.jobs.engines import Workers, engine_of
from advisor.jobs.mirror import finish
from advisor.jobs.reopening import reopen
from advisor.jobs.work import mirror_of
from studies.callers_globals import set_aside
from studies.errors import BadValue
from studies.limits import Budget
from studies.quantities import format_seconds, several
from studies.recipe import Recipe
from studies.record import ABLATION
from studies.search.clock import Clock
from studies.search.event import Event
from studies.storage import journal
from studies.storage.held import holding, settle
from studies.storage.locks import working
from studies.storage.stop_wish import forget_wish, or_wished

if TYPE_CHECKING:
    from advisor.analysis.ablation import Draw
    from advisor.jobs.session import Session
    from studies.search.runner import TrialRunner
    from studies.trials.open_trial import OpenTrial

SEEDS: Final = 3
"""Seeds of each recipe: as many as the confirmation gives the advised one, whose runs then count here too."""
MOST_SEEDS: Final = 20

Missing = tuple[Recipe, "Draw"]


def missing_runs(study: AblatedStudy, start: str, seeds: int) -> list[Missing]:
    """Return the runs that a path still misses, seed by seed, so that few of them make a whole path.

    Args:
        study: whose path it is.
        start: name of the optimizer whose defaults it begins at.
        seeds: of each recipe.
    """
    steps, _ = path_of(study, start)
    return [
        (Recipe.from_params(step.params), draw)
        for draw in study.draws(seeds)
        for step in steps
        if not study.runs(step, [draw])
    ]


@set_aside()
def ablate(  # noqa: PLR0913 - what may be asked for, each by its name
    home: Path,
    name: str,
    *,
    start: str = "",
    seeds: int = SEEDS,
    workers: Workers | None = None,
    tell: Callable[[str], None] = lambda line: None,
    listen: Callable[[Event], None] = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Train what lies between an optimizer's defaults and the advised recipe; return the runs still missing.

    What was run before is not run again, so that a second call goes on where a first one was stopped. The
    study's answer and its budget stay as they are.

    Args:
        home: where the study lives.
        name: what it is called.
        start: name of the optimizer whose defaults the path begins at; empty for those of the advised one.
        seeds: of each recipe.
        workers: how many runs train at a time; None for the usual number.
        tell: called with a line before anything that takes its time.
        listen: called with every event; must be quick.
        stop: whether to stop now; a wish to stop is heard too.

    Raises:
        StudyError: no such study or optimizer, nothing to come to, or the data has changed.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise BadValue(f"{seeds} seeds must be 1 to {MOST_SEEDS}")
    study = ablated(home, name)
    start = start or study.advised.optimizer
    missing = missing_runs(study, start, seeds)
    if not missing:
        return 0
    session = reopen(home, name, workers=workers, searching=False, answers=False, tell=tell)
    tell(_note(study, len(missing)))
    with (
        working(home, name, worked_seconds=study.manifest.worked_seconds),
        holding(home, name, journal.open_study(home, name)),
    ):
        mirror = mirror_of(session)
        _train(session, study, missing, listen=listen, stop=or_wished(stop, home, name))
        forget_wish(home, name)
    settle(home, name)
    if mirror is not None and (unfinished := finish(mirror, home, name, stop=stop)):
        tell(unfinished)
    return len(missing_runs(ablated(home, name), start, seeds))


def _note(study: AblatedStudy, count: int) -> str:
    took = [run.took_seconds for run in study.confirmations or [study.advised]]
    each = format_seconds(fmean(took))
    runs = several(count, "run")
    return f"{runs} between the defaults and the advised recipe, whose own runs took {each} each"


def _train(
    session: Session,
    study: AblatedStudy,
    missing: list[Missing],
    *,
    listen: Callable[[Event], None],
    stop: Callable[[], bool],
) -> None:
    from studies.search.group import each_whole
    from studies.search.runner import TrialRunner
    from studies.trials.allowance import Allowance
    from studies.trials.host import TrialHost
    from studies.trials.study_files import StudyFiles

    plan, facts, clock = session.plan, study.manifest.profiled, Clock(budget=Budget(), stop=stop)

    with engine_of(
        TrialHost(workload=session.workload, plan=plan),
        facts,
        session.workers,
        stop=clock.must_stop,
        stage=ABLATION,
        listen=listen,
    ) as (engine, most_bytes):
        runner = TrialRunner(
            journal.open_study(session.home, session.name),
            session.workload,
            plan,
            engine=engine,
            clock=clock,
            listen=listen,
            files=StudyFiles.of(session.home, session.name),
            allowance=Allowance.of_plan(plan, facts, most_bytes=most_bytes),
        )
        runner.train(each_whole(_trials(runner, study, missing)))
        runner.finish()


def _trials(runner: TrialRunner, study: AblatedStudy, missing: list[Missing]) -> list[OpenTrial]:
    return [
        runner.ask(
            recipe,
            ABLATION,
            seed=seed,
            source=study.advised.number,
            split_seed=split_seed,
            sample_rows=sample_rows,
        )
        for recipe, (seed, split_seed, sample_rows) in missing
    ]
