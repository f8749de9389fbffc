import json
import socket
import struct
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

import tms_lib
from autograder.wire import (
    ARGUMENTS,
    MAX_HEADER,
    MAX_PAYLOAD,
    PLAIN,
    ClosedError,
    LateError,
    Reader,
    WireError,
    Writer,
    receive,
    send,
)


def there_and_back(value, tags=ARGUMENTS):
    writer = Writer()
    encoded = json.loads(json.dumps(writer.value(value)))
    reader = Reader(b"".join(writer.payload), tags)
    result = reader.value(encoded)
    reader.end()
    return result


scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text()
values = st.recursive(
    scalars | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 9), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(values)
def test_plain_data_crosses_unchanged(value):
    result = there_and_back(value)
    assert result == value
    assert repr(result) == repr(value)  # 1 is 1.0 and True, and -0.0 is 0.0


@pytest.mark.parametrize(
    "tensor",
    [
        torch.tensor([[1.5, float("nan")], [float("-inf"), -0.0]]),
        torch.arange(6, dtype=torch.float64).reshape(2, 3).T,
        torch.tensor([True, False]),
        torch.tensor(7),
        torch.empty(0, 3),
        torch.ones(2, dtype=torch.bfloat16),
        torch.tensor([1 + 2j]).conj(),
        torch.ones(1).expand(3, 2),
    ],
)
def test_tensors_cross_unchanged(tensor):
    assert_close(there_and_back(tensor), tensor, rtol=0, atol=0, equal_nan=True)


def test_several_tensors_keep_their_order():
    a, b = there_and_back((torch.zeros(2), torch.ones(3, dtype=torch.int32)))
    assert_close(a, torch.zeros(2))
    assert_close(b, torch.ones(3, dtype=torch.int32))


def test_a_generator_goes_on_where_it_stands():
    generator = torch.Generator().manual_seed(3)
    torch.rand(5, generator=generator)
    far = there_and_back(generator)
    assert_close(torch.rand(4, generator=far), torch.rand(4, generator=generator))


@pytest.mark.parametrize("value", [object(), {1, 2}, torch.zeros(1).to_sparse(), 1j, b"bytes"])
def test_other_things_do_not_cross(value):
    with pytest.raises((WireError, NotImplementedError, RuntimeError)):
        Writer().value(value)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"tuple": [value]}
    return value


@pytest.mark.parametrize(
    "encoded",
    [
        [1],
        {},
        {"tuple": [], "dict": []},
        {"tuple": 3},
        {"pickle": "gASV"},
        {"generator": 4},  # nothing that an answer may hold
        {"list": []},
        {"dict": [["a"]]},
        {"dict": [[[], 1]]},
        {"tensor": ["float32"]},
        {"tensor": ["float32", [0, 2**26, 2**26, 2**26]]},  # no entries, but strides
        {"tensor": ["float33", [1]]},
        {"tensor": [["float32"], [1]]},
        {"tensor": ["float32", [2]]},  # 8 bytes, and there are 4
        {"tensor": ["float32", [-1, -1]]},
        {"tensor": ["float32", [1.0]]},
        {"tensor": ["float32", [True]]},
        {"tensor": ["float32", [2**70]]},
        {"tensor": ["float32", [2**26] * 16]},
        {"tensor": ["float32", [1] * 17]},
        2**64,
        nested(18),
    ],
)
def test_what_is_no_value_is_refused(encoded):
    with pytest.raises(WireError):
        Reader(b"\0\0\0\0", PLAIN).value(encoded)


def test_bytes_that_belong_to_nothing_are_refused():
    reader = Reader(b"\0\0\0\0", PLAIN)
    reader.value(1)
    with pytest.raises(WireError, match="more bytes"):
        reader.end()


def test_a_byte_of_a_truth_value_is_true_or_false():
    truth = Reader(b"\x02\x00", PLAIN).value({"tensor": ["bool", [2]]})
    assert truth.view(torch.uint8).tolist() == [1, 0]


@pytest.fixture
def ends():
    a, b = socket.socketpair()
    with a, b:
        yield a, b


def soon(seconds=0.2):
    return time.monotonic() + seconds


def test_a_frame_arrives_as_it_was_sent(ends):
    send(ends[0], {"do": "it"}, [b"12", b"345"], deadline=soon())
    assert receive(ends[1], deadline=soon()) == ({"do": "it"}, b"12345")


@pytest.mark.parametrize(
    "raw",
    [
        struct.pack(">II", MAX_HEADER + 1, 0),
        struct.pack(">II", 0, MAX_PAYLOAD + 1),
        struct.pack(">II", 2, 0) + b"\xff\xfe",
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 5000, 0) + b"1" * 5000,
        struct.pack(">II", 200_000, 0) + b"[" * 200_000,
    ],
)
def test_what_is_no_frame_is_refused(ends, raw):
    ends[0].settimeout(1)
    ends[0].sendall(raw)
    with pytest.raises(WireError):
        receive(ends[1], deadline=soon(2))


def test_a_frame_that_does_not_end_is_late(ends):
    ends[0].sendall(struct.pack(">II", 10, 0) + b"{")
    with pytest.raises(LateError):
        receive(ends[1], deadline=soon(0.05))


def test_drops_do_not_extend_the_deadline(ends):
    started = time.monotonic()
    ends[0].sendall(b"\0")
    with pytest.raises(LateError):
        receive(ends[1], deadline=soon(0.1))
    assert time.monotonic() - started < 1


def test_a_closed_connection_is_told_apart(ends):
    ends[0].close()
    with pytest.raises(ClosedError):
        receive(ends[1], deadline=soon())
    with pytest.raises(ClosedError):
        send(ends[1], {}, [], deadline=soon())


def test_who_does_not_read_is_late(ends):
    with pytest.raises(LateError):
        send(ends[0], {}, [bytes(2**24)], deadline=soon(0.1))


def test_too_much_data_is_not_sent(ends):
    with pytest.raises(WireError, match="too large"):
        send(ends[0], {}, [bytes(MAX_PAYLOAD + 1)], deadline=soon())


def test_a_config_of_the_library_crosses_to_a_worker_and_never_back():
    config = tms_lib.TrainConfig(lr=0.02, n_steps=7)
    assert there_and_back(config) == config
    with pytest.raises(WireError, match="config was not expected"):
        there_and_back(config, PLAIN)


def test_no_other_object_crosses():
    class TrainConfig:
        pass

    for value in (TrainConfig(), tms_lib.TrainConfig, print):
        with pytest.raises(WireError, match="cannot cross"):
            Writer().value(value)
