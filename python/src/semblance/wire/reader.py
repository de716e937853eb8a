"""Reads the fields of a body in order."""

from __future__ import annotations

import struct
from typing import Final

from semblance.errors import CODE_BY_NUMBER, CacheError, ErrorCode, malformed
from semblance.freshness import FIRST_GENERATION, DataVersion, Lease, Position

U16: Final = struct.Struct("<H")
U32: Final = struct.Struct("<I")
U64: Final = struct.Struct("<Q")
POSITION: Final = struct.Struct("<QQ")
LEASE: Final = struct.Struct("<QQQ")
F32: Final = struct.Struct("<f")


class BodyReader:
    """Every read compares with the bytes that are left, so a lying length is refused before anything is made for it.

    What does not add up is a `CacheError`, `malformed-frame`; a `struct.error`, an `IndexError` or a
    `UnicodeDecodeError` says the same, and whoever called must turn it into one: `reply_to` does.
    """

    __slots__ = ("data", "end", "offset")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.end = len(data)
        self.offset = 0

    def finish(self) -> None:
        if self.offset != self.end:
            raise malformed("bytes after the end of a message")

    def u8(self) -> int:
        value = self.data[self.offset]
        self.offset += 1
        return value

    def u16(self) -> int:
        value: int = U16.unpack_from(self.data, self.offset)[0]
        self.offset += 2
        return value

    def u32(self) -> int:
        value: int = U32.unpack_from(self.data, self.offset)[0]
        self.offset += 4
        return value

    def u64(self) -> int:
        value: int = U64.unpack_from(self.data, self.offset)[0]
        self.offset += 8
        return value

    def i64(self) -> int:
        return int.from_bytes(self.take(8), "little", signed=True)

    def f32(self) -> float:
        value: float = F32.unpack_from(self.data, self.offset)[0]
        self.offset += 4
        return value

    def boolean(self) -> bool:
        value = self.u8()
        if value > 1:
            raise malformed("a boolean is neither 0 nor 1")
        return value == 1

    def take(self, count: int) -> bytes:
        start = self.offset
        if count > self.end - start:
            raise malformed("a message ends in the middle of a field")
        self.offset = start + count
        return self.data[start : start + count]

    def string(self) -> str:
        return self.take(self.u16()).decode()

    def text(self) -> str:
        return self.take(self.u32()).decode()

    def check(self, count: int, minimum_bytes: int) -> int:
        """How many items follow, of which each takes at least `minimum_bytes`."""
        if count > (self.end - self.offset) // minimum_bytes:
            raise malformed("more items than the body can hold")
        return count

    def count(self, minimum_bytes: int) -> int:
        return self.check(self.u16(), minimum_bytes)

    def position(self) -> Position:
        incarnation, sequence = POSITION.unpack_from(self.data, self.offset)
        self.offset += 16
        return Position(incarnation, sequence)

    def lease(self) -> Lease:
        incarnation, sequence, namespace = LEASE.unpack_from(self.data, self.offset)
        self.offset += 24
        return Lease(Position(incarnation, sequence), namespace)

    def data_version(self) -> tuple[DataVersion, Position]:
        kind = self.u8()
        if kind == 0:
            return None, FIRST_GENERATION
        if kind == 1:
            return self.u64(), self.position()
        if kind == 2:
            return self.string(), FIRST_GENERATION
        raise malformed("unknown kind of a data version")

    def error(self) -> CacheError:
        number = self.u16()
        message = self.string()
        detail: dict[str, str] = {}
        for _ in range(self.count(4)):
            name = self.string()
            if name in detail:
                raise malformed("a detail is given twice")
            detail[name] = self.string()
        code = CODE_BY_NUMBER.get(number)
        if code is None:
            # A number of a later version: shown, and never tried again.
            return CacheError(ErrorCode.INTERNAL_ERROR, message, detail | {"number": str(number)})
        return CacheError(code, message, detail)
