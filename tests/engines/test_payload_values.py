"""Arrays, tensors and errors of payloads: any type and shape comes back, what cannot is said in a line."""

from __future__ import annotations

import functools
import os
import re
import socket
import sqlite3
import stat
import sys
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from optuna.distributions import FloatDistribution

from studies.engines.payload import CannotTravel, dumps, loads, read_payload, write_payload
from studies.errors import BadWorkload, StoreError
from studies.imports import forget, load, refer
from studies.training_function.settings import settings as settings_of

TYPES = (
    arrays.integer_dtypes()
    | arrays.unsigned_integer_dtypes()
    | arrays.floating_dtypes()
    | arrays.complex_number_dtypes()
    | arrays.boolean_dtypes()
    | arrays.datetime64_dtypes(endianness="<")
    | arrays.timedelta64_dtypes(endianness="<")
    | arrays.unicode_string_dtypes(max_len=5)
    | arrays.byte_string_dtypes(max_len=5)
    | arrays.array_dtypes(arrays.integer_dtypes() | arrays.floating_dtypes())
)
TENSOR_TYPES = (
    torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.uint8, torch.int16,
    torch.int32, torch.int64, torch.bool, torch.complex64, torch.float8_e4m3fn, torch.uint16,
)  # fmt: skip
LARGE = 20_000
"""Numbers that no pickle keeps in its stream."""
SHAPES = ((), (0,), (0, 3), (7,), (3, 5), (LARGE,), (LARGE, 2))


@pytest.fixture(scope="module")
def there_and_back(tmp_path_factory):
    path = tmp_path_factory.mktemp("payloads") / "value.payload"

    def travel(value):
        write_payload(path, value)
        return read_payload(path)

    return travel


def bits(array):
    native = array.astype(array.dtype.newbyteorder("="))  # which numpy makes of some
    return native.dtype, array.shape, native.tobytes()


@settings(max_examples=150)
@given(st.data())
def test_an_array_of_any_type_shape_and_order_comes_back(there_and_back, data):
    dtype = data.draw(TYPES)
    small = data.draw(arrays.arrays(dtype, arrays.array_shapes(min_dims=0, min_side=0, max_side=4)))
    if data.draw(st.booleans()) and small.size:
        small = np.resize(small, (LARGE, *small.shape[1:]))
    array = data.draw(
        st.sampled_from([small, small.T, small[::-1] if small.ndim else small, np.asfortranarray(small)])
    )
    array.flags.writeable = data.draw(st.booleans())
    back = there_and_back(array)
    assert bits(back) == bits(array)
    assert back.flags.writeable or not array.flags.writeable


@settings(max_examples=150)
@given(
    st.sampled_from(TENSOR_TYPES),
    st.sampled_from(SHAPES),
    st.booleans(),
)
def test_a_tensor_of_any_type_shape_and_stride_comes_back(there_and_back, dtype, shape, turned):
    bytes_ = torch.randint(0, 2, (int(np.prod(shape)) * dtype.itemsize,), dtype=torch.uint8)
    tensor = bytes_.view(dtype).reshape(shape) if bytes_.numel() else torch.empty(shape, dtype=dtype)
    tensor = tensor.t() if turned and tensor.dim() == 2 else tensor
    back = there_and_back(tensor)
    assert (back.dtype, back.shape, back.stride()) == (dtype, tensor.shape, tensor.stride())
    assert bytes_of(back) == bytes_of(tensor)


def bytes_of(tensor):
    whole = tensor.clone(memory_format=torch.contiguous_format).reshape(-1)
    return whole.view(torch.uint8).numpy().tobytes()


def test_tensors_that_share_memory_share_it_there(there_and_back):
    whole = torch.arange(float(LARGE))
    first, second = there_and_back((whole, whole[10:20]))
    first[10] = -1
    assert second[0] == -1
    layer = torch.nn.Linear(200, 200)
    tied = torch.nn.ModuleList([layer, torch.nn.Linear(200, 200)])
    tied[1].weight = layer.weight
    back = there_and_back(tied)
    assert back[0].weight is back[1].weight
    assert isinstance(back[0].weight, torch.nn.Parameter)


@pytest.mark.filterwarnings("ignore")
def test_tensors_of_other_layouts_come_back(there_and_back):
    dense = torch.randn(300, 300).relu()
    whole = torch.quantize_per_tensor(dense, 0.1, 0, torch.quint8)
    computed = torch.nn.Parameter(dense) * 2
    sparse, rows, quantized, product = there_and_back(
        (dense.to_sparse(), dense.to_sparse_csr(), whole, computed)
    )
    assert torch.equal(sparse.to_dense(), dense)
    assert torch.equal(rows.to_dense(), dense)
    assert torch.equal(quantized.dequantize(), whole.dequantize())
    assert torch.equal(product, computed)


def test_what_a_reader_changes_stays_its_own(tmp_path):
    path = tmp_path / "rows.payload"
    write_payload(path, (np.zeros(LARGE), torch.zeros(LARGE)))
    before = path.read_bytes()
    array, tensor = read_payload(path)
    array += 1
    tensor += 1
    assert all(part.sum() == 0 for part in read_payload(path))
    assert path.read_bytes() == before


def test_a_payload_is_for_its_owner_alone_and_takes_the_place_of_another(tmp_path):
    path = tmp_path / "rows.payload"
    path.write_text("another")
    path.chmod(0o644)
    write_payload(path, 1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_payload(path) == 1


def test_a_mapped_array_stays_in_its_file(tmp_path, there_and_back):
    numbers = np.arange(60_000.0).reshape(-1, 6)
    np.save(tmp_path / "rows.npy", numbers)
    rows = np.load(tmp_path / "rows.npy", mmap_mode="r")
    views = (rows, rows[1::2, ::-1], np.moveaxis(rows, 1, 0), rows[:0])
    path = tmp_path / "rows.payload"
    write_payload(path, ())
    surroundings_bytes = path.stat().st_size  # with the source of what other tests have imported
    write_payload(path, views)
    assert path.stat().st_size - surroundings_bytes < numbers.nbytes / 2
    for back, view in zip(read_payload(path), views, strict=True):
        assert np.array_equal(back, view)
    assert isinstance(read_payload(path)[1], np.memmap)
    changed = np.load(tmp_path / "rows.npy", mmap_mode="c")
    changed[0] = -1
    assert np.array_equal(there_and_back(changed), changed)


def test_settings_made_of_a_space_keep_their_class(there_and_back):
    chosen = settings_of({"width": FloatDistribution(1.0, 2.0)})
    assert there_and_back(chosen) == loads(dumps(chosen)) == chosen
    assert there_and_back(type(chosen)) is type(chosen)


def test_what_code_referred_to_by_name_is_found_by_it(there_and_back):
    def fit(recipe, report, seed):
        return base

    base = np.arange(LARGE)
    name = refer(fit)
    back = there_and_back({"model": name, "rows": base})
    assert load(name)(None, None, 0) is back["rows"]
    forget(load(name))


class Rows:
    def __init__(self, rows):
        self.rows = rows


def in_closure(value):
    def fit(recipe, report, seed):
        return value

    return fit


OPEN = {
    "variable 'value' of the function in_closure.<locals>.fit is an open socket": lambda keep: in_closure(
        keep(socket.socket())
    ),
    "variable 'value' of the function in_closure.<locals>.fit is a lock": lambda keep: {
        "fit": in_closure(threading.Lock())
    },
    "attribute 'rows' of an object of Rows is a generator": lambda keep: [Rows(row for row in range(3))],
    "attribute 'rows' of an object of Rows is an open connection": lambda keep: functools.partial(
        print, Rows(keep(sqlite3.connect(":memory:")))
    ),
    "entry 'log' of a dict is an open file": lambda keep: Rows(
        {"log": keep(Path(os.devnull).open("w"))}  # noqa: SIM115 - closed by the test
    ),
    "attribute 'rows' of an object of Rows is an object of Refusing (ValueError: not me)": lambda keep: Rows(
        Refusing()
    ),
}


class Refusing:
    def __reduce__(self):
        raise ValueError("not me")


@pytest.mark.parametrize("said", OPEN)
def test_what_only_this_process_has_is_named_in_a_line_with_its_place(said, tmp_path):
    with ExitStack() as stack, pytest.raises(CannotTravel, match=re.escape(said)) as refusal:
        write_payload(tmp_path / "value.payload", OPEN[said](lambda part: stack.enter_context(closing(part))))
    assert str(refusal.value).isprintable()
    assert not list(tmp_path.iterdir())


def test_a_loop_of_objects_is_no_endless_search_for_the_reason(tmp_path):
    rows = Rows(threading.Lock())
    rows.itself = rows
    with pytest.raises(CannotTravel, match="a lock"):
        write_payload(tmp_path / "value.payload", [rows])


def test_a_file_that_cannot_be_written_or_read_is_said(tmp_path):
    with pytest.raises(StoreError, match=r"cannot write .*No such file"):
        write_payload(tmp_path / "none" / "value.payload", 1)
    with pytest.raises(StoreError, match=r"cannot read .*No such file"):
        read_payload(tmp_path / "value.payload")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of a file's size")
def test_a_disk_that_is_full_leaves_no_part_of_a_payload(tmp_path):
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 * LARGE // 2, before[1]))
    try:
        with pytest.raises(StoreError, match=r"cannot write .*File too large"):
            write_payload(tmp_path / "value.payload", np.zeros(LARGE))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


class Changing:
    def __reduce__(self):
        return _fails, ()


def _fails():
    raise ValueError("not here")


def test_what_cannot_be_read_there_is_said(tmp_path):
    write_payload(tmp_path / "value.payload", Changing())
    with pytest.raises(BadWorkload, match="not here"):
        read_payload(tmp_path / "value.payload")
