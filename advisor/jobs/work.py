"""Work on an open study: search, compress, conclude; from a session to trials, from trials to advice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from advisor.jobs.advice import advice, evidence_in
from advisor.jobs.compress import compress, delete_unused_files, pareto
from advisor.jobs.engines import engine_of
from advisor.jobs.recommended_model import searched_number
from advisor.jobs.session import Session
from advisor.recommendation import Recommendation
from studies.callers_globals import set_aside
from studies.record import Record, count_states
from studies.search.clock import Clock
from studies.storage import journal
from studies.storage.held import holding, settle
from studies.storage.locks import working
from studies.storage.manifest import ASKED, INTERRUPTED
from studies.storage.manifest_entries import SavedAdvice
from studies.storage.stop_wish import forget_wish, or_wished
from studies.tracking.address import OFF

if TYPE_CHECKING:
    import optuna

    from advisor.evidence import Evidence
    from studies.outlook import Outlook
    from studies.search.confirm import Preference
    from studies.search.event import Event
    from studies.search.going_on import Forecast
    from studies.search.runner import TrialRunner
    from studies.storage.follow import StoredStudy
    from studies.tracking.process import Mirror


@set_aside()
def work(
    session: Session,
    *,
    listen: Callable[[Event], None] = lambda event: None,
    stop: Callable[[], bool] = lambda: False,
    searching: bool = True,
) -> Mirror | None:
    """Work on a study until its budget is used up, `stop` says yes or anybody wishes it to stop.

    Args:
        session: the study.
        listen: called with every event; must be quick.
        stop: whether to stop now.
        searching: no goes straight to the compression of the finalists.

    Returns:
        The MLflow mirror, which is still writing; None when the study has none.
    """
    study = journal.open_study(session.home, session.name)
    manifest = journal.manifest_of(study)
    ends = or_wished(stop, session.home, session.name)
    clock = Clock(
        budget=session.plan.budget,
        spent_before=manifest.spent_seconds,
        prepared_seconds=manifest.prepared_seconds,
        stop=ends,
    )
    with (
        working(session.home, session.name, worked_seconds=manifest.worked_seconds),
        holding(session.home, session.name, study),
    ):
        mirror = mirror_of(session)
        if searching:
            _search(session, study, clock, listen=listen)
        if not ends() and (session.plan.compression == "after" or not searching):
            compress(session, listen=listen, stop=ends)
        if ends():
            journal.change_manifest(study, stopped=INTERRUPTED if stop() else ASKED)
            forget_wish(session.home, session.name)
    return mirror


def _search(session: Session, study: optuna.Study, clock: Clock, *, listen: Callable[[Event], None]) -> None:
    """Search a study until its budget is used up or the user wants to stop."""
    from studies.search.search import Search
    from studies.trials.allowance import Allowance
    from studies.trials.host import TrialHost
    from studies.trials.study_files import StudyFiles

    facts, plan = journal.manifest_of(study).profiled, session.plan

    host, began_seconds = TrialHost(workload=session.workload, plan=plan), clock.spent_seconds
    with engine_of(
        host,
        facts,
        session.workers,
        stop=clock.must_stop,
        stage="reference",
        listen=listen,
    ) as (engine, most_bytes):
        clock.prepared_seconds += clock.spent_seconds - began_seconds  # until the workers were there
        search = Search(
            study,
            session.workload,
            plan,
            clock=clock,
            engine=engine,
            listen=listen,
            files=StudyFiles.of(session.home, session.name),
            allowance=Allowance.of_plan(plan, facts, most_bytes=most_bytes),
            prefer=preference(session, study),
            forecast=forecast(session, study),
        )
        measure_aside(session, study, search.runner)
        search.run()
    journal.change_manifest(study, outlook=search.going_on.outlook)


def measure_aside(session: Session, study: optuna.Study, runner: TrialRunner) -> None:
    """Have measured what no trial waits for, once: the plain models, the split, and memory if not forecast.

    A training function has none of it.
    """
    from studies.loaded_workload import LoadedWorkload
    from studies.profiling.rest import RestOfProfile

    manifest = journal.manifest_of(study)
    if manifest.yardsticks is not None or not isinstance(session.workload, LoadedWorkload):
        return
    rest = RestOfProfile(
        sample_rows=session.plan.sample_rows,
        budget=session.plan.budget.after(manifest.prepared_seconds),
        facts=manifest.profiled,
        split=manifest.split_facts,
    )
    runner.aside(rest, lambda measured: journal.change_manifest(study, **measured))


def preference(session: Session, study: optuna.Study) -> Preference:
    """Return what tells a search which recipes its evidence prefers so far, under the limits it enforces."""

    def prefer(records: Sequence[Record]) -> tuple[int, ...]:
        from advisor.decide.confirmation import recipes_in_question

        return recipes_in_question(_evidence(session, study, records))

    return prefer


def forecast(session: Session, study: optuna.Study) -> Forecast:
    """Return what tells a search what more trials are expected to gain, under the limits it enforces."""

    def expect(records: Sequence[Record], trials_left: int) -> Outlook | None:
        from advisor.decide.outlook import outlook

        return outlook(_evidence(session, study, records), trials_left)

    return expect


def _evidence(session: Session, study: optuna.Study, records: Sequence[Record]) -> Evidence:
    """Return what is known of a study under way, under the limits that its search enforces."""
    direction, manifest = session.workload.metric.direction, journal.manifest_of(study)
    evidence = evidence_in(session.home, session.name, manifest, tuple(records), direction=direction)
    return replace(evidence, limits=session.plan.enforced)


def conclude(home: Path, name: str) -> Recommendation:
    """Return a study's recommendation and write it to the journal, where the mirror finds it.

    Of a study whose disk failed it comes from memory; `studies.storage.held.settle` then tells what is lost.
    """
    recommendation = advice(home, name)
    saved = SavedAdvice(markdown=recommendation.to_markdown(), json=journal.dump(recommendation.to_dict()))
    study = journal.open_study(home, name)
    journal.change_manifest(study, recommendation=saved)
    if recommendation.trials:
        journal.mark_recommended(study, searched_number(recommendation.trials, journal.records(study)))
    if recommendation.compressed:
        delete_unused_files(home, name, recommendation)
    settle(home, name)
    return recommendation


def outcome(session: Session, recommendation: Recommendation, stored: StoredStudy) -> dict[str, Any]:
    """Return what `search --json` and `compress --json` print."""
    from advisor.decide.failures import failures

    ahead = stored.manifest.outlook
    answer = {
        "study": session.name,
        "trials": count_states(stored.records),
        "failures": [asdict(failure) for failure in failures(stored.records)],
        "budget": asdict(session.plan.budget),
        "stopped": None if ahead is None else asdict(ahead),
        "recommendation": recommendation.to_dict(),
    }
    return answer | ({"pareto": pareto(recommendation)} if recommendation.compressed else {})


def mirror_of(session: Session) -> Mirror | None:
    """Start the process that mirrors a study to MLflow; None where it goes to none."""
    from studies.tracking.process import Mirror

    if session.tracking_uri == OFF:
        return None
    return Mirror.start(session.home, session.name, session.tracking_uri)
