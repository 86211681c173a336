"""Study: what a search from code returns; its name, wherever a name is taken, and its answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from studies.code_consent import code_refused

if TYPE_CHECKING:
    from advisor.recommendation import Recommendation


class Study(str):
    """Study: a text that is its name, which also knows its home; a notebook shows its answer.

    Every function and command that takes a study's name takes it: `advisor.recommend(study)`,
    `advisor.resume(study)`; they look in its home, unless another one is named.

    Example:
        >>> import advisor
        >>> study = advisor.search("iris", budget="6trials", optimizers="AdamW,SGD", tracking_uri="off")
        >>> study.recommend().optimizer in {"AdamW", "SGD"}
        True
    """

    home: Path
    """The folder that it lives in."""

    def __new__(cls, name: str, home: str | Path | None = None) -> Self:
        """Return a study of that name; without a home, one in the usual home."""
        study = super().__new__(cls, name)
        if home is not None:
            study.home = Path(home)
        else:
            from studies.storage.home import default_home

            study.home = default_home()
        return study

    @property
    def name(self) -> str:
        """Return its name as a plain text."""
        return str.__str__(self)

    def recommend(self, **options: Any) -> Recommendation:
        """Return its recommendation; options as in `advisor.recommend`: limits, goal, rules, allow_code.

        Raises:
            StudyError: there is no such study any more, or nothing fits the limits.
        """
        from advisor.jobs.advice import advice

        allowed, rules = options.pop("allow_code", False), options.get("rules", ())
        with code_refused(ALLOWED_WITH, named=rules, allowed=allowed):
            return advice(self.home, self, **options)

    def report(self, out: str | Path, *, allow_code: bool = False) -> Path:
        """Write its report to a file and return that; its name ends with .html, .md or .pdf.

        Args:
            out: the file.
            allow_code: whether rules that the study names as code may run, if this process has not run them.

        Raises:
            StudyError: no such form, no browser for a PDF, or the file cannot be written.
        """
        from advisor.jobs.reports import write_report

        with code_refused(ALLOWED_WITH, allowed=allow_code):
            write_report(self.home, self, Path(out))
        return Path(out)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: its answer as it stands now, the long parts folded."""
        from dataclasses import replace

        from advisor.jobs.reports import reported
        from advisor.report.section_html import notebook_cell
        from advisor.study_report.answer_sections import answer_lines, title_of
        from advisor.study_report.sections import sections

        with code_refused("study.recommend(allow_code=True), and ask again"):
            study = reported(self.home, self)
        parts = [replace(part, folded=part.title not in UNFOLDED) for part in sections(study)]
        return notebook_cell(title_of(study), answer_lines(study), parts)


ALLOWED_WITH: Final = "allow_code=True"
"""What allows, in code, to run what a study names."""
UNFOLDED = frozenset({"Recipe", "Quality against cost"})
"""Sections that a notebook shows at once."""


def home_of(home: str | Path | None, study: object = "") -> Path:
    """Return the home that is named, else that of a study that knows its own, else the usual one."""
    from studies.storage.home import default_home

    if home is not None:
        return Path(home)
    return study.home if isinstance(study, Study) else default_home()
