"""Writer of one definition: walks its syntax tree and edits its text to stand in a script."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from studies.forward import answer, main_output
from studies.optim.routing import decayed, route, trained
from studies.script.edits import Edits
from studies.script.fields import NOT_CONSTANT, Fields
from studies.script.groups import rule_of
from studies.script.literals import CannotWrite, in_place, is_plain, literal
from studies.script.names import Script
from studies.script.scopes import bound_in, class_level, imported_in, is_text

if TYPE_CHECKING:
    from studies.choice import Choice

FOLDED: Final = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp)


class Writer(ast.NodeVisitor):
    """Writer of one function or class.

    Args:
        definitions: of the script, which names are resolved in.
        edits: of the text.
        namespace: the names of the file that it stands in.
        choice: whose method it is; None where it is none.
        known: arguments whose values stand in their place.
    """

    def __init__(
        self,
        definitions: Script,
        edits: Edits,
        namespace: Mapping[str, Any],
        *,
        choice: Choice | None = None,
        known: Mapping[str, Any] | None = None,
    ) -> None:
        self.known = known or {}
        self.fields = Fields(choice, self.known)
        self.definitions, self.edits, self.namespace, self.choice = definitions, edits, namespace, choice
        self.imported: dict[str, tuple[Any, str]] = {}
        self.bound: set[str] = set()
        self.in_class: set[str] = set()
        self.keeps_annotations = False
        self.run = ""
        """Name of the argument that is the training run, in what attaches to one."""

    def write(self, definition: ast.stmt, *, keeps_annotations: bool = False) -> None:
        """Edit the text of a definition."""
        self.keeps_annotations = keeps_annotations
        self.imported = imported_in(definition)
        self.in_class = class_level(definition)
        self.bound = bound_in(definition) - self.imported.keys() - self.known.keys()
        if self.choice is not None and isinstance(definition, ast.FunctionDef):
            self._as_function(definition)
        self.visit(definition)

    def _as_function(self, definition: ast.FunctionDef) -> None:
        """Drop the first argument and the decorators of a method."""
        for decorator in definition.decorator_list:
            start, end = self.edits.span(decorator)
            self.edits.cut(start - 1, end + 1)
        arguments = definition.args.args
        if not arguments or arguments[0].arg not in {"self", "cls"}:
            return
        start, end = self.edits.span(arguments[0])
        if self.known:
            self.edits.cut(start, self.edits.span(arguments[-1])[1])
            return
        if len(arguments) > 1:
            end = self.edits.span(arguments[1])[0]
        elif definition.args.kwonlyargs:
            end = self.edits.find_first(",", end, end + 2) + 2
        self.edits.cut(start, end)
        if definition.name == "attach" and len(arguments) > 1:
            self.run = arguments[1].arg

    def visit_Import(self, node: ast.Import) -> None:
        """Take an import out: it stands at the top of the script."""
        self.edits.remove_lines(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Take an import out: it stands at the top of the script."""
        self.edits.remove_lines(node)

    def visit_arg(self, node: ast.arg) -> None:
        """Take the annotation of an argument out."""
        if node.annotation is not None:
            start = self.edits.span(node)[0] + len(node.arg.encode())
            self.edits.cut(start, self.edits.span(node.annotation)[1])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Take the annotation of what a function returns out, and go on inside."""
        if node.returns is not None:
            start, end = self.edits.span(node.returns)
            self.edits.cut(self.edits.find("->", 0, start) - 1, end)
        defaults = self._defaults(node)
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        extra = [argument for argument in (node.args.vararg, node.args.kwarg) if argument]
        decorators = [] if self.choice is not None and node.name in dir(self.choice) else node.decorator_list
        for part in (*decorators, *arguments, *extra, *defaults, *node.body):
            self.visit(part)

    def _defaults(self, node: ast.FunctionDef) -> list[ast.expr]:
        """Return the defaults of arguments; without an annotation no blanks stand around their sign."""
        positional = (*node.args.posonlyargs, *node.args.args)
        pairs = [
            *zip(positional[len(positional) - len(node.args.defaults) :], node.args.defaults, strict=True),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        for argument, default in pairs:
            if argument.annotation is not None and default is not None:
                self.edits.change(self.edits.span(argument.annotation)[1], self.edits.span(default)[0], "=")
        return [default for _, default in pairs if default is not None]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Take the annotation of a variable out; without a value the line goes.

        A record needs one for each of its fields: any will do.
        """
        if self.keeps_annotations:
            if "ClassVar" not in self.edits.source(node.annotation):
                self.edits.replace(node.annotation, "object")
            if node.value is not None:
                self.visit(node.value)
        elif node.value is None:
            self.edits.remove_lines(node)
        else:
            self.edits.cut(self.edits.span(node.target)[1], self.edits.span(node.annotation)[1])
            self.visit(node.target)
            self.visit(node.value)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Take out what describes a field that is only annotated, and go on inside."""
        for statement, following in zip(node.body, node.body[1:], strict=False):
            bare = isinstance(statement, ast.AnnAssign) and statement.value is None
            if bare and not self.keeps_annotations and is_text(following):
                self.edits.remove_lines(following)
        self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave text as it is; the places inside are not told before Python 3.12."""

    def visit_Name(self, node: ast.Name) -> None:
        """Resolve a name that the file or an import of it gives."""
        if node.id in self.known:
            self.edits.replace(node, in_place(self.known[node.id]))
            return
        if not isinstance(node.ctx, ast.Load) or node.id in self.bound:
            if node.id == self.run:
                raise CannotWrite(f"{self._who} hands the whole run on")
            return
        if node.id in {"self", "cls"} and self.choice is not None:
            raise CannotWrite(f"{self._who} needs more of itself than its fields")
        target, module = self._target(node.id)
        if target is not NOT_CONSTANT:
            name = self.definitions.resolved(node.id, target, module)
            if name != node.id:
                self.edits.replace(node, name)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Write a field of the choice as its value, and what a module of ours holds by its name."""
        if isinstance(node.value, ast.Name):
            if node.value.id in self.known:
                self.edits.replace(node, in_place(getattr(self.known[node.value.id], node.attr)))
                return
            if node.value.id == "self" and self.choice is not None:
                self._write_field(node)
                return
            target, _ = self._target(node.value.id)
            if isinstance(target, ModuleType) and self.definitions.is_ours(target):
                name = self.definitions.resolved(node.attr, getattr(target, node.attr), target.__name__)
                self.edits.replace(node, name)
                return
            if node.value.id == self.run and self.run:
                self.definitions.uses.add(node.attr)
                if node.attr == "workload":
                    raise CannotWrite(f"{self._who} reads more of the workload than a script can hold")
                return
        if self._of_workload(node):
            return
        self.generic_visit(node)

    def _of_workload(self, node: ast.Attribute) -> bool:
        """Write what a choice reads of the run's workload."""
        text = self.edits.source(node)
        if not self.run or not text.startswith(f"{self.run}.workload."):
            return False
        rest = text.removeprefix(f"{self.run}.workload.")
        if rest == "metric":
            self.definitions.uses.add("metric")
            self.edits.replace(node, f"{self.run}.metric")
            return True
        value = self.definitions.workload_value(rest)
        self.edits.replace(node, literal(value))
        return True

    def _write_field(self, node: ast.Attribute) -> None:
        value = getattr(self.choice, node.attr)
        if is_plain(value) or isinstance(value, tuple):
            self.edits.replace(node, in_place(value))
        elif callable(value) and self.choice is not None:
            self.edits.replace(node, self.definitions.method(self.choice, node.attr, node.attr))
        else:
            raise CannotWrite(f"{self._who} has a field {node.attr} that no script can hold")

    @property
    def _who(self) -> str:
        return type(self.choice).__name__

    def _target(self, name: str) -> tuple[Any, str]:
        if name in self.imported:
            return self.imported[name]
        if name in self.bound or name not in self.namespace:
            if name not in self.bound | self.in_class and not hasattr(builtins, name):
                raise CannotWrite(f"the name {name} stands for nothing")
            return NOT_CONSTANT, ""
        return self.namespace[name], ""

    def visit_Call(self, node: ast.Call) -> None:
        """Write a call of the model as one, and parameters by their roles as a rule."""
        function = None
        if isinstance(node.func, ast.Name) and node.func.id not in self.bound | self.known.keys() | {"self"}:
            function = self._target(node.func.id)[0]
        if function is answer and len(node.args) == 2:
            model, inputs = node.args
            self._keep_only(node, model)
            self.edits.change(self.edits.span(model)[1], self.edits.span(inputs)[0], "(")
            self.edits.change(self.edits.span(inputs)[1], self.edits.span(node)[1], ")")
            self.visit(model)
            self.visit(inputs)
        elif function is main_output:
            self._keep_only(node, node.args[0])
            self.edits.cut(self.edits.span(node.args[0])[1], self.edits.span(node)[1])
            self.visit(node.args[0])
        elif (rule := self._parameters(node)) is not None:
            self.definitions.uses.add("model")
            self.edits.replace(node, rule)
        else:
            self.generic_visit(node)

    def _keep_only(self, node: ast.Call, argument: ast.expr) -> None:
        self.edits.cut(self.edits.span(node)[0], self.edits.span(argument)[0])

    def _parameters(self, node: ast.Call) -> str | None:
        """Return a rule for a call that gives parameters of the run's model by their roles."""
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        if (
            not self.run
            or self.definitions.model is None
            or self.run not in names
            or names & self.bound - {self.run}
        ):
            return None
        targets = {name: self._target(name)[0] for name in names - {self.run}}
        if not targets or any(target not in (route, trained, decayed) for target in targets.values()):
            return None
        scope = {**targets, self.run: SimpleNamespace(model=self.definitions.model)}
        return rule_of(node, scope, self.definitions.model, f"{self.run}.model")

    def generic_visit(self, node: ast.AST) -> None:
        """Work out what holds nothing but fields and numbers; go on inside everything else."""
        if isinstance(node, FOLDED) and self.fields.read_in(node):
            value = self.fields.value(node)
            if value is not NOT_CONSTANT:
                self.edits.replace_whole(node, in_place(value))
                return
            if isinstance(node, ast.BinOp) and self.fields.change_nothing(node):
                self.edits.cut(self.edits.span_whole(node.left)[0], self.edits.span_whole(node.right)[0])
                self.visit(node.right)
                return
        super().generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Leave only the branch that the fields choose, where they do."""
        chosen = self.fields.value(node.test) if self.fields.read_in(node.test) else NOT_CONSTANT
        if chosen is NOT_CONSTANT:
            super().generic_visit(node)
            return
        branch = node.body if chosen else node.orelse
        start, end = self.edits.span(node)
        inner_start, inner_end = self.edits.span(branch)
        self.edits.cut(start, inner_start)
        self.edits.cut(inner_end, end)
        self.visit(branch)
