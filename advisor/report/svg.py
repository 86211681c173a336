"""Parts of charts in SVG: marks, lines, and the frame with its axes; in the colours of the page around."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from advisor.report.axis_marks import Axis
from advisor.report.elements import Html, element, joined
from advisor.report.optimizer_styles import Style

WIDTH: Final = 560
HEIGHT: Final = 320
LEFT: Final = 74
RIGHT: Final = 22
TOP: Final = 16
BELOW: Final = 62
"""Room around the plot, in units of the drawing, for texts that a narrow screen enlarges."""
SIZE: Final = 5.5
"""Radius of a mark."""

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """Frame of a chart: two axes, and where a pair of values lies between them."""

    x: Axis
    y: Axis
    x_title: str
    y_title: str
    log_x: bool = False

    def place(self, point: Point) -> Point:
        """Return where a pair of values is drawn; one beyond an end of the y axis is drawn at that end."""
        across, up = self._share(self.x, point[0], log=self.log_x), self._share(self.y, point[1])
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            TOP + (1 - min(max(up, 0.0), 1.0)) * (HEIGHT - TOP - BELOW),
        )

    def shows(self, y: float) -> bool:
        """Tell whether a value lies between the ends of the y axis."""
        return self.y.low <= y <= self.y.high

    def drawn(self, *inside: str, about: str) -> Html:
        """Return the whole drawing: axes, grid, and what stands inside; `about` says it in words."""
        parts = (*self._grid(), *inside, *self._titles())
        return drawing(*parts, about=about, width=WIDTH, height=HEIGHT)

    @staticmethod
    def _share(axis: Axis, value: float, *, log: bool = False) -> float:
        scale: Callable[[float], float] = math.log if log else float
        return (scale(value) - scale(axis.low)) / (scale(axis.high) - scale(axis.low))

    def _grid(self) -> Iterable[Html]:
        bottom, end = HEIGHT - BELOW, WIDTH - RIGHT
        for mark, text in zip(self.y.marks, self.y.texts, strict=True):
            _, y = self.place((self.x.low, mark))
            yield line((LEFT, y), (end, y), class_="grid")
            yield label(text, (LEFT - 8, y + 4), anchor="end")
        for mark, text in zip(self.x.marks, self.x.texts, strict=True):
            x, _ = self.place((mark, self.y.low))
            yield line((x, bottom), (x, bottom + 5), class_="axis")
            yield label(text, (x, bottom + 22), anchor="middle")
        yield line((LEFT, bottom), (end, bottom), class_="axis")

    def _titles(self) -> Iterable[Html]:
        middle = (TOP + HEIGHT - BELOW) / 2
        yield label(self.x_title, ((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12), anchor="middle")
        yield element(
            "text", self.y_title, text_anchor="middle", transform=f"translate(16 {middle:g}) rotate(-90)"
        )


def drawing(*parts: str, about: str, width: float, height: float) -> Html:
    """Return a drawing that fits the width it is given; `about` takes its place for who does not see it."""
    view = f"0 0 {width:g} {height:g}"
    return element("svg", element("title", about), *parts, viewBox=view, role="img", aria_label=about)


def label(text: str, at: Point, *, anchor: str = "start", class_: str | None = None) -> Html:
    """Return a text at a place."""
    return element("text", text, x=at[0], y=at[1], text_anchor=anchor, class_=class_)


def line(start: Point, end: Point, *, class_: str | None = None, stroke: str | None = None) -> Html:
    """Return a straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_, stroke=stroke)


def polyline(points: Sequence[Point], style: Style) -> Html:
    """Return a line through places."""
    return element("polyline", points=_pairs(points), class_="curve", stroke=style.colour)


def area(points: Sequence[Point], style: Style) -> Html:
    """Return a shaded area, its outline through places."""
    return element("polygon", points=_pairs(points), class_="band", fill=style.colour)


def shade(left: float, right: float) -> Html:
    """Return the shade of what lies beyond a limit, over the whole height."""
    return element(
        "rect", x=left, y=TOP, width=max(right - left, 0.0), height=HEIGHT - TOP - BELOW, class_="beyond"
    )


def mark(at: Point, style: Style, *, hollow: bool = False, size: float = SIZE) -> Html:
    """Return an optimizer's mark at a place."""
    fill = None if hollow else style.colour
    class_ = "mark hollow" if hollow else "mark"
    return element("path", d=_outline(style.symbol, at, size), fill=fill, stroke=style.colour, class_=class_)


def legend(entries: Iterable[tuple[Html, str]]) -> Html:
    """Return a legend: a small drawing and what it stands for, each."""
    items = [element("li", element("span", sign, class_="sign"), text) for sign, text in entries]
    return element("ul", *items, class_="legend")


def sign(*parts: str) -> Html:
    """Return a small drawing for a legend, its middle at (10, 7)."""
    return element("svg", *parts, viewBox="0 0 20 14", class_="sign", aria_hidden="true")


def figure(drawn: Html, *below: Html, caption: str) -> Html:
    """Return a drawing with its legend and how to read it."""
    return element("figure", joined(drawn, *below), element("figcaption", caption))


def _pairs(points: Sequence[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _outline(symbol: str, at: Point, size: float) -> str:
    """Return the path of a mark."""
    x, y = at
    if symbol == "circle":
        around = f"a{size:g} {size:g} 0 1 0"
        return f"M{x - size:.1f} {y:.1f}{around} {2 * size:g} 0{around} {-2 * size:g} 0Z"
    corners = [
        (x + size * across, y + size * down) for across, down in CORNERS.get(symbol, CORNERS["square"])
    ]
    return "M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in corners) + "Z"


def _star() -> tuple[Point, ...]:
    corners = [(math.pi * corner / 5, 0.55 if corner % 2 else 1.25) for corner in range(10)]
    return tuple((length * math.sin(turn), -length * math.cos(turn)) for turn, length in corners)


def _turned(corners: Sequence[Point]) -> tuple[Point, ...]:
    """Return corners turned by an eighth of a circle."""
    half = math.sqrt(0.5)
    return tuple((half * (x - y), half * (x + y)) for x, y in corners)


CROSS: Final = (
    (-0.4, -1.1), (0.4, -1.1), (0.4, -0.4), (1.1, -0.4), (1.1, 0.4), (0.4, 0.4),
    (0.4, 1.1), (-0.4, 1.1), (-0.4, 0.4), (-1.1, 0.4), (-1.1, -0.4), (-0.4, -0.4),
)  # fmt: skip
CORNERS: Final = {
    "square": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "diamond": ((0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)),
    "triangle-up": ((0.0, -1.15), (1.1, 0.85), (-1.1, 0.85)),
    "cross": CROSS,
    "x": _turned(CROSS),
    "star": _star(),
}
"""Corners of each mark around (0, 0), y downwards."""
