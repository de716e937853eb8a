"""What is said on one connection: HELLO first, then requests, answered in any order. Knows no socket and no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from semblance.configuration import Configuration
from semblance.encryption import not_encrypted
from semblance.errors import CacheError, ErrorCode, connection_closed, malformed
from semblance.retry import AttemptFailed
from semblance.service import ServiceInformation
from semblance.wire import requests
from semblance.wire.frames import HEADER_BYTES, REPLY_BYTES, VERSION, Frame, FrameDecoder, Opcode, request_frame
from semblance.wire.replies import reply_to
from semblance.wire.requests import Call

Waiter = TypeVar("Waiter")


@dataclass(slots=True)
class _Pending(Generic[Waiter]):
    call: Call[Any]
    waiter: Waiter
    frame_bytes: int


class Conversation(Generic[Waiter]):
    """A waiter is whatever a transport wants to be reminded of when the reply to a request has come.

    A request that was given up keeps its place until its reply has come: the service still counts it.
    """

    _HELLO_IDENTIFIER: Final = 1

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._decoder = FrameDecoder()
        self._pending: dict[int, _Pending[Waiter]] = {}
        self._last_identifier = 0
        self._request_limit = 1
        self._byte_limit = 0
        self._body_limit_bytes = 0
        self._bytes_in_flight = 0
        #: What the service said of itself; None until HELLO is answered.
        self.information: ServiceInformation | None = None
        #: Why the connection is to be closed.
        self.failure: CacheError | None = None
        #: The service is about to stop: nothing more should be sent to it here.
        self.is_retired = False
        #: Whether a request other than HELLO has been answered.
        self.has_answered = False

    def hello(self, waiter: Waiter) -> bytes:
        """The first frame."""
        call = requests.hello(self._configuration.client_name, self._configuration.token)
        return self._begin(call, waiter)

    def has_room(self, call: Call[Any]) -> bool:
        """Whether the service lets another request in."""
        if len(self._pending) >= self._request_limit:
            return False
        frame_bytes = HEADER_BYTES + len(call.body)
        return not self._bytes_in_flight or self._bytes_in_flight + frame_bytes <= self._byte_limit

    def begin(self, call: Call[Any], waiter: Waiter) -> bytes:
        """The frame to be sent. Raises `AttemptFailed` for one that is too long for the service."""
        if len(call.body) > self._body_limit_bytes:
            error = CacheError(
                ErrorCode.FRAME_TOO_LARGE,
                "the request is longer than the service takes",
                {"limit": str(self._body_limit_bytes), "got": str(len(call.body))},
            )
            raise AttemptFailed(error, may_have_been_sent=False)
        return self._begin(call, waiter)

    def _begin(self, call: Call[Any], waiter: Waiter) -> bytes:
        self._last_identifier = identifier = self._last_identifier + 1
        frame = request_frame(call.opcode, identifier, call.body)
        self._pending[identifier] = _Pending(call, waiter, len(frame))
        self._bytes_in_flight += len(frame)
        return frame

    @property
    def pending_count(self) -> int:
        return len(self._pending)

    def waiters(self) -> list[Waiter]:
        """Of the requests that have no reply yet."""
        return [pending.waiter for pending in self._pending.values()]

    def receive(self, data: bytes) -> list[tuple[Waiter, Any]]:
        """What the service sent: the waiters of answered requests, each with the value or the `CacheError` it gets.

        When `failure` is set afterwards, the connection is to be closed, and all other requests get that error.
        """
        answers: list[tuple[Waiter, Any]] = []
        try:
            self._decoder.feed(data)
            while self.failure is None and (frame := self._decoder.next_frame()) is not None:
                self._received(frame, answers)
        except CacheError as error:
            self.failure = (not_encrypted(data) if self.information is None else None) or error
        return answers

    def _received(self, frame: Frame, answers: list[tuple[Waiter, Any]]) -> None:
        pending = self._pending.get(frame.identifier)
        if pending is None:
            # An error about the connection, or the reply to a request that this connection never saw.
            if frame.opcode is Opcode.CONNECTION:
                error = reply_to(frame, _no_body)
                # Before HELLO was answered it says why there is no connection: too many, or the service stops.
                is_refused = self.information is None and isinstance(error, CacheError)
                lost = connection_closed("the service gave up the connection", error)
                self.failure = error if is_refused else lost
            elif self.information is None:
                self.failure = malformed("the first reply does not answer HELLO")
            return
        if frame.opcode is not pending.call.opcode and frame.opcode is not Opcode.CONNECTION:
            raise malformed("a reply is of another kind than its request")
        value = reply_to(frame, pending.call.read)
        if pending.call.opcode is Opcode.HELLO:
            if isinstance(value, ServiceInformation):
                self._greeted(value)
        elif frame.opcode is not Opcode.CONNECTION:
            self.has_answered = True
        del self._pending[frame.identifier]
        self._bytes_in_flight -= pending.frame_bytes
        answers.append((pending.waiter, value))
        if isinstance(value, CacheError):
            if value.closes_connection or frame.opcode is Opcode.CONNECTION:
                self.failure = connection_closed("the service gave up the connection", value)
            elif value.code is ErrorCode.SHUTTING_DOWN:
                self.is_retired = True

    def _greeted(self, information: ServiceInformation) -> None:
        if information.protocol_version != VERSION:
            raise malformed("the service chose a version of the protocol that was not offered")
        self.information = information
        self._request_limit = max(1, information.limits["requests-in-flight"])
        self._byte_limit = information.limits["bytes-in-flight"]
        self._body_limit_bytes = information.limits["frame-bytes"]
        self._decoder.body_limit_bytes = min(REPLY_BYTES, self._body_limit_bytes)


def _no_body(reader: object) -> None:
    """Frames of opcode 0 are errors, which have a body of their own."""
