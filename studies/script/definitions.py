"""Definitions of a script: functions, classes and constants of ours, copied out of their files by name.

A name is followed to what it stands for: another definition of ours is copied too, a module or an object of
another package is imported. In a method of a choice its fields stand as their values.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any, Final

from studies.choice import Choice
from studies.script.edits import Edits
from studies.script.literals import CannotWrite, literal
from studies.script.writer import Writer

OURS: Final = frozenset({"studies", "advisor", "dashboard"})
ASIDES: Final = re.compile(r"[ ]*# (?:type: ignore|noqa|fmt: skip)[^\n]*")


@dataclass(kw_only=True, eq=False)
class Definitions:
    """What a script has to import and to define, each once, whatever needs it first."""

    inside: frozenset[str] = OURS
    """Packages, and modules, whose definitions are copied; all others are imported."""
    imports: set[str] = field(default_factory=set)
    blocks: dict[str, str] = field(default_factory=dict)
    """Source by name, in the order in which it can stand."""
    names: dict[int, str] = field(default_factory=dict)
    holds: list[Any] = field(default_factory=list)
    """Objects by whose identity there are names."""
    methods: dict[tuple[type, str], str] = field(default_factory=dict)
    """Names of the functions that methods of choices became."""
    uses: set[str] = field(default_factory=set)
    """Attributes of the training run that something reads or changes."""
    workload: Any = None
    """What is trained on, for what attachments read of it."""
    model: Any = None
    """A module of the model, to check rules for its parameters on."""
    copies: list[Path] = field(default_factory=list)
    """Files of the user's own that the script imports from."""

    def add(self, target: Any, name: str = "") -> str:
        """Return the name that a function or a class of ours has in the script, copied there if need be.

        Raises:
            CannotWrite: something that it needs cannot be copied.
        """
        if id(target) in self.names:
            return self.names[id(target)]
        plain = inspect.unwrap(target) if callable(target) else target
        name = self._free(name or plain.__name__)
        self._note(target, name)
        tree, edits = parsed(plain)
        definition = tree.body[0]
        if name != plain.__name__:
            rename(edits, definition, plain.__name__, name)
        Writer(self, edits, namespace_of(plain)).write(definition, keeps_annotations=is_record(plain))
        self.blocks[name] = tidy(edits.applied())
        return name

    def method(self, choice: Choice, method: str, name: str, known: Mapping[str, Any] | None = None) -> str:
        """Return the name of a function that does what a choice's method does, its fields as values.

        Args:
            choice: whose method it is.
            method: what it is called there.
            name: what to call it in the script.
            known: the values of all its arguments, where they are to stand in their place.

        Raises:
            CannotWrite: something that it needs cannot be copied.
        """
        if (written := self.methods.get((type(choice), method))) is not None:
            return written
        self.methods[type(choice), method] = name = self._free(name)
        function = plain_method(choice, method)
        tree, edits = parsed(function)
        definition = tree.body[0]
        rename(edits, definition, method, name)
        Writer(self, edits, namespace_of(function), choice=choice, known=known).write(definition)
        self.blocks[name] = tidy(edits.applied())
        return name

    def constant(self, name: str, value: Any) -> str:
        """Return the name of a constant, defined in the script if need be."""
        if self.blocks.get(name) != f"{name} = {literal(value)}":
            name = self._free(name)
            self.blocks[name] = f"{name} = {literal(value)}"
        if isinstance(value, re.Pattern):
            self.imports.add("import re")
        return name

    def workload_value(self, path: str) -> Any:
        """Return what stands under a path of attributes in the workload."""
        value = self.workload
        for name in path.split("."):
            value = getattr(value, name)
        return value

    def imported(self, target: Any, name: str, module: str = "") -> str:
        """Return the name of something of another package, imported under the name that it has here."""
        if isinstance(target, ModuleType):
            self.imports.add(import_of(target.__name__, name))
            return name
        module = module or getattr(target, "__module__", "")
        known = getattr(target, "__qualname__", name)
        if not module or "." in known or "<" in known:
            raise CannotWrite(f"{name} cannot be imported by name")
        self.imports.add(f"from {module} import {known}" + ("" if known == name else f" as {name}"))
        return name

    def is_ours(self, target: Any) -> bool:
        """Tell whether something is copied rather than imported."""
        module = target.__name__ if isinstance(target, ModuleType) else getattr(target, "__module__", "")
        return module in self.inside or module.partition(".")[0] in self.inside

    def resolved(self, name: str, target: Any, module: str = "") -> str:
        """Return the name in the script of what a name stands for in its file.

        Raises:
            CannotWrite: it can neither be copied nor imported.
        """
        if isinstance(target, ModuleType) or not self.is_ours(target):
            if is_value(target):
                return self.constant(name, target)
            return self.imported(target, name, module)
        if isinstance(target, FunctionType | type) or hasattr(target, "__wrapped__"):
            return self.add(target)
        raise CannotWrite(f"{name} is {type(target).__name__}, which cannot be written into a script")

    def _note(self, target: Any, name: str) -> None:
        self.names[id(target)] = name
        self.holds.append(target)

    def _free(self, name: str) -> str:
        """Return a name that nothing else in the script has."""
        taken = {*self.blocks, *self.names.values(), *self.methods.values()}
        free, number = name, 2
        while free in taken:
            free, number = f"{name}_{number}", number + 1
        return free

    def text(self) -> str:
        """Return all definitions as source."""
        return "\n\n\n".join(self.blocks.values())


def is_value(target: Any) -> bool:
    """Tell whether something is a constant that can be written out."""
    try:
        literal(target)
    except CannotWrite:
        return False
    return True


def import_of(module: str, name: str) -> str:
    """Return the line that imports a module under a name."""
    parent, _, last = module.rpartition(".")
    if module == name:
        return f"import {module}"
    return f"from {parent} import {last}" if last == name and parent else f"import {module} as {name}"


def parsed(target: Any) -> tuple[ast.Module, Edits]:
    """Return the syntax tree of a function or class, and edits of its text.

    Raises:
        CannotWrite: its source is not there, as of code typed into an interpreter.
    """
    try:
        text = textwrap.dedent(inspect.getsource(target))
        return ast.parse(text), Edits(text=text)
    except (OSError, TypeError, SyntaxError) as error:
        raise CannotWrite(f"the source of {target.__name__} is not there") from error


def plain_method(choice: Choice, method: str) -> Any:
    """Return the function behind a method of a choice."""
    owner = next(kind for kind in type(choice).__mro__ if method in vars(kind))
    function = vars(owner)[method]
    return function.__func__ if isinstance(function, staticmethod | classmethod | MethodType) else function


def namespace_of(target: Any) -> Mapping[str, Any]:
    """Return the names that the file of a function or class has."""
    return target.__globals__ if isinstance(target, FunctionType) else vars(sys.modules[target.__module__])


def rename(edits: Edits, definition: ast.stmt, before: str, after: str) -> None:
    """Give a function or class another name where it is defined."""
    start, end = edits.span(definition)
    keyword = "class " if isinstance(definition, ast.ClassDef) else "def "
    place = edits.find_first(f"{keyword}{before}", start, end) + len(keyword)
    edits.change(place, place + len(before.encode()), after)


def is_record(target: Any) -> bool:
    """Tell whether a class is a dataclass or a named tuple, whose annotations do something."""
    return isinstance(target, type) and (
        "__dataclass_fields__" in vars(target) or hasattr(target, "_field_defaults")
    )


def tidy(text: str) -> str:
    """Return source without remarks to our own checkers and without lines that edits left empty."""
    text = ASIDES.sub("", text).rstrip()
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r'("""|:)\n\n+( +)(?=\S)', r"\1\n\2", text))
