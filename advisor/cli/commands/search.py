"""`advisor search`: the whole job, from data to advice."""

from __future__ import annotations

from advisor.cli.arguments import SearchArguments, save_config, typed
from advisor.cli.run import home_of, work_on
from advisor.cli.terminal import prints_aside, say


@typed(SearchArguments)
def search(arguments: SearchArguments) -> None:
    """Search, confirm and recommend: the whole job."""
    from advisor.jobs.register import check, lines, no_model_reason
    from advisor.jobs.register import register as log
    from advisor.jobs.session import prepare

    register = arguments.register
    if register is not None:
        check(register, arguments.tracking_uri)
    request = arguments.request()
    save_config(arguments)
    with prints_aside():
        session = prepare(request, home_of(arguments.home), tell=say)
    problem = no_model_reason(session.name, session.workload.spec()) if register else ""
    for note in filter(None, (*session.notes, problem)):
        say(note)
    work_on(session, json=arguments.json, full=arguments.full)
    if register is not None and not problem:
        with prints_aside():
            say(lines(log(session.home, session.name, register)))
