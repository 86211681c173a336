"""The weights of an exported graph, and the forms in which they are stored in few bits.

- A matrix product with 4 or 8 bits becomes `MatMulNBits`, which computes on the packed weights, with activations rounded to 8 bits.
- A table of embeddings becomes `GatherBlockQuantized`, which unpacks the words that are asked for.
- Everything else is stored packed beside a cast and a product with the steps, which ONNX Runtime folds when it loads the file:
  the file is small, and runs as the 32-bit model does in speed and memory. (`DequantizeLinear` is not folded: it ran at every
  pass, 20 times slower at batch 1 on a 512 x 512 layer.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from studies.compression.grid import rounded
from studies.compression.subject import CannotCompress

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Form = Literal["matrix", "table", "convolution", "other"]
OWN_OPERATORS: Final = "com.microsoft"
LEAST_BLOCK: Final = 16
"""Weights of the smallest block that ONNX Runtime's packed products take."""
PACKED_OPSETS: Final = {8: (20, 10), 4: (21, 10), 2: (25, 13)}
"""Bits a weight to the opset and the file format that first know such numbers."""
BITS8_ACTIVATIONS: Final = 4
"""ONNX Runtime's `accuracy_level` for activations rounded to 8 bits: 2 to 40 times faster at batch 1 than 32-bit ones."""


@dataclass(frozen=True, kw_only=True, eq=False)
class GraphWeight:
    """A float weight of two or more dimensions among the initializers of a graph."""

    name: str
    array: NDArray[np.float32]
    form: Form
    """What reads it: matrix products, look-ups, convolutions, or anything else or several of these."""
    transposed: bool
    """Whether a matrix stands as (inputs, outputs)."""

    @property
    def rows(self) -> torch.Tensor:
        """Return it with an output, a channel or a word a row."""
        array = self.array.T if self.transposed else self.array
        if self.form == "other" and array.ndim > 2:
            array = array.reshape(-1, array.shape[-1])
        return torch.from_numpy(array.copy())


def graphs_of(graph: GraphProto) -> Iterator[GraphProto]:
    """Yield a graph and the bodies of its loops and branches."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs]:
                if inner.node or inner.initializer:
                    yield from graphs_of(inner)


def weights_in(proto: ModelProto) -> list[GraphWeight]:
    """Return the float weights of two or more dimensions; rows that are only added or multiplied, as biases are, are left out."""
    from onnx import TensorProto, numpy_helper

    readers: dict[str, list[tuple[NodeProto, int]]] = {}
    for graph in graphs_of(proto.graph):
        for node in graph.node:
            for index, name in enumerate(node.input):
                readers.setdefault(name, []).append((node, index))
    found = []
    for tensor in proto.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT and len(tensor.dims) >= 2 and max(tensor.dims) < np.prod(tensor.dims):
            forms = {_form(node, index) for node, index in readers.get(tensor.name, [])}
            form, transposed = forms.pop() if len(forms) == 1 else ("other", False)
            whole = form in {"matrix", "table"} and len(tensor.dims) != 2
            found.append(
                GraphWeight(
                    name=tensor.name, array=numpy_helper.to_array(tensor), form="other" if whole else form,
                    transposed=transposed and not whole,
                )
            )  # fmt: skip
    return found


def _form(node: NodeProto, index: int) -> tuple[Form, bool]:
    """Return what a node reads an input as, and whether as (inputs, outputs)."""
    settings = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type == "MatMul" and index == 1:
        return "matrix", True
    if node.op_type == "Gemm" and index == 1:
        plain = all(settings[name].f == 1.0 for name in ("alpha", "beta") if name in settings)
        if plain and not ("transA" in settings and settings["transA"].i):
            return "matrix", not ("transB" in settings and settings["transB"].i)
    if node.op_type == "Gather" and index == 0 and not ("axis" in settings and settings["axis"].i):
        return "table", False
    return ("convolution", False) if node.op_type in {"Conv", "ConvTranspose"} and index == 1 else ("other", False)


def share_of(proto: ModelProto, weights: list[GraphWeight]) -> float:
    """Return how much of the float numbers of a graph, its inner graphs included, some of its weights hold."""
    from onnx import TensorProto

    held = [
        int(np.prod(tensor.dims))
        for graph in graphs_of(proto.graph)
        for tensor in [*graph.initializer, *(a.t for node in graph.node if node.op_type == "Constant" for a in node.attribute)]
        if tensor.data_type == TensorProto.FLOAT
    ]
    return sum(weight.array.size for weight in weights) / sum(held) if sum(held) else 0.0


def treatable(proto: ModelProto) -> list[GraphWeight]:
    """Return the weights of a graph.

    Raises:
        CannotCompress: they are less than half of what it holds.
    """
    weights = weights_in(proto)
    if (share := share_of(proto, weights)) < 0.5:
        raise CannotCompress(f"weights of two or more dimensions, which can be rounded, are only {share:.0%} of its numbers")
    return weights


def narrowed(proto: ModelProto, kind: Literal["FLOAT16", "BFLOAT16"]) -> None:
    """Store the weights of a graph in 16 bits, each beside a cast back to 32 that ONNX Runtime folds when it loads the file."""
    import ml_dtypes
    from onnx import TensorProto, helper

    to: Any = np.float16 if kind == "FLOAT16" else ml_dtypes.bfloat16
    casts = []
    for weight in treatable(proto):
        with np.errstate(over="ignore"):
            small = weight.array.astype(to)
        if not np.isfinite(small.astype(np.float32)).all():
            raise CannotCompress(f"a weight of {np.abs(weight.array).max():.3g} lies beyond {np.dtype(to).name}; take bfloat16")
        stored = helper.make_tensor(
            f"{weight.name}.stored", getattr(TensorProto, kind), weight.array.shape, small.tobytes(), raw=True
        )  # fmt: skip
        _replace(proto, weight.name, [stored])
        casts.append(helper.make_node("Cast", [stored.name], [weight.name], name=f"{weight.name}.cast", to=TensorProto.FLOAT))
    _prepend(proto, casts)


def round_weights(proto: ModelProto, weights: list[GraphWeight], bits: Mapping[str, int], block: int) -> list[str]:
    """Store weights of a graph in so many bits each; return what was stored in more than was asked for, in clauses.

    Args:
        proto: changed in place.
        weights: those of the graph.
        bits: by name; a weight without an entry stays as it is.
        block: weights that share a step, of a matrix or a table.
    """
    notes = set()
    changed = any(node.op_type == "GroupNormalization" for node in proto.graph.node)  # its scales mean otherwise from 21 on
    for weight in weights:
        if weight.name not in bits:
            continue
        wanted = bits[weight.name]
        codes, steps = rounded(weight.rows, wanted, block)
        container = 4 if wanted == 3 else wanted
        if container < 8 and changed and weight.form not in {"matrix", "table"}:
            container = 8
            notes.add("weights outside matrix products keep 8 bits beside a group norm")
        if not _native(proto, weight, codes, steps, container):
            _fold(proto, weight, codes, steps, container)
    return sorted(notes)


def _native(proto: ModelProto, weight: GraphWeight, codes: torch.Tensor, steps: torch.Tensor, bits: int) -> bool:
    """Store a weight for the operators that compute on packed ones; return whether there is one."""
    from onnx import numpy_helper

    size = codes.shape[-1]
    padded = max(LEAST_BLOCK, 1 << (size - 1).bit_length())
    matrix = weight.form == "matrix" and (padded == size or codes.shape[1] == 1)
    table = weight.form == "table" and padded == size and weight.rows.shape[1] % size == 0
    if not (matrix or table):
        return False
    codes = torch.nn.functional.pad(codes, (0, padded - size))
    shape = codes.shape[:1] if weight.form == "table" else codes.shape[:2]
    packed = _packed(codes + 2 ** (bits - 1), bits).reshape(*shape, -1)
    scales = steps.squeeze(-1).numpy()
    names = [f"{weight.name}.codes", f"{weight.name}.steps"]
    _replace(proto, weight.name, [numpy_helper.from_array(packed, names[0]), numpy_helper.from_array(scales, names[1])])
    for graph in graphs_of(proto.graph):
        for node in graph.node:
            if weight.name in node.input:
                _compute_packed(node, weight, names, {"bits": bits, "block_size": padded})
    if not any(opset.domain == OWN_OPERATORS for opset in proto.opset_import):
        proto.opset_import.add(domain=OWN_OPERATORS, version=1)
    return True


def _compute_packed(node: NodeProto, weight: GraphWeight, names: list[str], settings: dict[str, Any]) -> None:
    """Let a node read packed weights."""
    from onnx import helper

    if node.op_type == "Gather":
        kind, inputs = "GatherBlockQuantized", [names[0], node.input[1], names[1]]
        settings = settings | {"gather_axis": 0, "quantize_axis": 1}
    else:
        outputs, columns = weight.rows.shape
        bias = ["", "", *node.input[2:]] if len(node.input) > 2 and node.input[2] else []
        kind, inputs = "MatMulNBits", [node.input[0], *names, *bias]
        settings = settings | {"K": columns, "N": outputs, "accuracy_level": BITS8_ACTIVATIONS}
    made = helper.make_node(kind, inputs, list(node.output), name=node.name, domain=OWN_OPERATORS, **settings)
    node.CopyFrom(made)


def _fold(proto: ModelProto, weight: GraphWeight, codes: torch.Tensor, steps: torch.Tensor, bits: int) -> None:
    """Store a weight packed, beside what makes it whole again."""
    from onnx import TensorProto, helper, numpy_helper

    kind = {8: TensorProto.INT8, 4: TensorProto.INT4, 2: getattr(TensorProto, "INT2", TensorProto.INT4)}[bits]
    bits = 4 if kind == TensorProto.INT4 else bits
    _at_least(proto, *PACKED_OPSETS[bits])
    name, columns = weight.name, weight.rows[0].numel()
    tensors = [
        helper.make_tensor(f"{name}.codes", kind, codes.shape, _packed(codes, bits).tobytes(), raw=True),
        numpy_helper.from_array(steps.numpy(), f"{name}.steps"),
    ]
    nodes: list[NodeProto] = []
    last = f"{name}.codes"

    def add(operator: str, *extra: NDArray[Any], **settings: Any) -> None:
        nonlocal last
        out = f"{name}.{operator.lower()}{len(nodes)}"
        given = [numpy_helper.from_array(array, f"{out}.{index}") for index, array in enumerate(extra)]
        tensors.extend(given)
        nodes.append(helper.make_node(operator, [last, *(tensor.name for tensor in given)], [out], name=out, **settings))
        last = out

    add("Cast", to=TensorProto.FLOAT)
    nodes.append(helper.make_node("Mul", [last, f"{name}.steps"], [f"{name}.whole"], name=f"{name}.mul"))
    last = f"{name}.whole"
    add("Reshape", np.array([len(codes), -1]))
    if codes.shape[1] * codes.shape[2] != columns:
        add("Slice", np.array([0]), np.array([columns]), np.array([1]))
    if weight.transposed:
        add("Transpose", perm=[1, 0])
    add("Reshape", np.array(weight.array.shape))
    nodes[-1].output[0] = name
    _replace(proto, name, tensors)
    _prepend(proto, nodes)


def _packed(codes: torch.Tensor, bits: int) -> NDArray[np.uint8]:
    """Return whole numbers as bytes, the first one of a byte in its lowest bits."""
    per = 8 // bits
    flat = codes.to(torch.int64).flatten().numpy() & (2**bits - 1)
    flat = np.pad(flat, (0, -len(flat) % per)).reshape(-1, per)
    packed: NDArray[np.uint8] = (flat << (bits * np.arange(per))).sum(axis=1).astype(np.uint8)
    return packed


def _replace(proto: ModelProto, name: str, tensors: list[Any]) -> None:
    """Put tensors in the place of an initializer."""
    index = next(i for i, tensor in enumerate(proto.graph.initializer) if tensor.name == name)
    del proto.graph.initializer[index]
    proto.graph.initializer.extend(tensors)
    inputs = [i for i, value in enumerate(proto.graph.input) if value.name == name]  # files of old list initializers there too
    for i in inputs:
        del proto.graph.input[i]


def _prepend(proto: ModelProto, nodes: list[NodeProto]) -> None:
    """Put nodes before all others."""
    kept = list(proto.graph.node)
    del proto.graph.node[:]
    proto.graph.node.extend([*nodes, *kept])


def _at_least(proto: ModelProto, opset: int, ir_version: int) -> None:
    """Raise the version of a graph: from 20 to 25 operators got more types, and group norm another meaning."""
    for version in proto.opset_import:
        if not version.domain:
            version.version = max(version.version, opset)
    proto.ir_version = max(proto.ir_version, ir_version)
