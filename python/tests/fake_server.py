"""A server that does what a test tells it to, with a thread for each connection."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType

import golden

HELLO_REPLY = golden.frame("hello-reply")
PONG = b"semblance"


def frame(opcode: int, identifier: int, body: bytes = b"", flags: int = 1) -> bytes:
    return struct.pack("<4sBBHIQ", b"SMBL", 1, opcode, flags, len(body), identifier) + body


def error_frame(opcode: int, identifier: int, number: int, detail: tuple[tuple[str, str], ...] = ()) -> bytes:
    body = struct.pack("<HH", number, 4) + b"told" + struct.pack("<H", len(detail))
    for pair in detail:
        for text in pair:
            body += struct.pack("<H", len(text)) + text.encode()
    return frame(opcode, identifier, body, flags=3)


class Peer:
    """The server's side of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._unread = b""

    def request(self) -> tuple[int, int, bytes]:
        """Opcode, identifier and body of the next request. Raises `ConnectionError` at the end."""
        header = self._read(20)
        _, _, opcode, _, length, identifier = struct.unpack("<4sBBHIQ", header)
        return opcode, identifier, self._read(length)

    def _read(self, count: int) -> bytes:
        while len(self._unread) < count:
            data = self.socket.recv(1 << 16)
            if not data:
                raise ConnectionError
            self._unread += data
        data, self._unread = self._unread[:count], self._unread[count:]
        return data

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def greet(self) -> None:
        opcode, identifier, _ = self.request()
        assert opcode == 1
        assert identifier == 1
        self.send(HELLO_REPLY)

    def echo(self) -> None:
        """Answers PINGs until the end."""
        while True:
            opcode, identifier, body = self.request()
            self.send(frame(opcode, identifier, body))


class FakeServer:
    """Calls `serve` for every connection, then closes it."""

    def __init__(self, serve: Callable[[Peer], None], *, greets: bool = True) -> None:
        self._serve = serve
        self._greets = greets
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.connection_count = 0
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connection_count += 1
            self._connections.append(connection)
            thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self, connection: socket.socket) -> None:
        with connection:
            try:
                peer = Peer(connection)
                if self._greets:
                    peer.greet()
                self._serve(peer)
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Wakes the thread that accepts, which closing alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
