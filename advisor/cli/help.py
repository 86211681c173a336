"""Help: the commands of a first hour with an example each; all others, and options, by what they are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from typer.core import TyperCommand, TyperGroup

FIRST: Final[Mapping[str, tuple[str, str]]] = {
    "search": ("advisor search digits --budget 60s", "the whole job, from data to advice"),
    "recommend": ("advisor recommend digits-1 --goal speed", "the answer again, for another goal"),
    "dashboard": ("advisor dashboard", "trials, curves and costs as a page"),
    "export": ("advisor export digits-1 --out digits", "a script with the recipe, the model"),
}
"""Commands of a first hour, each with an example that runs as it stands and what it gives, in this order."""
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "From data to advice": ("profile", "stop", "resume", "compress", "import"),
    "With the answer": ("ablate", "predict", "report", "register", "plot"),
    "Look around": ("list", "explain", "logs", "note", "sync"),
    "For programs, and in trouble": ("mcp", "schema", "doctor"),
}
"""Headings, each with the other commands in the order of the help."""
PANELS: Final[Mapping[str, tuple[str, ...]]] = {
    "Data": (
        "records", "target", "metric", "direction", "task", "kind", "time", "group", "split", "missing",
        "class_weights",
    ),
    "Model": ("model", "tune_model", "pretrained"),
    "Budget and limits": (
        "budget", "exhaust", "trial_time", "memory", "model_size", "latency", "train_time", "goal",
        "open_ended",
    ),
    "What is searched": (
        "optimizers", "schedules", "regularizers", "wrappers", "batch_size", "epochs", "sample_rows", "fair",
        "rule", "earlier", "portfolio", "start_from", "start", "compression", "passes", "student", "teacher",
    ),
    "How it runs": ("workers", "device", "precision", "compile", "lockstep", "seed"),
    "Output": (
        "study", "full", "json", "everything", "home", "tracking_uri", "register", "config", "save_config",
        "allow_code",
    ),
}  # fmt: skip
"""Headings, each with the options that stand under it, by name and in this order."""
ABOUT: Final = (
    "Tell it your data, your model and what you can afford; it finds the optimizer and the recipe, "
    "and says why."
)
FIRST_HEADING: Final = "A first hour"
MORE: Final = "advisor --help says what each does, advisor COMMAND --help how."
MANY: Final = 12
"""Options from which on a command's stand under headings."""
WIDEST: Final = 120
"""Columns of the help, at most."""
SETTINGS: Final = {"max_content_width": WIDEST}


def overview() -> str:
    """Return what `advisor` alone prints: a first hour, and the names of all other commands."""
    from advisor.report.layout import fold

    width = max(map(len, GROUPS)) + 1
    others = [f"  {f'{heading}:':<{width}}  {', '.join(names)}" for heading, names in GROUPS.items()]
    return "\n".join(
        [fold(ABOUT, width=80), "", f"{FIRST_HEADING}:", *first_lines(), "", "Then:", *others, "", MORE]
    )


def first_lines() -> list[str]:
    """Return a line for each command of a first hour: the example and what it gives."""
    width = max(len(example) for example, _ in FIRST.values())
    return [f"  {example:<{width}}  {what}" for example, what in FIRST.values()]


class GroupedHelp(TyperGroup):
    """Help of the whole command line: its commands under headings."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return the names of the commands in the order of the headings."""
        places = [*FIRST, *(name for names in GROUPS.values() for name in names)]
        grouped = [name for name in places if name in self.commands]
        return [*grouped, *(name for name in self.commands if name not in grouped)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the commands, a heading before those of each group."""
        self._write_first(formatter)
        width = max(map(len, self.commands))
        for heading, names in GROUPS.items():
            rows = [(f"{name:<{width}}", self._summary(name)) for name in names if name in self.commands]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options of the program itself."""
        self.format_commands(ctx, formatter)
        TyperCommand.format_options(self, ctx, formatter)  # type: ignore[arg-type]

    def _write_first(self, formatter: Any) -> None:
        with formatter.section(FIRST_HEADING):
            for line in first_lines():
                formatter.write(f"{line}\n")

    def _summary(self, name: str) -> str:
        return (self.commands[name].help or "").partition("\n")[0]


class GroupedOptions(TyperCommand):
    """Help of a command: its options under headings where they are many."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options; those that no heading names come last."""
        rows = {param.name: row for param in self.get_params(ctx) if (row := param.get_help_record(ctx))}
        options = {name: row for name, row in rows.items() if row[0].startswith("-")}
        if len(options) <= MANY:
            super().format_options(ctx, formatter)
            return
        parts = {"Arguments": [row for name, row in rows.items() if name not in options]}
        for heading, names in PANELS.items():
            parts[heading] = [options.pop(name) for name in names if name in options]
        parts["Other"] = [*options.values()]
        for heading, lines in parts.items():
            if lines:
                with formatter.section(heading):
                    formatter.write_dl(lines)
