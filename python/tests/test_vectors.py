"""Vectors of every kind travel as the same bytes."""

from __future__ import annotations

import struct
from array import array
from typing import Any

import pytest

from semblance import CacheError
from semblance.vectors import float16_bytes, float32_bytes

numpy = pytest.importorskip("numpy")

COMPONENTS = [1.0, 0.5, -0.25, 0.0]
SINGLE = struct.pack("<4f", *COMPONENTS)
VECTORS: dict[str, Any] = {
    "list": COMPONENTS,
    "tuple": tuple(COMPONENTS),
    "integers": array("f", COMPONENTS),
    "array of doubles": array("d", COMPONENTS),
    "bytes": SINGLE,
    "bytearray": bytearray(SINGLE),
    "view": memoryview(SINGLE),
    "view of an array": memoryview(array("f", COMPONENTS)),
    "numpy": numpy.array(COMPONENTS, numpy.float32),
    "numpy doubles": numpy.array(COMPONENTS),
    "numpy halves": numpy.array(COMPONENTS, numpy.float16),
    "numpy big-endian": numpy.array(COMPONENTS, ">f4"),
    "numpy with strides": numpy.array([component for component in COMPONENTS for _ in range(2)], numpy.float32)[::2],
    "numpy row": numpy.array([COMPONENTS, COMPONENTS], numpy.float32)[1],
}


@pytest.mark.parametrize("kind", VECTORS)
def test_components_are_the_same_whatever_holds_them(kind: str) -> None:
    assert bytes(float32_bytes(VECTORS[kind])) == SINGLE
    assert bytes(float16_bytes(VECTORS[kind])) == struct.pack("<4e", *COMPONENTS)


def test_what_is_single_precision_already_is_not_copied() -> None:
    vector = numpy.array(COMPONENTS, numpy.float32)
    view = float32_bytes(vector)
    vector[0] = 2
    assert bytes(view[:4]) == struct.pack("<f", 2)
    assert float32_bytes(SINGLE) is SINGLE


@pytest.mark.parametrize("value", [1e-8, 65504.0, 2049.0, 2051.0, 5.960464477539063e-08, 1 / 3])
def test_halves_are_rounded_alike_with_and_without_numpy(value: float) -> None:
    assert float16_bytes([value]) == numpy.array([value], numpy.float32).astype("<f2").tobytes()


@pytest.mark.parametrize(
    "vector",
    ["text", ["a"], [None], 3, b"123", memoryview(b"123"), numpy.zeros((2, 2), numpy.float32), numpy.zeros((2, 2)), {}],
    ids=range(9),
)
def test_what_is_no_vector_is_refused(vector: Any) -> None:
    for write in (float32_bytes, float16_bytes):
        try:
            assert len(write(vector)) == 0
        except CacheError as error:
            assert error.code == "invalid-argument"


def test_what_half_precision_cannot_hold_is_refused() -> None:
    with pytest.raises(CacheError) as caught:
        float16_bytes([70_000.0])
    assert caught.value.code == "invalid-vector"
