"""Server for agents: the tools over the Model Context Protocol, on stdin and stdout."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from advisor.agents.allowed import Allowed
from advisor.agents.tools import Tools
from studies.code_consent import refuse_code
from studies.errors import StoreError, StudyError, named_line
from studies.imports import require
from studies.limits import Budget
from studies.storage.home import writable

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer

INSTRUCTIONS: Final = (
    "Finds the optimizer and training recipe for a data set, and says why. Call profile first (seconds, no "
    "training), then search, which returns a study's name at once and goes on in the background; ask status "
    "until its state is no longer 'running', then recommend. list and explain say what there is."
)

OTHERS: Final = ("tools", "source", "study", "budget")
"""Names in the function of a tool that are no options."""


def serve(home: Path, paths: tuple[Path, ...], *, allow_code: bool, most: str) -> None:
    """Answer an agent on stdin and stdout until it closes them.

    Args:
        home: where studies live; files in it may be read.
        paths: further files, and folders whose files may be read.
        allow_code: whether models, metrics and data that are code of the user's own may run.
        most: the largest budget of a search.

    Raises:
        StudyError: a home or a path that cannot be used, or the package `mcp` is missing.
    """
    require("mcp", "mcp", "advisor mcp")
    if missing := next((path for path in paths if not path.exists()), None):
        raise StoreError(f"--allow {missing} does not exist; name files or folders that do")
    refuse_code("advisor mcp --allow-code", refused=not allow_code)
    allowed = Allowed(home=writable(home), paths=paths, code=allow_code, most=Budget.parse(most))
    server(Tools(allowed=allowed)).run()


def server(tools: Tools) -> MCPServer[Any]:
    """Return the server of these tools, its names and arguments those of the command line."""
    from importlib.metadata import version

    from mcp.server.mcpserver import MCPServer

    made: MCPServer[Any] = MCPServer(
        "optimizer-advisor",
        instructions=INSTRUCTIONS,
        version=version("optimizer-advisor"),
        log_level="ERROR",
    )
    for name, tool in _functions(tools).items():
        made.add_tool(_plainly(tool), name=name, structured_output=True)
    return made


def _functions(tools: Tools) -> dict[str, Callable[..., dict[str, Any]]]:
    """Return a function for each tool; its arguments and its docstring are what an agent reads."""

    def profile(
        source: str,
        target: str | None = None,
        model: str | None = None,
        metric: str | None = None,
        task: str | None = None,
        memory: str | None = None,
        goal: str | None = None,
        epochs: int | None = None,
    ) -> dict[str, Any]:
        """Data, model and memory, and advice before any training.

        source: a built-in data set's name or a file; target: the column to predict; memory: most bytes.
        """
        return tools.profile(source, _options(locals()))

    def search(
        source: str,
        budget: str,
        target: str | None = None,
        model: str | None = None,
        metric: str | None = None,
        task: str | None = None,
        memory: str | None = None,
        model_size: str | None = None,
        latency: str | None = None,
        train_time: str | None = None,
        goal: str | None = None,
        optimizers: str | None = None,
        epochs: int | None = None,
        seed: int | None = None,
    ) -> dict[str, Any]:
        """Start a search in the background; returns the study's name at once.

        budget: 60s, 10m, 2h or 200trials. optimizers: names between commas. Limits: memory 512MiB,
        model_size 1MB, latency 2ms, train_time 30s. goal: quality, speed, memory or balanced.
        """
        return tools.search(source, budget, _options(locals()))

    def recommend(
        study: str,
        memory: str | None = None,
        model_size: str | None = None,
        latency: str | None = None,
        train_time: str | None = None,
        goal: str | None = None,
    ) -> dict[str, Any]:
        """The answer of a study: optimizer, recipe, how sure, why; at once, also under other limits."""
        return tools.recommend(study, _options(locals()))

    def status(study: str) -> dict[str, Any]:
        """How far a study is: its state (running, done, stopped or failed), trials by state, last lines."""
        return tools.status(study)

    def explain(name: str) -> dict[str, Any]:
        """What an optimizer, schedule, model, data set, rule or word of an answer is, as text."""
        return tools.explain(name)

    def list_(kind: str, study: str = "") -> dict[str, Any]:
        """What there is of a kind: optimizers, schedules, models, datasets, rules, studies, or trials."""
        return tools.list_kind(kind, study)

    return {
        "profile": profile,
        "search": search,
        "status": status,
        "recommend": recommend,
        "explain": explain,
        "list": list_,
    }


def _options(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options among the names in the function of a tool."""
    return {name: value for name, value in arguments.items() if name not in OTHERS}


def _plainly(tool: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Return a tool whose errors are one line, and whose answers hold nothing that JSON has no word for."""

    @wraps(tool)
    def run(**arguments: Any) -> dict[str, Any]:
        import json

        from mcp.server.mcpserver.exceptions import ToolError

        from studies.storage import journal

        try:
            answer: dict[str, Any] = json.loads(journal.dump(tool(**arguments)))
        except StudyError as error:
            raise ToolError(str(error)) from None
        except Exception as error:
            raise ToolError(f"unexpected {named_line(error, longest=200)}") from error
        return answer

    return run
