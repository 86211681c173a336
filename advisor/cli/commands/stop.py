"""`advisor stop`: ask a running search to stop, whoever started it."""

from __future__ import annotations

from advisor.cli.options import Home, StudyName
from advisor.cli.run import home_of
from advisor.cli.terminal import show


def stop(study: StudyName, home: Home = None) -> None:
    """Ask whoever works on a study to stop; it answers from what is there, and `advisor resume` goes on."""
    from advisor.agents.launch_process import stop as ask_to_stop
    from advisor.jobs.command_lines import at_home

    where = home_of(home)
    ask_to_stop(where, study)
    command = f"advisor resume {study}{at_home(where)}"
    show(f"'{study}' was asked to stop; it ends its step and answers. Go on with: {command}")
