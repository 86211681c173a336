"""Static int8 quantization: 8-bit integers throughout, with activation ranges from training rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np

from studies.quantization import QuantizationChoice

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import ModelProto

    from studies.deployment.export import Exported

WHOLE_SUMS: Final = ("avx512_vnni", "avx_vnni", "avx_vnni_int8", "amx_int8")
"""Of an x86 processor that adds products of 8 bits into 32 bits; others add pairs into 16 bits, where large
ones saturate."""


@dataclass(frozen=True, kw_only=True)
class StaticInt8(QuantizationChoice):
    """Weights and activations in 8-bit integers, with activation ranges measured on training rows.

    Helps: convolutional nets, the only way here that makes them faster as well as smaller: with VNNI, at
    batch 64, a ResNet of 78 thousand weights 1.5 times at 3.2 times fewer bytes, an MLP of 236 thousand 3.3
    times at 3.7.
    Hurts: activations with rare outliers, which stretch the range; batch 1 of small nets, no faster; on x86
    without VNNI convolutions get 7-bit weights, since products of 8 bits saturate there and cost up to 2
    points.
    Source: Jacob et al. 2018, arXiv 1712.05877; Nagel et al. 2021, arXiv 2106.08295.
    """

    integer: ClassVar[bool] = True
    usual: ClassVar[bool] = True

    def quantize(self, exported: Exported) -> ModelProto:
        """Return the graph with integer products, convolutions and what lies between."""
        from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

        from studies.deployment.export import written
        from studies.deployment.graph import readers_of_tied_tables, treatable

        weights = treatable(exported.proto, "matrix", "table", "convolution")
        # beside attention only what reads weights: masks of minus infinity leave a sum's range no resolution
        attends = any(node.op_type == "Softmax" for node in exported.proto.graph.node)
        names = {weight.name for weight in weights}
        readers = [
            node.name for node in exported.proto.graph.node if attends and names.intersection(node.input)
        ]
        # look-ups and products want the steps of one weight along different sides of it
        tied = readers_of_tied_tables(exported.proto)
        narrow = saturates() and any(weight.form == "convolution" for weight in weights)
        if narrow:
            exported.notes.append("weights have 7 bits, since products of 8 bits saturate on this processor")
        return written(
            lambda path: quantize_static(
                exported.copy(),
                path,
                _Rows(exported.proto.graph.input[0].name, exported.rows),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                reduce_range=narrow,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                nodes_to_quantize=readers or None,
                nodes_to_exclude=tied or None,
            )
        )


def saturates() -> bool:
    """Tell whether sums of 8-bit products can overflow on this processor."""
    import torch

    able = torch.cpu.get_capabilities()
    return able.get("architecture") == "x86_64" and not any(able.get(name) for name in WHOLE_SUMS)


class _Rows:
    """Calibration rows, a batch at a time, as ONNX Runtime asks for them."""

    def __init__(self, name: str, rows: NDArray[Any]) -> None:
        self._batches = iter({name: part} for part in np.array_split(rows, max(1, len(rows) // 64)))

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """Return the next batch; None after the last one."""
        return next(self._batches, None)
