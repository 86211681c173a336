"""Packed weights: those of an exported graph stored in few bits.

- A matrix product becomes `MatMulNBits`, which computes on the packed weights, with activations rounded to 8
  bits.
- A table of embeddings becomes `GatherBlockQuantized`, which unpacks the words that are asked for.
- Everything else is stored packed beside a cast and a product with the steps, which ONNX Runtime folds when
  it loads the file: the file is small, and runs as the 32-bit model does in speed and memory.
  (`DequantizeLinear` is not folded: it ran at every pass, 20 times slower at batch 1 on a 512 x 512 layer.)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from studies.deployment.graph import GraphWeight, at_least, graphs_of, prepend, replace_weight
from studies.weights.grid import rounded

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

OWN_OPERATORS: Final = "com.microsoft"
LEAST_BLOCK: Final = 16
"""Weights of the smallest block that ONNX Runtime's packed products take."""
PACKED_OPSETS: Final = {8: (20, 10), 4: (21, 10), 2: (25, 13)}
"""Bits a weight to the opset and the file format that first know such numbers."""
BITS8_ACTIVATIONS: Final = 4
"""ONNX Runtime's `accuracy_level` for activations rounded to 8 bits: 2 to 40 times faster at batch 1 than
32-bit ones."""


def round_weights(
    proto: ModelProto, weights: list[GraphWeight], bits: Mapping[str, int], block: int
) -> list[str]:
    """Store weights of a graph in so many bits each.

    Returns, in clauses, what was stored in more bits than were asked for.

    Args:
        proto: changed in place.
        weights: those of the graph.
        bits: by name; a weight without an entry stays as it is.
        block: weights that share a step, of a matrix or a table.
    """
    notes = set()
    # its scales mean otherwise from opset 21 on
    group_norm = any(node.op_type == "GroupNormalization" for node in proto.graph.node)
    for weight in weights:
        if weight.name not in bits:
            continue
        weight_bits = bits[weight.name]
        codes, steps = rounded(weight.rows, weight_bits, block)
        container = 4 if weight_bits == 3 else weight_bits
        if container < 8 and group_norm and weight.form not in {"matrix", "table"}:
            container = 8
            notes.add("weights outside matrix products keep 8 bits beside a group norm")
        if not _native(proto, weight, codes, steps, container):
            _fold(proto, weight, codes, steps, container)
    return sorted(notes)


def _native(
    proto: ModelProto, weight: GraphWeight, codes: torch.Tensor, steps: torch.Tensor, bits: int
) -> bool:
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
    replace_weight(
        proto,
        weight.name,
        [numpy_helper.from_array(packed, names[0]), numpy_helper.from_array(scales, names[1])],
    )
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


def _fold(
    proto: ModelProto, weight: GraphWeight, codes: torch.Tensor, steps: torch.Tensor, bits: int
) -> None:
    """Store a weight packed, beside what makes it whole again."""
    from onnx import TensorProto, helper, numpy_helper

    name, columns = weight.name, weight.rows[0].numel()
    tensors = [
        _stored(proto, f"{name}.codes", codes, bits),
        numpy_helper.from_array(steps.numpy(), f"{name}.steps"),
    ]
    nodes: list[NodeProto] = []
    last = f"{name}.codes"

    def add(operator: str, *extra: NDArray[Any], **settings: Any) -> None:
        nonlocal last
        out = f"{name}.{operator.lower()}{len(nodes)}"
        operands = [numpy_helper.from_array(array, f"{out}.{index}") for index, array in enumerate(extra)]
        tensors.extend(operands)
        nodes.append(
            helper.make_node(
                operator, [last, *(tensor.name for tensor in operands)], [out], name=out, **settings
            )
        )
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
    replace_weight(proto, name, tensors)
    prepend(proto, nodes)


def _stored(proto: ModelProto, name: str, codes: torch.Tensor, bits: int) -> Any:
    """Return codes as a tensor of so many bits a number, in a graph that knows such numbers."""
    from onnx import TensorProto, helper

    kind = {8: TensorProto.INT8, 4: TensorProto.INT4, 2: getattr(TensorProto, "INT2", TensorProto.INT4)}[bits]
    bits = 4 if kind == TensorProto.INT4 else bits
    at_least(proto, *PACKED_OPSETS[bits])
    return helper.make_tensor(name, kind, codes.shape, _packed(codes, bits).tobytes(), raw=True)


def _packed(codes: torch.Tensor, bits: int) -> NDArray[np.uint8]:
    """Return whole numbers as bytes, the first one of a byte in its lowest bits."""
    per = 8 // bits
    flat = codes.to(torch.int64).flatten().numpy() & (2**bits - 1)
    flat = np.pad(flat, (0, -len(flat) % per)).reshape(-1, per)
    packed: NDArray[np.uint8] = (flat << (bits * np.arange(per))).sum(axis=1).astype(np.uint8)
    return packed
