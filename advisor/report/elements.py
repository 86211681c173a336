"""Elements of HTML and SVG: text is escaped where it enters, so that a name can never become markup."""

from __future__ import annotations

import html
import re
from typing import Final

VOID: Final = frozenset({"meta", "br", "hr"})
"""Elements of HTML that have no end."""
UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
"""Characters that HTML does not allow."""


class Html(str):
    """Markup: text that is HTML already, and enters other elements as it is."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """Return text as markup that shows it; markup stays as it is."""
    return text if isinstance(text, Html) else Html(html.escape(printable(text)))


def printable(text: str) -> str:
    """Return text with a replacement character for each that no page may hold."""
    return UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)


def element(name: str, /, *children: str, **attributes: str | float | None) -> Html:
    """Return an element with its children, which are escaped unless they are markup.

    Args:
        name: its name, as in `td`.
        children: texts and elements.
        attributes: with `_` for `-` and after a word of Python's (`class_`); one that is None is left out.
    """
    known = {key: value for key, value in attributes.items() if value is not None}
    start = f"<{name}{''.join(map(_attribute, known, known.values()))}>"
    return Html(start if name in VOID else f"{start}{joined(*children)}</{name}>")


def joined(*parts: str) -> Html:
    """Return parts one after the other."""
    return Html("".join(map(escaped, parts)))


def _attribute(key: str, value: str | float) -> str:
    return f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'


def _value(value: str | float) -> str:
    """Return the value of an attribute: a number with at most two decimals, which no eye tells from more."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else escaped(str(value))
