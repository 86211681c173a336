"""Evidence from outside the study: what is published on this class of problems, and what the rules add up to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import searched
from advisor.evidence import Finding
from advisor.published import CLASSES, learning_rates, names, sources
from advisor.published.rates import Rate, class_rate, problem_class
from advisor.report.numbers import listed
from dashboard.charts import Plot
from dashboard.charts.looks import BELOW, COLOURS, RING, Style, folded, styles
from dashboard.charts.trials import leader

if TYPE_CHECKING:
    from dashboard.snapshot import Study

CLEAR: Final = 0.4
"""Log-odds below which an optimizer is as good as AdamW: 60 to 40."""
WRAP: Final = 70
ROW_PIXELS: Final = 32


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """What is published on one optimizer for a class of problems."""

    optimizer: str
    rate: Rate


def published(study: Study) -> tuple[Published, ...]:
    """Return the published rate of every optimizer in question, the strongest first, those that nothing is known of last."""
    known = problem_class(study.evidence.facts)
    found = (
        Published(optimizer=optimizer, rate=class_rate(known, optimizer)) for optimizer in study.optimizers
    )
    return tuple(sorted(found, key=lambda one: (not one.rate.known, -one.rate.log_odds)))


def class_in_words(study: Study) -> str:
    """Return the class of the study's problem; empty where no table covers it."""
    known = problem_class(study.evidence.facts)
    return CLASSES[known] if known else ""


def odds(found: Sequence[Published], looks: Mapping[str, Style], about: str) -> go.Figure:
    """Draw the published log-odds of each optimizer against AdamW; open marks are judged, not counted."""
    shown = [one for one in found if one.rate.known]
    figure = go.Figure()
    figure.add_vline(x=0, line={"dash": "dash", "width": 1, "color": COLOURS[6]})
    for one in shown:
        look = looks[one.optimizer]
        symbol = look.symbol if one.rate.counted or one.optimizer == "AdamW" else f"{look.symbol}-open"
        figure.add_scatter(
            x=[one.rate.log_odds], y=[one.optimizer], mode="markers", showlegend=False, name=one.optimizer,
            marker={"color": look.colour, "symbol": symbol, "size": 13, "line": {"width": 2}},
            hovertemplate=f"{one.optimizer}: %{{x:+.2f}}<br>{_wrapped(one.rate.basis)}<extra></extra>",
        )  # fmt: skip
    for called, symbol in (("counted from results", "circle"), ("judged from papers", "circle-open")):
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=called,
            marker={"symbol": symbol, "size": 10, "color": COLOURS[6]},
        )
    reach = max([1.0, *(1.15 * abs(one.rate.log_odds) for one in shown)])
    figure.update_xaxes(
        title_text="log-odds against tuned AdamW: worse &lt; 0 &lt; better", range=(-reach, reach)
    )
    figure.update_yaxes(
        autorange="reversed",
        automargin=True,
        categoryorder="array",
        categoryarray=[one.optimizer for one in shown],
    )
    height = 200 + ROW_PIXELS * len(shown)
    figure.update_layout(
        title_text=folded(_finding(shown, about)), height=height, legend=BELOW, margin={"t": 70, "b": 110}
    )
    return figure


def rates(study: Study) -> list[dict[str, Any]]:
    """Return published learning rates of the optimizers in question, on the study's class of problems where there are any."""
    known = problem_class(study.evidence.facts)
    found = []
    for row in learning_rates():
        means = names()[row.source, row.optimizer]
        if means.wrapper or means.optimizer not in study.optimizers:
            continue
        found.append(
            {
                "optimizer": means.optimizer, "problems": row.setting, "n": row.n, "median": row.median, "q10": row.q10,
                "q90": row.q90, "schedule": row.schedule, "note": row.note, "source": sources()[row.source].citation,
                "same class": row.problem_class == known,
            }
        )  # fmt: skip
    same = [row for row in found if row["same class"]]
    return same or found


def learning_rate_ranges(study: Study, looks: Mapping[str, Style]) -> go.Figure:
    """Draw where published tuning ended, and where the best run of each optimizer in this study lies."""
    figure = go.Figure()
    rows = rates(study)
    for row in rows:
        look = looks[row["optimizer"]]
        figure.add_scatter(
            x=[row["q10"], row["median"], row["q90"]], y=[_row(row)] * 3, mode="lines+markers", showlegend=False,
            line={"color": look.colour, "width": 3},
            marker={"color": look.colour, "symbol": ["line-ns-open", look.symbol, "line-ns-open"], "size": [10, 11, 10]},
            hovertemplate=f"{_row(row)}: %{{x:.3g}}<br>{row['source']}<extra></extra>",
        )  # fmt: skip
    best = _best_rates(study, {row["optimizer"] for row in rows})
    marks = [
        (rate, _row(row), trial)
        for row in rows
        if (found := best.get(row["optimizer"]))
        for rate, trial in [found]
    ]
    if marks:
        figure.add_scatter(
            x=[x for x, _, _ in marks], y=[y for _, y, _ in marks], customdata=[trial for _, _, trial in marks], mode="markers",
            name="best run of this study", marker=RING,
            hovertemplate="this study, trial %{customdata}: lr %{x:.3g}<extra></extra>", showlegend=True,
        )  # fmt: skip
    alike = [row for row in rows if row["same class"] and row["optimizer"] in best]
    inside = {row["optimizer"] for row in alike if row["q10"] <= best[row["optimizer"]][0] <= row["q90"]}
    figure.update_xaxes(title_text="learning rate", type="log", exponentformat="none")
    figure.update_yaxes(autorange="reversed", automargin=True)
    finding = "Learning rates that tuning ended at on other classes of problems"
    if rows and rows[0]["same class"]:
        told = listed(sorted(inside)) if inside else "none here"
        finding = f"Learning rates within what published tuning ended at: {told}"
    figure.update_layout(
        title_text=folded(finding if rows else "No learning rate is published for these optimizers"),
        height=190 + ROW_PIXELS * len(rows), legend=BELOW, margin={"t": 70, "b": 110},
    )  # fmt: skip
    return figure


def strengths(findings: Sequence[Finding], optimizers: Iterable[str]) -> go.Figure:
    """Draw what each rule adds to an optimizer's log-odds before any trial."""
    figure = go.Figure()
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.strength:
            by_rule[one.rule].append(one)
    shapes = ("", "/", "x", ".", "-", "+", "|", "\\")
    for at, (rule, own) in enumerate(by_rule.items()):
        pattern = {
            "shape": shapes[(at // len(COLOURS)) % len(shapes)],
            "fillmode": "overlay",
            "solidity": 0.25,
        }
        figure.add_bar(
            x=[one.strength for one in own], y=[one.subject for one in own], orientation="h", name=rule,
            marker={"color": COLOURS[at % len(COLOURS)], "pattern": pattern},
            customdata=[_wrapped(one.because) for one in own],
            hovertemplate=f"{rule}, %{{y}}: %{{x:+.2f}}<br>%{{customdata}}<extra></extra>",
        )  # fmt: skip
    total: dict[str, float] = defaultdict(float)
    for one in findings:
        total[one.subject] += one.strength
    order = sorted(dict.fromkeys(optimizers), key=lambda name: -total[name])
    first = order[0] if order and by_rule else ""
    figure.update_xaxes(title_text="log-odds that rules add: against &lt; 0 &lt; for")
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], automargin=True)
    finding = (
        f"Before any trial, the rules favour {first} most ({total[first]:+.2f})"
        if first
        else "No rule favours anything here"
    )
    figure.update_layout(
        barmode="relative", showlegend=True, height=220 + ROW_PIXELS * len(order), legend=BELOW, margin={"t": 70, "b": 130},
        title_text=folded(finding),
    )  # fmt: skip
    return figure


def rows(found: Sequence[Published]) -> list[dict[str, Any]]:
    """Return what is published as rows of a table."""
    return [
        {
            "optimizer": one.optimizer,
            "log_odds": one.rate.log_odds if one.rate.known else None,
            "basis": one.rate.basis,
        }
        for one in found
    ]


def _row(row: Mapping[str, Any]) -> str:
    return f"{row['optimizer']}, {row['problems']} (n = {row['n']})"


def _best_rates(study: Study, optimizers: Iterable[str]) -> dict[str, tuple[float, int]]:
    found = {}
    for optimizer in optimizers:
        best = leader(searched(study.records, optimizer), study.direction)
        rate = best.params.get(f"optimizer.{optimizer}.lr") if best else None
        if best and rate:
            found[optimizer] = (float(rate), best.number)
    return found


def _finding(shown: Sequence[Published], about: str) -> str:
    where = f"on {about}" if about else "on problems of all kinds, halved"
    ahead = [one.optimizer for one in shown if one.rate.log_odds >= CLEAR]
    if not any(one.optimizer != "AdamW" for one in shown):
        return "Nothing is published on these optimizers against AdamW"
    return f"Published {where}: {f'{listed(ahead[:3])} beat AdamW' if ahead else 'none here clearly beats AdamW'}"


def _wrapped(text: str) -> str:
    from textwrap import wrap

    return "<br>".join(wrap(text.replace("<", "&lt;"), WRAP))


def _odds(study: Study) -> go.Figure:
    return odds(published(study), styles(study.optimizers), class_in_words(study))


def _rates(study: Study) -> go.Figure:
    return learning_rate_ranges(study, styles(study.optimizers))


def _rules(study: Study) -> go.Figure:
    from advisor.decide.rulebook import apply_rules

    return strengths(apply_rules(study.evidence), study.optimizers)


PLOTS: Final[Mapping[str, Plot]] = {
    "published": Plot(_odds, "nothing"),
    "published-lrs": Plot(_rates, "nothing"),
    "rules": Plot(_rules, "nothing"),
}
