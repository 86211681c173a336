"""`advisor profile`: data, model and memory, and advice before any trial."""

from __future__ import annotations

from advisor.cli.arguments import ProfileArguments, save_config, typed
from advisor.cli.terminal import prints_aside, say, show, show_json, width


@typed(ProfileArguments)
def profile(arguments: ProfileArguments) -> None:
    """Show data, model and memory; advise before any trial."""
    from advisor.jobs.profile import preview

    request = arguments.request()
    save_config(arguments)
    with prints_aside():
        shown = preview(request, everything=arguments.everything, tell=say)
    show_json(shown.to_dict()) if arguments.json else show(shown.to_text(width()))
