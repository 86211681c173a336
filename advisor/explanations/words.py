"""Words of an answer for `advisor explain`: what its labels, chances, margins and intervals mean."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Final

from advisor.confidence import MEANINGS, WORDS

ALSO_CALLED: Final = {
    "p_tie": "as good as anything tried",
    "regret": "expected regret",
    "margin": "tie margin",
}
LABELS: Final[Mapping[str, str]] = {str(label): text for label, text in MEANINGS.items()}
EXPLAINED: Final[Mapping[str, str]] = {**LABELS, **WORDS}
WIDTH: Final = 98


def meaning(name: str) -> str | None:
    """Return what a word of an answer means, of `confidence` all of them; None for any other word."""
    wanted = _plain(name)
    if wanted == "confidence":
        return _all()
    called = ALSO_CALLED.get(name.lower(), wanted)
    word = next((word for word in EXPLAINED if _plain(word) == _plain(called)), None)
    return None if word is None else f"{word} (word of an answer)\n\n{_entry(word, EXPLAINED[word])}"


def rows() -> list[dict[str, str]]:
    """Return every word that is explained, with its meaning."""
    return [{"name": word, "summary": text} for word, text in EXPLAINED.items()]


def names() -> tuple[str, ...]:
    """Return every word that `meaning` knows."""
    return ("confidence", *EXPLAINED, *ALSO_CALLED)


def _all() -> str:
    return "\n".join(
        [
            "confidence (how sure an answer is)",
            "",
            "The label of an answer, from the surest on:",
            *_entries(LABELS),
            "",
            "Other words of it:",
            *_entries(WORDS),
        ]
    )


def _entries(meanings: Mapping[str, str]) -> list[str]:
    return [_entry(word, text) for word, text in meanings.items()]


def _entry(word: str, text: str) -> str:
    return textwrap.fill(
        f"{word}: {text}.", WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False
    )


def _plain(name: str) -> str:
    return " ".join(name.lower().replace("-", " ").replace("_", " ").split())
