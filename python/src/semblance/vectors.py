"""Vectors as they travel: from lists, arrays, numpy and plain bytes to little-endian components."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Iterable
from typing import Any, Protocol, Union

from semblance.errors import CacheError, ErrorCode, invalid


class NumpyVector(Protocol):
    """What is asked of a numpy array, so that numpy is not needed."""

    def tobytes(self) -> bytes: ...

    def astype(self, dtype: Any, /) -> Any: ...


#: Numbers, an `array`, a numpy array of one dimension, or the bytes of little-endian float32 components.
Vector = Union[Iterable[float], "array[float]", bytes, bytearray, memoryview, NumpyVector]

Buffer = Union[bytes, bytearray, memoryview]

_IS_LITTLE = sys.byteorder == "little"


def float32_bytes(vector: Vector) -> Buffer:
    """The components as little-endian float32.

    Without a copy where the vector is that already: bytes, `array("f")`, contiguous float32 of numpy.
    Raises `CacheError`, `invalid-argument`.
    """
    if isinstance(vector, (bytes, bytearray)):
        return _whole(vector, 4)
    if type(vector) is list:
        return _packed(vector)
    try:
        view = memoryview(vector)  # type: ignore[arg-type]
    except (TypeError, ValueError):  # ValueError: dtypes that have no buffer, such as bfloat16
        return _converted(vector, "<f4") or _packed(vector)
    if view.ndim != 1:
        raise invalid("vector", "it has one dimension")
    if isinstance(vector, memoryview) and view.format in ("B", "b", "c"):
        return _whole(view.tobytes(), 4)
    if view.format == "f" and view.c_contiguous and _IS_LITTLE:
        return view.cast("B")
    return _converted(vector, "<f4") or _packed(vector)


def float16_bytes(vector: Vector) -> Buffer:
    """The components as little-endian binary16, rounded to nearest, ties to even.

    Raises `CacheError`, `invalid-argument`, or `invalid-vector` for what half precision cannot hold.
    """
    half = _converted(vector, "<f2")
    if half is not None:
        return half
    single = float32_bytes(vector)
    components = struct.unpack(f"<{len(single) // 4}f", single)
    try:
        return struct.pack(f"<{len(components)}e", *components)
    except OverflowError as error:
        raise CacheError(ErrorCode.INVALID_VECTOR, "a component is too large for half precision") from error


def _converted(vector: Any, dtype: str) -> bytes | None:
    """By numpy; None for anything else."""
    as_type = getattr(vector, "astype", None)
    if as_type is None:
        return None
    components = as_type(dtype)
    if components.ndim != 1:
        raise invalid("vector", "it has one dimension")
    return bytes(components.tobytes())


def _packed(vector: Any) -> Buffer:
    try:
        components = array("f", vector)
    except (TypeError, ValueError, OverflowError) as error:
        raise invalid("vector", f"it is not a sequence of numbers ({error})") from error
    if not _IS_LITTLE:
        components.byteswap()
    return memoryview(components).cast("B")


def _whole(data: bytes | bytearray, component_bytes: int) -> Buffer:
    if len(data) % component_bytes:
        raise invalid("vector", f"its bytes are not a multiple of {component_bytes}")
    return data
