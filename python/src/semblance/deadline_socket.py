"""A blocking socket whose calls end at a deadline."""

from __future__ import annotations

import socket
import ssl
import struct
import sys
import time
from typing import Final

_READ_BYTES: Final = 256 << 10
#: Frames up to this length go out in one call of the system as a rule.
_SHORT_BYTES: Final = 64 << 10
_TIMEVAL: Final = struct.Struct("@ll")


class DeadlineSocket:
    """Raises `TimeoutError` at a deadline, which is a time of `time.monotonic`, and `OSError` for everything else.

    A timeout of Python's makes every call two, as it asks first whether there is something to be read. On Linux the
    kernel keeps the time instead, where TLS does not come between: it is told anew only when what is left differs by
    more than a fiftieth, so that a call may end as much too early or too late.
    """

    __slots__ = ("_buffer", "_is_timed_by_kernel", "_kernel_timeout", "_socket", "_view")

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray(_READ_BYTES)
        self._view = memoryview(self._buffer)
        self._is_timed_by_kernel = sys.platform == "linux" and not isinstance(connection, ssl.SSLSocket)
        self._kernel_timeout = 0.0
        if self._is_timed_by_kernel:
            connection.settimeout(None)

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, data: bytes, deadline: float) -> None:
        if self._is_timed_by_kernel and len(data) <= _SHORT_BYTES:
            self._set_kernel_timeout(_remaining(deadline))
            try:
                sent = self._socket.send(data)
            except BlockingIOError as error:
                raise TimeoutError("timed out") from error
            if sent == len(data):
                return
            data = data[sent:]
        self._socket.settimeout(_remaining(deadline))
        try:
            self._socket.sendall(data)
        finally:
            if self._is_timed_by_kernel:
                self._socket.settimeout(None)

    def receive(self, deadline: float) -> bytes:
        """What there is, at least a byte; nothing at the end."""
        remaining = _remaining(deadline)
        if not self._is_timed_by_kernel:
            self._socket.settimeout(remaining)
        else:
            self._set_kernel_timeout(remaining)
        try:
            count = self._socket.recv_into(self._buffer)
        except BlockingIOError as error:
            raise TimeoutError("timed out") from error
        return bytes(self._view[:count])

    def close(self) -> None:
        self._socket.close()

    def _set_kernel_timeout(self, seconds: float) -> None:
        if self._kernel_timeout * 0.98 <= seconds <= self._kernel_timeout * 1.02:
            return
        # Zero would mean for ever.
        microseconds = max(1, int(min(seconds, 1e6) * 1e6))
        value = _TIMEVAL.pack(*divmod(microseconds, 1_000_000))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, value)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, value)
        self._kernel_timeout = seconds


def _remaining(deadline: float) -> float:
    remaining = deadline - time.monotonic()
    if remaining <= 0:
        raise TimeoutError("timed out")
    return remaining
