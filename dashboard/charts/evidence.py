"""Evidence from outside the study: published results on its class of problems, and the sum of the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

import plotly.graph_objects as go

from advisor.analysis.searched_space import searched
from advisor.evidence import Finding
from advisor.published import CLASSES, learning_rates, names, sources
from advisor.published.rates import Rate, class_rate, problem_class
from advisor.report.numbers import number
from advisor.report.optimizer_styles import COLOURS, GREY, Style, styles
from advisor.statements.statement import Statement
from advisor.statements.titles_evidence import CLEAR, PublishedOdds, PublishedRates, RulesFavour
from dashboard.charts import Plot
from dashboard.charts.axes import log_scale
from dashboard.charts.looks import RING, legend_below, titled
from dashboard.charts.trials import leader

if TYPE_CHECKING:
    from dashboard.snapshot import Study

ROUNDING: Final = 1e-9
"""Log-odds that are none: a sum of strengths leaves so much."""
WRAP: Final = 70
"""Characters of a line that is shown at a mark."""
ROW_PIXELS: Final = 32
PATTERNS: Final = ("", "/", "x", ".", "-", "+", "|", "\\")
"""Of bars, when all colours are taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Published:
    """Published rate of an optimizer for a class of problems."""

    optimizer: str
    rate: Rate


def published(study: Study) -> tuple[Published, ...]:
    """Return the published rate of every optimizer of a study, the strongest first, unknown ones last."""
    problems = problem_class(study.evidence.facts)
    entries = (
        Published(optimizer=optimizer, rate=class_rate(problems, optimizer)) for optimizer in study.optimizers
    )
    return tuple(sorted(entries, key=lambda entry: (not entry.rate.known, -entry.rate.log_odds)))


def class_in_words(study: Study) -> str:
    """Return the class of the study's problem; empty where no table covers it."""
    problems = problem_class(study.evidence.facts)
    return CLASSES[problems] if problems else ""


def odds(entries: Sequence[Published], style_of: Mapping[str, Style], problems: str) -> go.Figure:
    """Draw the published log-odds of each optimizer against AdamW; open marks are judged, not counted."""
    shown = [entry for entry in entries if entry.rate.known]
    figure = go.Figure()
    figure.add_vline(x=0, line={"dash": "dash", "width": 1, "color": GREY})
    for entry in shown:
        figure.add_trace(_odds_mark(entry, style_of[entry.optimizer]))
    for name, symbol in (("counted from results", "circle"), ("judged from papers", "circle-open")):
        marker = {"symbol": symbol, "size": 10, "color": GREY}
        figure.add_scatter(x=[None], y=[None], mode="markers", name=name, marker=marker)
    end = max([1.0, *(1.15 * abs(entry.rate.log_odds) for entry in shown)])
    title = "log-odds against tuned AdamW: worse &lt; 0 &lt; better"
    figure.update_xaxes(title_text=title, range=(-end, end))
    order = [entry.optimizer for entry in shown]
    figure.update_yaxes(autorange="reversed", automargin=True, categoryorder="array", categoryarray=order)
    titled(figure, published_odds(shown, problems))
    return legend_below(figure, height=200 + ROW_PIXELS * len(shown))


def rates(study: Study) -> list[dict[str, Any]]:
    """Return published learning rates of a study's optimizers, on its class of problems if there are any."""
    problems = problem_class(study.evidence.facts)
    rows = []
    for row in learning_rates():
        means = names()[row.source, row.optimizer]
        if means.wrapper or means.optimizer not in study.optimizers:
            continue
        rows.append(
            {
                "optimizer": means.optimizer,
                "problems": row.setting,
                **{field: getattr(row, field) for field in ("n", "median", "q10", "q90", "schedule", "note")},
                "source": sources()[row.source].citation,
                "same class": row.problem_class == problems,
            }
        )
    same = [row for row in rows if row["same class"]]
    return same or rows


def learning_rate_ranges(study: Study, style_of: Mapping[str, Style]) -> go.Figure:
    """Draw where published tuning ended, and where the best run of each optimizer in this study lies."""
    figure = go.Figure()
    rows = rates(study)
    for row in rows:
        figure.add_trace(_range_line(row, style_of[row["optimizer"]]))
    best = best_rates(study, {row["optimizer"] for row in rows})
    marks = [(*best[row["optimizer"]], _row(row)) for row in rows if row["optimizer"] in best]
    if marks:
        figure.add_scatter(
            x=[rate for rate, _, _ in marks],
            y=[label for _, _, label in marks],
            customdata=[[trial, number(rate)] for rate, trial, _ in marks],
            mode="markers",
            name="best run of this study",
            marker=RING,
            hovertemplate="this study, trial %{customdata[0]}: lr %{customdata[1]}<extra></extra>",
            showlegend=True,
        )
    ends = [row[field] for row in rows for field in ("q10", "median", "q90")]
    figure.update_xaxes(title_text="learning rate", **log_scale([*ends, *(rate for rate, _, _ in marks)]))
    figure.update_yaxes(autorange="reversed", automargin=True)
    titled(figure, published_rates(rows, best))
    return legend_below(figure, height=190 + ROW_PIXELS * len(rows))


def strengths(findings: Sequence[Finding], optimizers: Iterable[str]) -> go.Figure:
    """Draw what each rule adds to an optimizer's log-odds before any trial."""
    figure = go.Figure()
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    total: dict[str, float] = defaultdict(float)
    for finding in findings:
        total[finding.subject] += finding.strength
        if finding.strength:
            by_rule[finding.rule].append(finding)
    for index, (rule, voices) in enumerate(by_rule.items()):
        figure.add_trace(_rule_bars(rule, voices, index))
    order = sorted(dict.fromkeys(optimizers), key=lambda name: -total[name])
    figure.update_xaxes(title_text="log-odds that rules add: against &lt; 0 &lt; for")
    figure.update_yaxes(categoryorder="array", categoryarray=order[::-1], automargin=True)
    titled(figure, rules_favour(findings, order)).update_layout(barmode="relative", showlegend=True)
    return legend_below(figure, height=220 + ROW_PIXELS * len(order), bottom=130)


def rows(entries: Sequence[Published]) -> list[dict[str, Any]]:
    """Return what is published as rows of a table."""
    return [
        {
            "optimizer": entry.optimizer,
            "log_odds": entry.rate.log_odds if entry.rate.known else None,
            "basis": entry.rate.basis,
        }
        for entry in entries
    ]


def _odds_mark(entry: Published, style: Style) -> go.Scatter:
    optimizer, rate = entry.optimizer, entry.rate
    symbol = style.symbol if rate.counted or optimizer == "AdamW" else f"{style.symbol}-open"
    return go.Scatter(
        x=[rate.log_odds],
        y=[optimizer],
        mode="markers",
        showlegend=False,
        name=optimizer,
        marker=style.marker(symbol=symbol, size=13, line={"width": 2}),
        hovertemplate=f"{optimizer}: %{{x:+.2f}}<br>{_wrapped(rate.basis)}<extra></extra>",
    )


def _range_line(row: Mapping[str, Any], style: Style) -> go.Scatter:
    symbols = ["line-ns-open", style.symbol, "line-ns-open"]
    return go.Scatter(
        x=[row["q10"], row["median"], row["q90"]],
        y=[_row(row)] * 3,
        mode="lines+markers",
        showlegend=False,
        line=style.line(3),
        marker=style.marker(symbol=symbols, size=[10, 11, 10]),
        customdata=[number(row[field]) for field in ("q10", "median", "q90")],
        hovertemplate=f"{_row(row)}: %{{customdata}}<br>{row['source']}<extra></extra>",
    )


def _rule_bars(rule: str, findings: Sequence[Finding], index: int) -> go.Bar:
    shape = PATTERNS[(index // len(COLOURS)) % len(PATTERNS)]
    pattern = {"shape": shape, "fillmode": "overlay", "solidity": 0.25}
    return go.Bar(
        x=[finding.strength for finding in findings],
        y=[finding.subject for finding in findings],
        orientation="h",
        name=rule,
        marker={"color": COLOURS[index % len(COLOURS)], "pattern": pattern},
        customdata=[_wrapped(finding.because) for finding in findings],
        hovertemplate=f"{rule}, %{{y}}: %{{x:+.2f}}<br>%{{customdata}}<extra></extra>",
    )


def _row(row: Mapping[str, Any]) -> str:
    return f"{row['optimizer']}, {row['problems']} (n = {row['n']})"


def best_rates(study: Study, optimizers: Iterable[str]) -> dict[str, tuple[float, int]]:
    """Return the learning rate and the trial number of each optimizer's best run."""
    rates = {}
    for optimizer in optimizers:
        best = leader(searched(study.records, optimizer), study.direction)
        rate = best.params.get(f"optimizer.{optimizer}.lr") if best else None
        if best and rate:
            rates[optimizer] = (float(rate), best.number)
    return rates


def published_rates(rows: Sequence[Mapping[str, Any]], best: Mapping[str, tuple[float, int]]) -> Statement:
    """Say whose best search trial has a learning rate that published tuning ended at."""
    published = {row["optimizer"] for row in rows}
    compared = [row for row in rows if row["same class"] and row["optimizer"] in best]
    inside = {row["optimizer"] for row in compared if row["q10"] <= best[row["optimizer"]][0] <= row["q90"]}
    return PublishedRates(
        subjects=tuple(sorted(inside)),
        trials=tuple(sorted({best[row["optimizer"]][1] for row in compared})),
        published=len(published),
        same_class=any(row["same class"] for row in rows),
        compared=len({row["optimizer"] for row in compared}),
        source="published tables",
    )


def published_odds(shown: Sequence[Published], problems: str) -> Statement:
    """Say who beat a tuned AdamW in what is published."""
    others = [entry for entry in shown if entry.rate.known and entry.optimizer != "AdamW"]
    return PublishedOdds(
        subjects=tuple(entry.optimizer for entry in others if entry.rate.log_odds >= CLEAR),
        problems=problems,
        compared=len(others),
        source="published tables",
    )


def rules_favour(findings: Sequence[Finding], optimizers: Iterable[str]) -> Statement:
    """Say for which of these optimizers the rules speak most before any trial."""
    total = dict.fromkeys(optimizers, 0.0)
    for finding in findings:
        total[finding.subject] = total.get(finding.subject, 0.0) + finding.strength
    most = max(total.values(), default=0.0)
    favoured = tuple(name for name, strength in total.items() if most > ROUNDING > abs(strength - most))
    return RulesFavour(
        subjects=favoured,
        strength=most if favoured else 0.0,
        against=sum(strength < -ROUNDING for strength in total.values()),
        compared=len(total),
        source="rules",
    )


def _wrapped(text: str) -> str:
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
