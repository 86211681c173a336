"""MLflow entries: what a study and its trials are as params, metrics, tags and a dataset.

Pure: nothing is written here.
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studies.costs import COSTS

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Metric

    from studies.record import Record
    from studies.storage.manifest import StudyManifest
    from studies.storage.manifest_entries import SavedAdvice

STATUS: Final = {"complete": "FINISHED", "pruned": "KILLED", "infeasible": "KILLED", "failed": "FAILED"}
MEASURED: Final = (*(cost.field for cost in COSTS), "sparsity", "macs")
"""Fields of a record that are metrics of their own."""
CHANGING: Final = (
    "budget",
    "limits",
    "goal",
    "device",
    "versions",
    "python",
    "spent_seconds",
    "compression_study",
    "searched.notes",
    "code",
)
"""Entries of the manifest that a resume may change: tags, since MLflow's params are written once."""
APART: Final = (
    "id",
    "recommendation",
    "facts",
    "split_facts",
    "yardsticks",
    "tracking_uri",
    "git",
    "sensitivity",
)
"""Neither params nor tags of their own: an address may hold a password, a layer's sensitivity fills pages,
and plain models are trained when the params stand already."""
LONGEST_KEY: Final = 250
LONGEST_VALUE: Final = 5000
"""MLflow takes params of 6000 characters and tags of 8000."""
LONGEST_DIGEST: Final = 36
RECOMMENDED: Final = ("quality", "test_quality", "test_spread", "p_best", "p_tie", "expected_regret")
"""Figures of a recommendation that are metrics of the study's own run, so that studies compare as trials
do."""


def metrics_of(record: Record, metric: str, start: int) -> tuple[list[Metric], list[str]]:
    """Return a record's metrics, and the names of those left out because a value was not finite.

    MLflow writes inf as 1.8e308. The timestamps follow from the record alone, so that a batch written twice
    is one batch.
    """
    from mlflow.entities import Metric

    rows = [(name, value, start, 0) for name, value in _final(record).items() if value is not None]
    judged_by = metric.rpartition(":")[2]  # of a metric of the user's own, file.py:name, the name
    for point in record.curve:
        now = start + (round(1000 * point.seconds) if math.isfinite(point.seconds) else 0)
        series = {
            "train_loss": point.train_loss,
            "valid_loss": point.valid_loss,
            f"valid_{judged_by}": point.valid_metric,
        }
        rows += [(name, value, now, point.epoch) for name, value in series.items()]
    finite = [
        Metric(key(name), float(value), now, step) for name, value, now, step in rows if math.isfinite(value)
    ]
    return finite, sorted({name for name, value, _, _ in rows if not math.isfinite(value)})


def _final(record: Record) -> dict[str, float | int | None]:
    """Return the metrics that a trial ends with."""
    quality = "quality" if record.state == "complete" else "partial_quality"
    final: dict[str, float | int | None] = {quality: record.quality, "test_quality": record.test_quality}
    final |= {name: getattr(record, name) for name in MEASURED} | footprint_of(record)
    lr = record.params.get(f"optimizer.{record.optimizer}.lr")
    return final | {"lr": lr}  # under one name, by which optimizers are compared


def footprint_of(record: Record) -> dict[str, float | int | None]:
    """Return what was measured on a deployed file, flat.

    As `latency_64_p90_seconds`, `reference_quality`, `compressed_bytes`.
    """
    if record.footprint is None:
        return {}
    measured = asdict(record.footprint).items()
    figures: dict[str, float | int | None] = {
        key: value for key, value in measured if isinstance(value, int | float)
    }
    for latency in record.footprint.latencies:
        timed = {key: value for key, value in asdict(latency).items() if key != "batch"}
        figures |= {f"latency_{latency.batch}_{key}": value for key, value in timed.items()}
    return figures


def tags_of(record: Record) -> dict[str, str]:
    """Return a record's tags."""
    named = {name: getattr(record, name) for name in ("state", "stage", "seed", "error", "source")}
    return {f"advisor.{name}": text(value) for name, value in named.items() if value is not None}


def params_and_tags(manifest: StudyManifest) -> tuple[dict[str, object], dict[str, str]]:
    """Return a manifest's entries, nested ones under dotted names: those that stay, those that may change.

    What was searched among has a name of its own: a batch size beside a range of them could be drawn on no
    axis.
    """
    named = {name: value for name, value in manifest.to_dict().items() if name not in APART}
    entries = flat(
        {
            f"searched.{name}" if isinstance(value, list | tuple) else name: value
            for name, value in named.items()
        }
    )
    stays = {name: value for name, value in entries.items() if not {name, name.split(".")[0]} & set(CHANGING)}
    tags = {f"advisor.{name}": text(value) for name, value in entries.items() if name not in stays}
    tags |= {"mlflow.source.name": "optimizer-advisor", "mlflow.source.type": "LOCAL"}
    if git := manifest.git:
        tags |= {"mlflow.source.git.commit": git.commit, "advisor.git.changed": str(git.changed)}
    return stays, tags


def recommended(advice: SavedAdvice) -> tuple[dict[str, float], dict[str, str]]:
    """Return the figures of a recommendation, and the tags that say it on the study's own run."""
    answer = json.loads(advice.json)
    figures = {f"recommended_{name}": answer.get(name) for name in RECOMMENDED}
    tags = {
        f"advisor.recommended.{name}": text(answer[name]) for name in ("optimizer", "label") if name in answer
    }
    tags["mlflow.note.content"] = text(advice.markdown)  # what MLflow's page shows as the description
    return {name: float(value) for name, value in figures.items() if isinstance(value, int | float)}, tags


def dataset_of(manifest: StudyManifest) -> DatasetInput | None:
    """Return the data that a study trained on, by its digest.

    None for a training function, which holds its data to itself.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    spec = manifest.workload
    if spec is None or not spec.digest:
        return None
    source, rows = spec.source, manifest.facts.rows if manifest.facts else None
    on_disk = Path(source).is_absolute() and ":" not in source
    in_code = {"tags": {"mlflow.source.name": source, "mlflow.source.type": "LOCAL"}}
    dataset = Dataset(
        name=text(manifest.dataset or source)[:500],
        digest=spec.digest[:LONGEST_DIGEST],
        source_type="local" if on_disk else "code",
        source=json.dumps({"uri": source} if on_disk else in_code),
        profile=None if rows is None else json.dumps({"num_rows": rows}),
    )
    tags = {"mlflow.data.context": "training"} | {
        f"advisor.{name}": str(value)[:500]
        for name in ("target", "task", "seed")
        if (value := getattr(spec, name)) is not None
    }
    return DatasetInput(dataset, [InputTag(name, value) for name, value in tags.items()])


def key(name: str) -> str:
    """Return a name that MLflow takes: of letters, digits and `_-. :/`, no path that could be shorter."""
    plain = re.sub(r"[^\w\-. :/]", "_", name)[-LONGEST_KEY:]  # of a long path the end tells most
    shortest = posixpath.normpath(plain) == plain and not plain.startswith(("/", ".."))
    return plain if shortest else plain.replace("/", "_")


def text(value: object) -> str:
    """Return a value as text that MLflow takes."""
    return str(value)[:LONGEST_VALUE]


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, object]:
    """Return nested entries under dotted names; what is None is left out."""
    entries: dict[str, object] = {}
    for name, value in values.items():
        if value is not None:
            nested = isinstance(value, Mapping)
            entries |= flat(value, f"{prefix}{name}.") if nested else {prefix + name: value}
    return entries
