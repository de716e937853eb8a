"""Frames: the 20 bytes before every message, and cutting a stream of bytes into them."""

from __future__ import annotations

import struct
from enum import IntEnum
from typing import Final, NamedTuple

from semblance.errors import CacheError, ErrorCode, malformed

MAGIC: Final = b"SMBL"
VERSION: Final = 1
HEADER_BYTES: Final = 20
#: The longest body of a reply to HELLO that is waited for.
HELLO_REPLY_BYTES: Final = 64 << 10
#: The longest body of any other reply, whatever limit a service names.
REPLY_BYTES: Final = 1 << 30

_HEADER: Final = struct.Struct("<4sBBHIQ")
_IS_REPLY: Final = 1
_IS_ERROR: Final = 2


class Opcode(IntEnum):
    CONNECTION = 0x00
    HELLO = 0x01
    PING = 0x02
    STATISTICS = 0x03
    LOOKUP = 0x10
    INSERT = 0x11
    GET = 0x12
    DELETE = 0x13
    SCAN = 0x14
    INVALIDATE = 0x20
    LEASE = 0x21
    PURGE = 0x22
    LIFT_FENCE = 0x23
    CREATE_NAMESPACE = 0x30
    LIST_NAMESPACES = 0x31
    DROP_NAMESPACE = 0x32
    FOLLOW = 0x33


_OPCODES: Final = {int(opcode): opcode for opcode in Opcode}


class Frame(NamedTuple):
    """A whole reply."""

    opcode: Opcode
    is_error: bool
    identifier: int
    body: bytes


def request_frame(opcode: Opcode, identifier: int, body: bytes) -> bytes:
    """A request. The caller has compared its length with the limit `frame-bytes`."""
    return _HEADER.pack(MAGIC, VERSION, opcode, 0, len(body), identifier) + body


class FrameDecoder:
    """Cuts what a server sends into frames.

    A header is judged as soon as it is there, before its body is waited for or kept. The first error is final: behind
    it no other frame can be found, and the connection is to be closed.
    """

    __slots__ = ("_bytes", "_offset", "body_limit_bytes")

    def __init__(self, body_limit_bytes: int = HELLO_REPLY_BYTES) -> None:
        self.body_limit_bytes = body_limit_bytes
        self._bytes: bytes | bytearray = b""
        self._offset = 0

    def feed(self, data: bytes) -> None:
        """What came next. `next_frame` is to be called until it returns None before more is fed."""
        if self._offset == len(self._bytes):
            self._bytes = data
        elif isinstance(self._bytes, bytearray) and self._offset == 0:
            self._bytes += data
        else:
            self._bytes = bytearray(self._bytes[self._offset :]) + data
        self._offset = 0

    def next_frame(self) -> Frame | None:
        """The next frame; None when it has not arrived whole. Raises `CacheError`."""
        start = self._offset
        rest = len(self._bytes) - start
        if rest < HEADER_BYTES:
            beginning = bytes(self._bytes[start : start + 5])
            if beginning[:4] != MAGIC[: len(beginning)]:
                raise _not_a_frame()
            if len(beginning) == 5 and beginning[4] != VERSION:
                raise _unsupported(beginning[4])
            return None
        magic, version, number, flags, body_bytes, identifier = _HEADER.unpack_from(self._bytes, start)
        if magic != MAGIC:
            raise _not_a_frame()
        if version != VERSION:
            raise _unsupported(version)
        opcode = _OPCODES.get(number)
        if opcode is None:
            raise malformed("a reply has an unknown opcode")
        if not flags & _IS_REPLY or flags & ~(_IS_REPLY | _IS_ERROR):
            raise malformed("the flags of a frame are not those of a reply")
        if not flags & _IS_ERROR if opcode is Opcode.CONNECTION else identifier == 0:
            raise malformed("opcode, flags and request identifier of a reply do not go together")
        if body_bytes > self.body_limit_bytes:
            raise CacheError(
                ErrorCode.FRAME_TOO_LARGE,
                "the body of a reply is longer than the limit",
                {"limit": str(self.body_limit_bytes), "got": str(body_bytes)},
            )
        end = start + HEADER_BYTES + body_bytes
        if end > len(self._bytes):
            return None
        body = self._bytes[start + HEADER_BYTES : end]
        self._offset = end
        return Frame(opcode, bool(flags & _IS_ERROR), identifier, body if isinstance(body, bytes) else bytes(body))


def _not_a_frame() -> CacheError:
    return malformed("what was received is not a frame of this protocol")


def _unsupported(version: int) -> CacheError:
    return CacheError(
        ErrorCode.UNSUPPORTED_VERSION,
        "the service speaks another version of the protocol",
        {"got": str(version), "limit": str(VERSION)},
    )
