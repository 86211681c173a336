"""Graph weights: the weights of an exported graph, what reads them, and the graph rewritten around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from studies.infeasible import CannotCompress

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

Form = Literal["matrix", "table", "convolution", "recurrent", "other"]


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
        if self.form != "convolution" and array.ndim > 2:
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
    """Return the float weights of two or more dimensions.

    Rows that are only added or multiplied, as biases are, are left out.
    """
    from onnx import TensorProto, numpy_helper

    readers: dict[str, list[tuple[NodeProto, int]]] = {}
    for graph in graphs_of(proto.graph):
        for node in graph.node:
            for index, name in enumerate(node.input):
                readers.setdefault(name, []).append((node, index))
    weights = []
    for tensor in proto.graph.initializer:
        if (
            tensor.data_type == TensorProto.FLOAT
            and len(tensor.dims) >= 2
            and max(tensor.dims) < np.prod(tensor.dims)
        ):
            forms = {_form(node, index) for node, index in readers.get(tensor.name, [])}
            form, transposed = forms.pop() if len(forms) == 1 else ("other", False)
            whole = form in {"matrix", "table"} and len(tensor.dims) != 2
            weights.append(
                GraphWeight(
                    name=tensor.name,
                    array=numpy_helper.to_array(tensor),
                    form="other" if whole else form,
                    transposed=transposed and not whole,
                )
            )
    return weights


def readers_of_tied_tables(proto: ModelProto) -> list[str]:
    """Return the names of all nodes that read a table of look-ups which other nodes multiply with."""
    readers: dict[str, list[NodeProto]] = {}
    for node in proto.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    names = {tensor.name for tensor in proto.graph.initializer if len(tensor.dims) >= 2}
    return [
        node.name
        for name in sorted(names)
        if len({reader.op_type == "Gather" for reader in readers.get(name, [])}) == 2
        for node in readers[name]
    ]


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
    if node.op_type in {"Conv", "ConvTranspose"} and index == 1:
        return "convolution", False
    return ("recurrent" if node.op_type == "LSTM" and index in {1, 2} else "other"), False


def share_of(proto: ModelProto, weights: list[GraphWeight]) -> float:
    """Return the share of a graph's float numbers, its inner graphs included, that is in these weights."""
    from onnx import TensorProto

    sizes = [
        int(np.prod(tensor.dims))
        for graph in graphs_of(proto.graph)
        for tensor in [
            *graph.initializer,
            *(a.t for node in graph.node if node.op_type == "Constant" for a in node.attribute),
        ]
        if tensor.data_type == TensorProto.FLOAT
    ]
    return sum(weight.array.size for weight in weights) / sum(sizes) if sum(sizes) else 0.0


def treatable(proto: ModelProto, *forms: Form) -> list[GraphWeight]:
    """Return the weights of a graph, those of these forms when any are named.

    Raises:
        CannotCompress: they are less than half of what it holds.
    """
    weights = [weight for weight in weights_in(proto) if not forms or weight.form in forms]
    if (share := share_of(proto, weights)) < 0.5:
        raise CannotCompress(
            f"only {100 * share:.0f} % of its numbers are in weights that this quantization can treat"
        )
    return weights


def as_products(proto: ModelProto) -> None:
    """Write every plain `Gemm` as a product and a sum.

    ONNX Runtime's dynamic quantizer does so itself, but turns a weight that two of them share twice, and so
    leaves it wrong.
    """
    from onnx import helper, numpy_helper

    initializers = {tensor.name: tensor for tensor in proto.graph.initializer}
    products: dict[str, Any] = {}
    nodes = []
    for node in proto.graph.node:
        form, transposed = _form(node, 1)
        if node.op_type != "Gemm" or form != "matrix" or node.input[1] not in initializers:
            nodes.append(node)
            continue
        name = node.input[1]
        array = numpy_helper.to_array(initializers[name])
        product = f"{name}.product"
        products[product] = numpy_helper.from_array(
            np.ascontiguousarray(array if transposed else array.T), product
        )
        biased = len(node.input) > 2 and bool(node.input[2])
        inner = f"{node.output[0]}.product" if biased else node.output[0]
        nodes.append(
            helper.make_node("MatMul", [node.input[0], product], [inner], name=f"{node.name}.product")
        )
        if biased:
            nodes.append(
                helper.make_node("Add", [inner, node.input[2]], list(node.output), name=f"{node.name}.bias")
            )
    nodes = [_copy(node) for node in nodes]
    del proto.graph.node[:]
    proto.graph.node.extend(nodes)
    read = {name for graph in graphs_of(proto.graph) for node in graph.node for name in node.input}
    tensors = [
        _copy(tensor) for tensor in [*proto.graph.initializer, *products.values()] if tensor.name in read
    ]
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(tensors)


def _copy(part: Any) -> Any:
    """Return a message of one's own: those of a list do not outlive it."""
    copy = type(part)()
    copy.CopyFrom(part)
    return copy


def narrowed(proto: ModelProto, kind: Literal["FLOAT16", "BFLOAT16"]) -> None:
    """Store the weights of a graph in 16 bits.

    Each stands beside a cast back to 32 bits, which ONNX Runtime folds when it loads the file.
    """
    import ml_dtypes
    from onnx import TensorProto, helper

    to: Any = np.float16 if kind == "FLOAT16" else ml_dtypes.bfloat16
    casts = []
    for weight in treatable(proto):
        with np.errstate(over="ignore"):
            small = weight.array.astype(to)
        if not np.isfinite(small.astype(np.float32)).all():
            raise CannotCompress(
                f"a weight of {np.abs(weight.array).max():.3g} lies beyond {np.dtype(to).name}; take bfloat16"
            )
        stored = helper.make_tensor(
            f"{weight.name}.stored", getattr(TensorProto, kind), weight.array.shape, small.tobytes(), raw=True
        )
        replace_weight(proto, weight.name, [stored])
        casts.append(
            helper.make_node(
                "Cast", [stored.name], [weight.name], name=f"{weight.name}.cast", to=TensorProto.FLOAT
            )
        )
    prepend(proto, casts)


def replace_weight(proto: ModelProto, name: str, tensors: list[Any]) -> None:
    """Put tensors in the place of an initializer."""
    index = next(i for i, tensor in enumerate(proto.graph.initializer) if tensor.name == name)
    del proto.graph.initializer[index]
    proto.graph.initializer.extend(tensors)
    # files of old list initializers there too
    inputs = [i for i, value in enumerate(proto.graph.input) if value.name == name]
    for i in inputs:
        del proto.graph.input[i]


def prepend(proto: ModelProto, nodes: list[NodeProto]) -> None:
    """Put nodes before all others."""
    others = [_copy(node) for node in proto.graph.node]
    del proto.graph.node[:]
    proto.graph.node.extend([*nodes, *others])


def at_least(proto: ModelProto, opset: int, ir_version: int) -> None:
    """Raise the version of a graph to at least this one.

    From 20 to 25 operators got more types, and group norm another meaning.
    """
    for version in proto.opset_import:
        if not version.domain:
            version.version = max(version.version, opset)
    proto.ir_version = max(proto.ir_version, ir_version)
