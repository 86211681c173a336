"""Compression: what each way costs, which compressed model to deploy, and what each layer bears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import streamlit as st

from advisor.compressed_model import CompressedModel
from advisor.decide.compressed import compressed_models, pareto_front
from advisor.jobs import command_lines
from dashboard import reads
from dashboard.charts import compression as charts
from dashboard.charts import sensitivity
from dashboard.snapshot import Study
from dashboard.widgets import address
from dashboard.widgets.parts import (
    chart,
    cost_column,
    cost_columns,
    in_units,
    nothing_yet,
    number_column,
    open_study,
)
from dashboard.widgets.words import Row, filled_columns, markdown_table, plain
from studies.errors import StudyError
from studies.quantities import several

CAPTION: Final = (
    "Each mark is one way, over all seeds it was done for. Solid: the uncompressed files, and what nothing "
    "measured beats in quality, bytes, gzip bytes and latency, within 5 % alike. A double click shows marks "
    "outside the view."
)
RINGED: Final = "Ringed: advised, of the recommended optimizer."
RUNTIME: Final = (
    "Both columns are measured in the same runtime, in turns: the difference is what compression gives."
)
SENSITIVITY: Final = (
    "One layer at a time, in the best trained model, without any training afterwards: what a layer bears "
    "alone, it need not bear when others are pruned with it."
)


def show(home: Path, name: str) -> None:
    """Show what compression did to the models of a study."""
    study = open_study(home, name, "Compression")
    if study is None:
        return
    entries = compressed_models(study.evidence)
    if not entries:
        _empty(home, study)
        return
    advised = _advised(home, name, entries)
    _tradeoff(study, entries, advised)
    _before_after(study, entries, advised)
    _sensitivity(study)
    _front(study, entries, advised)


def _empty(home: Path, study: Study) -> None:
    if study.manifest.is_function:
        holds = "a training function, which holds its model to itself"
        st.info(plain(f"This study searched {holds}: there is nothing to compress."))
        return
    tried = [record for record in study.records if record.stage == "compress"]
    error = next((record.error for record in reversed(tried) if record.error), "it has not ended")
    if tried:
        ways = several(len(tried), "way")
        st.warning(plain(f"{ways} tried, none could be measured. The last one: {error}"))
    if study.evidence.compression == "after" and not study.finished:
        stage = "comes after the search" if not study.evidence.compression_finalists else "has begun"
        st.info(f"Not compressed yet: the compression of the finalists {stage}.")
        return
    message = (
        "The trained models have not been made small yet. This prunes, quantizes and distils the finalists:"
    )
    nothing_yet(message, command_lines.compress(home, study.name, study.manifest))


def _advised(home: Path, name: str, entries: tuple[CompressedModel, ...]) -> CompressedModel | None:
    try:
        advised = reads.recommendation(home, name).compression
    except StudyError:
        return None
    return next((entry for entry in entries if advised and entry.trials == advised.trials), None)


def _tradeoff(study: Study, entries: tuple[CompressedModel, ...], advised: CompressedModel | None) -> None:
    gzip = st.toggle(
        "Bytes through gzip",
        value=st.query_params.get("gzip") == "1",
        key="gzip",
        help="Zeros of unstructured pruning pay only there.",
    )
    address.keep("gzip", "1" if gzip else "", "")
    figure = charts.tradeoff(entries, advised, metric=study.metric, direction=study.direction, gzip=gzip)
    chart(figure, "compression", charts.csv_of_tradeoff(entries, study.direction))
    st.caption(f"{CAPTION} {RINGED}" if advised else CAPTION)


def _before_after(
    study: Study, entries: tuple[CompressedModel, ...], advised: CompressedModel | None
) -> None:
    st.header("Before and after")
    shown = [entry for entry in pareto_front(entries, study.direction) if not entry.plain]
    if advised and not advised.plain and advised not in shown:
        shown.insert(0, advised)
    if not shown:
        st.info("Nothing that was tried is noticeably better than the best uncompressed file in anything.")
        return
    entry = _chosen(shown, advised)
    rows = charts.before_after(entry, study.records, study.metric, study.direction)
    st.markdown(markdown_table(("of the model", "uncompressed", "compressed", "change"), rows))
    st.caption(plain(f"{RUNTIME} {several(len(entry.seeds), 'seed')}."))
    for note in entry.notes:
        st.caption(plain(f"Left untreated: {note}."))


def _chosen(shown: list[CompressedModel], advised: CompressedModel | None) -> CompressedModel:
    """Let the user choose a compressed model by the first of its trials; the address of the page keeps it."""
    labels = {f"{entry.optimizer}: {entry.name} (trial {entry.trials[0]})": entry for entry in shown}
    trials = {str(entry.trials[0]): label for label, entry in labels.items()}
    usual = next((label for label, entry in labels.items() if entry == advised), next(iter(labels)))
    named = trials.get(st.query_params.get("way", ""), usual)
    label = st.selectbox("Way", list(labels), index=list(labels).index(named), key="way")
    address.keep("way", str(labels[label].trials[0]) if label != usual else "", "")
    return labels[label]


def _sensitivity(study: Study) -> None:
    layers = study.manifest.sensitivity
    if not layers:
        return
    st.header("What each layer bears")
    chart(sensitivity.sensitivity(layers), "sensitivity", sensitivity.rows(layers))
    st.caption(SENSITIVITY)


def _front(study: Study, entries: tuple[CompressedModel, ...], advised: CompressedModel | None) -> None:
    best = pareto_front(entries, study.direction)
    is_front = len(best) > 1
    st.header("The front" if is_front else "What was measured")
    every = st.toggle(
        "All that was measured", key="every", help="Also what something else beats in everything."
    )
    rows = [_row(entry, advised) for entry in (entries if every else best)]
    shown = filled_columns(rows, columns(study.metric, rows))
    st.dataframe(in_units(rows), hide_index=True, column_config=shown, column_order=tuple(shown), key="front")
    ways = several(len(entries), "way")
    alone = f"Nothing beats {best[0].name} in anything: it is the best of {ways} in all." if best else ""
    st.caption(plain(f"{len(best)} of {ways} on the front." if is_front else alone))


def _row(entry: CompressedModel, advised: CompressedModel | None) -> dict[str, Any]:
    fields = {field: getattr(entry, field, None) for field in columns("", ())}
    return fields | {
        "advised": "yes" if entry == advised else "",
        "trials": ", ".join(map(str, entry.trials)),
        "seeds": len(entry.seeds),
    }


def columns(metric: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the columns of the front's table of these rows, by field."""
    text, number = st.column_config.TextColumn, st.column_config.NumberColumn
    costs = cost_columns(rows)
    return {
        "name": text("way", pinned=True, width="medium"),
        "optimizer": text("optimizer"),
        "advised": text("advised"),
        "quality": number_column(f"validation {metric}", (row["quality"] for row in rows)),
        "change": number("change", format="%+.2g", help="Against the uncompressed file of the same weights"),
        "model_bytes": costs["model_bytes"],
        "compressed_bytes": cost_column("compressed_bytes", rows),
        "size_ratio": number("times smaller", format="%.2g"),
        "latency_seconds": costs["latency_seconds"],
        "speedup": number("times faster, one row", format="%.2g"),
        "speedup_many": number("times faster, 64 rows", format="%.2g"),
        "agreement": number(
            "same answers", format="percent", help="Share of validation rows answered as before"
        ),
        "sparsity": number("zeros", format="percent"),
        "seeds": number("seeds"),
        "trials": text("trials"),
    }
