"""Pairs: inputs and targets of a part or a batch, brought to arrays, frames or sparse rows, and joined."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from studies.datasets.files.mapped import mapped_array
from studies.datasets.files.plain_arrays import plain_array
from studies.errors import BadWorkload
from studies.rows.items import TARGETS, pair_of_item
from studies.rows.nested import NestedRows, joined_nests, map_leaves, nested

Pair = tuple[Any, Any]


class ReadPair(NamedTuple):
    """Inputs and targets that are arrays already."""

    inputs: Any
    targets: Any


def pair_of(source: Any) -> Pair:
    """Return the inputs and targets of one part, as arrays, frames or sparse rows.

    Raises:
        BadWorkload: a form that is not understood.
    """
    import pandas as pd

    if isinstance(source, ReadPair):
        return source.inputs, source.targets
    if isinstance(source, tuple | list) and len(source) == 2:
        return _plain(source[0], rows=_rows(source[1])), _plain_targets(source[1])
    if isinstance(source, pd.DataFrame):
        return _apart(source)
    if hasattr(source, "column_names") and hasattr(source, "to_pandas"):
        return _apart(_with_labels(source))
    raise BadWorkload(
        f"{type(source).__name__} is not data to train on; "
        "give (inputs, targets), a DataFrame, a torch Dataset or a DataLoader"
    )


def pair_of_batch(batch: Any) -> Pair:
    """Return the inputs and targets of a batch of a torch DataLoader, in the same forms."""
    inputs, targets = pair_of_item(batch)
    return _plain(inputs), _plain_targets(targets)


def is_own_target(source: Any) -> bool:
    """Tell whether the inputs are handed over as their own targets, as an autoencoder has them."""
    return isinstance(source, tuple | list) and len(source) == 2 and source[0] is source[1]


def _rows(targets: Any) -> int | None:
    return len(targets) if hasattr(targets, "__len__") and not nested(targets) else None


def _plain(values: Any, rows: int | None = None) -> Any:
    import pandas as pd
    from scipy import sparse

    if nested(values, rows):
        return map_leaves(NestedRows(values), _plain)
    if isinstance(values, pd.DataFrame):
        return values
    if isinstance(values, pd.Series):
        return values.to_frame(values.name if values.name is not None else "x0")
    if sparse.issparse(values):
        return sparse.csr_matrix(values)
    if hasattr(values, "detach"):
        return _from_tensor(values)
    try:
        return values if mapped_array(values) else plain_array(values)
    except BadWorkload:
        raise
    except ValueError:
        raise BadWorkload("the rows of the inputs have different lengths; pad them to one length") from None


def _plain_targets(values: Any) -> Any:
    import pandas as pd

    if values is None:
        return None
    if isinstance(values, pd.Series):
        return values
    if isinstance(values, pd.DataFrame):
        return values.iloc[:, 0] if values.shape[1] == 1 else values.to_numpy()
    return _plain(values)


def _from_tensor(tensor: Any) -> NDArray[Any]:
    plain = tensor.detach().cpu()
    if str(plain.layout) != "torch.strided":
        plain = plain.to_dense()
    return cast("NDArray[Any]", (plain.float() if str(plain.dtype) == "torch.bfloat16" else plain).numpy())


def _apart(frame: Any) -> Pair:
    named = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    target = next((name for name in TARGETS if name in named.columns), None)
    if target is None:
        listed = ", ".join(named.columns[:20])
        raise BadWorkload(
            f"no column is called {' or '.join(TARGETS)}, only {listed}; give (frame[columns], frame[target])"
        )
    return named.drop(columns=target), named[target]


def _with_labels(source: Any) -> Any:
    """Return a Hugging Face dataset as a frame, the codes of its class labels in words."""
    frame = source.to_pandas()
    for column, feature in (getattr(source, "features", None) or {}).items():
        if names := getattr(feature, "names", None):
            # a code below 0 is Hugging Face's mark of a row without a label
            frame[column] = [names[code] if code >= 0 else None for code in frame[column]]
    return frame


def joined_pairs(pairs: list[Pair]) -> Pair:
    """Stack pairs below each other."""
    inputs = joined([inputs for inputs, _ in pairs], "inputs")
    return inputs, joined_targets([targets for _, targets in pairs])


def joined_targets(blocks: list[Any]) -> Any:
    """Stack targets below each other; None where there are none.

    Raises:
        BadWorkload: some parts have targets and others have none.
    """
    if all(block is None for block in blocks):
        return None
    if any(block is None for block in blocks):
        raise BadWorkload("some parts have targets and others have none; give all of them the same")
    return joined(blocks, "targets")


def joined(blocks: list[Any], what: str) -> Any:
    """Stack rows of one form below each other.

    Raises:
        BadWorkload: rows of different shapes, or with different columns.
    """
    import pandas as pd
    from scipy import sparse

    if len(blocks) == 1:
        return blocks[0]
    if all(isinstance(block, NestedRows) for block in blocks):
        return joined_nests(blocks, lambda leaves: joined(leaves, what))
    if all(isinstance(block, pd.DataFrame) for block in blocks):
        if any(set(block.columns) != set(blocks[0].columns) for block in blocks):
            raise BadWorkload(f"the parts have different columns of {what}; give them the same")
        return pd.concat(blocks, ignore_index=True)
    if any(isinstance(block, pd.Series) for block in blocks):
        return pd.concat([pd.Series(np.ravel(block)) for block in blocks], ignore_index=True).rename(
            blocks[0].name
        )
    if len({block.shape[1:] for block in blocks}) > 1:
        shapes = " and ".join(sorted({str(block.shape[1:]) for block in blocks}))
        raise BadWorkload(f"the {what} have rows of the shapes {shapes}; give them all the same")
    if all(sparse.issparse(block) for block in blocks):
        return sparse.csr_matrix(sparse.vstack(blocks))
    return np.concatenate([np.asarray(block) for block in blocks])
