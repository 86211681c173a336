"""Signature of a registered bundle: the columns that it takes by name, and what it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from studies.bundle.outlet import LOGITS, SCORES
from studies.bundle.predictions import PREDICTION, chance
from studies.bundle.served import optional_columns
from studies.data.columns.table_encoder import TableEncoder

if TYPE_CHECKING:
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    from studies.bundle.about import About
    from studies.bundle.bundle import Bundle


def signature_of(bundle: Bundle) -> ModelSignature:
    """Return the signature of a bundle.

    A column of a table may hold what its file may: numbers, text that says numbers, nothing. MLflow would
    refuse whole numbers where others were seen, so that only names are held against it.
    """
    from mlflow.models import ModelSignature

    return ModelSignature(inputs=_inputs(bundle), outputs=_outputs(bundle.about))


def _inputs(bundle: Bundle) -> Schema:
    from mlflow.types.schema import AnyType, ColSpec, Schema, TensorSpec

    encoder, about = bundle.members[0].encoder, bundle.about
    if isinstance(encoder, TableEncoder):
        used = [column.name for column in encoder.columns if column.names]
        optional = optional_columns(about)
        anything = AnyType()  # type: ignore[no-untyped-call]
        return Schema([ColSpec(anything, name, required=name not in optional) for name in used])
    kind = np.dtype(np.int64 if about.kind == "text" else np.float32)
    return Schema([TensorSpec(kind, (-1, *about.input_shape))])


def _outputs(about: About) -> Schema | None:
    from mlflow.types.schema import ColSpec, DataType, Schema

    if about.gives in {LOGITS, SCORES}:
        chances = tuple(map(chance, about.classes)) if about.gives == LOGITS else ()
        columns: list[ColSpec] = [ColSpec(DataType.string, PREDICTION)]
        return Schema([*columns, *(ColSpec(DataType.double, name) for name in chances)])
    return Schema([ColSpec(DataType.double, PREDICTION)]) if about.outputs == 1 else None
