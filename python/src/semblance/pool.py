"""Blocking sockets: connections with one request each, shared by threads."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from typing import Any, Final

from semblance.address import Address, UnixAddress
from semblance.configuration import Configuration
from semblance.conversation import Conversation
from semblance.deadline_socket import DeadlineSocket
from semblance.encryption import unreachable
from semblance.errors import CacheError, ErrorCode, connection_closed, deadline_exceeded
from semblance.retry import CLIENT_CLOSED, AttemptFailed, Backoff
from semblance.service import ServiceInformation
from semblance.wire.requests import Call

#: A connection that was idle for longer is looked at before it is used: the service may have closed it.
_CHECKED_AFTER_SECONDS: Final = 1.0


class Connection:
    """A socket and what is said on it, used by one thread at a time."""

    def __init__(self, address: Address, configuration: Configuration, deadline: float) -> None:
        """Connects and exchanges HELLO. Raises `AttemptFailed`."""
        self._silence_limit = configuration.silence_limit
        self._conversation: Conversation[None] = Conversation(configuration)
        self.last_used = 0.0
        try:
            self._socket = DeadlineSocket(_connect(address, configuration, deadline))
        except CacheError as error:
            raise AttemptFailed(error, may_have_been_sent=False) from error
        try:
            answer = self._exchange(self._conversation.hello(None), deadline)
        except AttemptFailed as failure:
            raise AttemptFailed(failure.error, may_have_been_sent=False) from failure
        if isinstance(answer, CacheError):
            self.close()
            raise AttemptFailed(answer, may_have_been_sent=False)

    @property
    def information(self) -> ServiceInformation | None:
        return self._conversation.information

    @property
    def has_answered(self) -> bool:
        return self._conversation.has_answered

    @property
    def failure(self) -> CacheError | None:
        return self._conversation.failure

    @property
    def is_usable(self) -> bool:
        """Whether another request may be sent."""
        conversation = self._conversation
        return conversation.failure is None and not conversation.is_retired and not conversation.pending_count

    def is_quiet(self) -> bool:
        """False when something has come that nobody asked for: the end, or an error about the connection."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def perform(self, call: Call[Any], deadline: float) -> Any:
        """The value or the `CacheError` that the service answers. Raises `AttemptFailed`."""
        return self._exchange(self._conversation.begin(call, None), deadline)

    def close(self) -> None:
        self._socket.close()

    def _exchange(self, frame: bytes, deadline: float) -> Any:
        try:
            return self._converse(frame, deadline)
        except BaseException:
            # Also when the thread was interrupted: what comes next on this connection is not known.
            self._conversation.failure = self._conversation.failure or connection_closed("given up")
            self.close()
            raise

    def _converse(self, frame: bytes, deadline: float) -> Any:
        try:
            self._socket.send(frame, deadline)
        except TimeoutError as error:
            raise _late() from error
        except OSError as error:
            # The service may have said why before it closed the connection.
            if not isinstance(error, ConnectionError):
                raise _lost(error) from error
        while True:
            data = self._receive(deadline)
            answers = self._conversation.receive(data)
            if answers:
                # One request at a time: this is its answer, whatever becomes of the connection.
                return answers[0][1]
            if self._conversation.failure is not None:
                raise AttemptFailed(self._conversation.failure, may_have_been_sent=True)

    def _receive(self, deadline: float) -> bytes:
        silent_at = time.monotonic() + self._silence_limit
        try:
            data = self._socket.receive(min(deadline, silent_at))
        except TimeoutError as error:
            if deadline <= silent_at:
                raise _late() from error
            raise AttemptFailed(connection_closed("the service is silent"), may_have_been_sent=True) from error
        except OSError as error:
            raise _lost(error) from error
        if not data:
            raise AttemptFailed(connection_closed("the service closed the connection"), may_have_been_sent=True)
        return data


def _late() -> AttemptFailed:
    return AttemptFailed(deadline_exceeded("the service did not answer in time"), may_have_been_sent=True)


def _lost(error: OSError) -> AttemptFailed:
    return AttemptFailed(connection_closed("the connection failed", error), may_have_been_sent=True)


def _connect(address: Address, configuration: Configuration, deadline: float) -> socket.socket:
    """Tries every address that a name has. Raises `CacheError`, `connection-failed` or `deadline-exceeded`."""
    failure: Exception | None = None
    try:
        if isinstance(address, UnixAddress):
            targets: list[Any] = [(socket.AF_UNIX, socket.SOCK_STREAM, 0, "", address.path)]
        else:
            targets = list(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))
    except (OSError, UnicodeError) as error:
        raise unreachable(address, error) from error
    for family, kind, protocol, _, target in targets:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(remaining)
            connection.connect(target)
            if family != socket.AF_UNIX:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if configuration.tls is None or isinstance(address, UnixAddress):
                return connection
            name = configuration.tls_server_name or address.host
            return configuration.tls.wrap_socket(connection, server_hostname=name)
        except (OSError, ValueError) as error:  # ValueError: a name that is none
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
    raise unreachable(address, failure or TimeoutError("timed out"))


class Pool:
    """Gives every thread that calls a connection of its own, as long as the call takes. Survives a fork."""

    def __init__(self, address: Address, configuration: Configuration) -> None:
        self._address = address
        self._configuration = configuration
        self.is_closed = False
        self.information: ServiceInformation | None = None
        self._start()

    def _start(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._idle: list[Connection] = []
        self._open_count = 0
        self._waiting_count = 0
        self._backoff = Backoff(self._configuration)

    def perform(self, call: Call[Any], deadline: float) -> Any:
        """The value or the `CacheError` that the service answers. Raises `AttemptFailed`."""
        if self._process != os.getpid():
            # The sockets and locks are the parent's.
            self._start()
        connection = self._take(deadline)
        try:
            if connection is None:
                connection = self._connect(deadline)
            return connection.perform(call, deadline)
        finally:
            self._give_back(connection)

    def _take(self, deadline: float) -> Connection | None:
        """None when one is to be opened; it is counted already."""
        with self._changed:
            while True:
                if self.is_closed:
                    raise AttemptFailed(CLIENT_CLOSED, may_have_been_sent=False)
                now = time.monotonic()
                while self._idle:
                    connection = self._idle.pop()
                    if now - connection.last_used < _CHECKED_AFTER_SECONDS or connection.is_quiet():
                        return connection
                    connection.close()
                    self._open_count -= 1
                if self._open_count == 0:
                    self._backoff.check(now)
                if self._open_count < self._configuration.connection_limit:
                    self._open_count += 1
                    return None
                self._waiting_count += 1
                try:
                    has_changed = self._changed.wait(deadline - now) if deadline > now else False
                finally:
                    self._waiting_count -= 1
                if not has_changed:
                    error = deadline_exceeded("every connection is in use")
                    raise AttemptFailed(error, may_have_been_sent=False)

    def _connect(self, deadline: float) -> Connection:
        now = time.monotonic()
        by = min(deadline, now + self._configuration.connect_timeout)
        try:
            connection = Connection(self._address, self._configuration, by)
        except AttemptFailed as failure:
            if failure.error.code is ErrorCode.DEADLINE_EXCEEDED and deadline > by:
                # The call itself has time left: the service is not there, rather than slow.
                error = unreachable(self._address, failure.error.message)
                failure = AttemptFailed(error, may_have_been_sent=False)
            with self._changed:
                self._backoff.failed(failure.error, time.monotonic())
            raise failure from None
        self.information = connection.information
        return connection

    def _give_back(self, connection: Connection | None) -> None:
        with self._changed:
            if connection is not None:
                if connection.has_answered:
                    self._backoff.answered()
                elif connection.failure is not None:
                    self._backoff.failed(connection.failure, time.monotonic())
            if connection is not None and connection.is_usable and not self.is_closed:
                connection.last_used = time.monotonic()
                self._idle.append(connection)
            else:
                self._open_count -= 1
                if connection is not None:
                    connection.close()
            if self._waiting_count:
                self._changed.notify()

    def close(self) -> None:
        """Connections in use are closed when what is in flight on them has been answered."""
        with self._changed:
            self.is_closed = True
            for connection in self._idle:
                connection.close()
                self._open_count -= 1
            self._idle.clear()
            self._changed.notify_all()
