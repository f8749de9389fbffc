"""What crosses the boundary to a student's process: frames of plain data, in both directions.

A frame is two lengths, a JSON header and the raw bytes of its tensors, in the order in which the
header names them. Nothing is unpickled, and nothing that arrives is believed: sizes, dtypes, shapes
and nesting are checked before a tensor is made of them.
"""

import dataclasses
import json
import math
import socket
import struct
import time
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor

import tms_lib

MAX_HEADER = 2**20
MAX_PAYLOAD = 2**26
MAX_DEPTH = 16
MAX_INTEGER = 2**63  # more fits in no tensor

# What an answer may consist of; a grader's arguments may also be lists, generators and configs.
PLAIN = frozenset({"tensor", "tuple", "dict"})
ARGUMENTS = PLAIN | {"list", "generator", "config"}

_LENGTHS = struct.Struct(">II")
_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    )
}


class WireError(ValueError):
    """What arrived is no frame, or not the data that it claims to be."""


class ClosedError(WireError):
    """The other side has gone."""


class LateError(WireError):
    """The other side took too long."""


class Writer:
    """Turns values into JSON and collects the bytes of their tensors."""

    def __init__(self) -> None:
        self.payload: list[bytes] = []

    def value(self, value: Any) -> Any:
        """The JSON for a value: scalars stand for themselves, the rest is `{tag: content}`.

        Raises:
            WireError: If the value cannot cross.
        """
        if value is None or type(value) in (bool, int, float, str):
            return value
        if isinstance(value, Tensor):
            return {"tensor": [self._bytes(value), list(value.shape)]}
        if isinstance(value, torch.Generator):
            self.payload.append(value.get_state().numpy().tobytes())
            return {"generator": len(self.payload[-1])}
        if isinstance(value, tuple | list):
            tag = "tuple" if isinstance(value, tuple) else "list"
            return {tag: [self.value(item) for item in value]}
        if isinstance(value, dict):
            return {"dict": self._pairs(value)}
        kind = type(value)
        if dataclasses.is_dataclass(kind) and getattr(tms_lib, kind.__name__, None) is kind:
            return {"config": [kind.__name__, self._pairs(vars(value))]}
        raise WireError(f"A {type(value).__name__} cannot cross.")

    def _pairs(self, values: Mapping[Any, Any]) -> list[list[Any]]:
        return [[self.value(key), self.value(item)] for key, item in values.items()]

    def _bytes(self, tensor: Tensor) -> str:
        name = str(tensor.dtype).removeprefix("torch.")
        if name not in _DTYPES:
            raise WireError(f"A tensor of dtype {tensor.dtype} cannot cross.")
        flat = tensor.detach().resolve_conj().resolve_neg().contiguous().reshape(-1)
        self.payload.append(flat.view(torch.uint8).numpy().tobytes())
        return name


class Reader:
    """Makes values of JSON and bytes that came from the other side.

    Args:
        payload: The bytes of all tensors.
        tags: What may occur besides scalars.
    """

    def __init__(self, payload: bytes, tags: Collection[str]) -> None:
        self._payload = bytearray(payload)  # writable, as torch wants it
        self._at = 0
        self._tags = tags

    def value(self, encoded: Any, depth: int = 0) -> Any:
        """The value that the JSON stands for.

        Raises:
            WireError: If it stands for none.
        """
        if type(encoded) is int and abs(encoded) > MAX_INTEGER:
            raise WireError("A whole number is too large.")
        if encoded is None or type(encoded) in (bool, int, float, str):
            return encoded
        if type(encoded) is not dict or len(encoded) != 1 or depth > MAX_DEPTH:
            raise WireError("A value is nested too deeply or has no known form.")
        ((tag, content),) = encoded.items()
        if tag not in self._tags:
            raise WireError(f"A {tag[:20]} was not expected.")
        if tag == "tensor":
            return self._tensor(content)
        if tag == "generator":
            state = torch.frombuffer(self._take(content), dtype=torch.uint8)
            return torch.Generator().set_state(state)
        if type(content) is not list:
            raise WireError(f"The content of a {tag} must be a list.")
        if tag == "config":  # a dataclass of the library's; only a worker takes any
            name, fields = content
            return getattr(tms_lib, name)(**self._dict(fields, depth))
        if tag == "dict":
            return self._dict(content, depth)
        items = [self.value(item, depth + 1) for item in content]
        return tuple(items) if tag == "tuple" else items

    def end(self) -> None:
        """Raises `WireError` unless every byte belonged to a value."""
        if self._at != len(self._payload):
            raise WireError("There are more bytes than values.")

    def _dict(self, content: list[Any], depth: int) -> dict[Any, Any]:
        made = {}
        for pair in content:
            if type(pair) is not list or len(pair) != 2 or type(pair[0]) not in (str, int):
                raise WireError("An entry of a dict must be a key and a value.")
            made[pair[0]] = self.value(pair[1], depth + 1)
        return made

    def _tensor(self, content: Any) -> Tensor:
        if type(content) is not list or len(content) != 2:
            raise WireError("A tensor must come as its dtype and its shape.")
        name, shape = content
        dtype = _DTYPES.get(name) if type(name) is str else None
        if dtype is None or type(shape) is not list or len(shape) > MAX_DEPTH:
            raise WireError("A tensor has an unknown dtype or no shape.")
        if not all(type(n) is int and 0 <= n <= MAX_PAYLOAD for n in shape):
            raise WireError("A tensor's shape must be whole numbers from 0.")
        raw = self._take(math.prod(shape) * dtype.itemsize)
        if not raw:
            try:
                return torch.empty(shape, dtype=dtype)
            except RuntimeError:  # its strides are too large, though it has no entries
                raise WireError("A tensor's shape is too large.") from None
        if dtype == torch.bool:  # a byte that is neither 0 nor 1 would be undefined
            return (torch.frombuffer(raw, dtype=torch.uint8) != 0).reshape(shape)
        return torch.frombuffer(raw, dtype=dtype).reshape(shape)

    def _take(self, n_bytes: Any) -> bytearray:
        if type(n_bytes) is not int or not 0 <= n_bytes <= len(self._payload) - self._at:
            raise WireError("A tensor needs more bytes than there are.")
        self._at += n_bytes
        return self._payload[self._at - n_bytes : self._at]


def send(
    connection: socket.socket, header: dict[str, Any], payload: list[bytes], *, deadline: float
) -> None:
    """Sends a frame.

    Args:
        connection: To whom.
        header: Anything that JSON can hold.
        payload: The bytes of the tensors.
        deadline: On the clock of `time.monotonic`.

    Raises:
        WireError: If the frame is too large, the other side is gone or does not read in time.
    """
    text = json.dumps(header).encode()
    body = b"".join(payload)
    if len(text) > MAX_HEADER or len(body) > MAX_PAYLOAD:
        raise WireError(f"The data is too large: {len(text) + len(body)} bytes.")
    try:
        connection.settimeout(max(deadline - time.monotonic(), 1e-3))
        connection.sendall(_LENGTHS.pack(len(text), len(body)) + text + body)
    except TimeoutError:
        raise LateError("The other side did not read in time.") from None
    except OSError:
        raise ClosedError("The other side has gone.") from None


def receive(connection: socket.socket, *, deadline: float) -> tuple[dict[str, Any], bytes]:
    """Receives a frame: its header, and the bytes of its tensors.

    Raises:
        WireError: If none came in time, or what came is none.
    """
    n_text, n_body = _LENGTHS.unpack(_exactly(connection, _LENGTHS.size, deadline))
    if n_text > MAX_HEADER or n_body > MAX_PAYLOAD:
        raise WireError(f"The data is too large: {n_text + n_body} bytes.")
    text = _exactly(connection, n_text, deadline)
    body = _exactly(connection, n_body, deadline)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError):  # not UTF-8, not JSON, numbers of thousands of digits
        raise WireError("The header is not JSON.") from None
    if type(header) is not dict:
        raise WireError("The header must be a JSON object.")
    return header, body


def _exactly(connection: socket.socket, n_bytes: int, deadline: float) -> bytes:
    received = bytearray()
    while len(received) < n_bytes:
        try:
            connection.settimeout(max(deadline - time.monotonic(), 1e-3))
            part = connection.recv(min(n_bytes - len(received), 2**20))
        except TimeoutError:
            part = None
        except OSError:
            part = b""
        if part is None or time.monotonic() > deadline:
            raise LateError("There was no answer in time.")
        if not part:
            raise ClosedError("The other side has gone.")
        received += part
    return bytes(received)
