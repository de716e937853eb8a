"""An asyncio connection with many requests in flight."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from semblance.configuration import Configuration
from semblance.conversation import Conversation
from semblance.errors import RETRY_AFTER, CacheError, ErrorCode, connection_closed, deadline_exceeded
from semblance.retry import AttemptFailed
from semblance.wire.requests import Call


class Request:
    """Who waits for a reply, and until when."""

    __slots__ = ("deadline", "future")

    def __init__(self, future: asyncio.Future[Any], deadline: float) -> None:
        self.future = future
        self.deadline = deadline


class Channel(asyncio.Protocol):
    """A socket and what is said on it, used on one event loop.

    Frames that are begun in one turn of the loop leave together. One timer serves all requests: it is set for the
    first deadline, and looks at all of them only when it fires.
    """

    def __init__(self, configuration: Configuration, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._silence_limit = configuration.silence_limit
        self._waiting_limit = configuration.waiting_request_limit
        self._transport: asyncio.Transport | None = None
        self.conversation: Conversation[Request] = Conversation(configuration)
        self._outgoing: list[bytes] = []
        self._is_paused = False
        self._is_draining = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._silent_since = 0.0
        #: Done when the connection is gone.
        self.closed: asyncio.Future[None] = loop.create_future()

    @property
    def is_usable(self) -> bool:
        """Whether further requests may be sent."""
        conversation = self.conversation
        return conversation.failure is None and not conversation.is_retired and not self._is_draining

    # MARK: What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        conversation = self.conversation
        self._silent_since = self._loop.time()
        for request, value in conversation.receive(data):
            if not request.future.done():
                request.future.set_result(value)
        if conversation.failure is not None:
            self.end(conversation.failure)
        elif not self._end_if_drained():
            self._admit()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        self._admit()

    def connection_lost(self, error: Exception | None) -> None:
        if error is None:
            self.end(connection_closed("the service closed the connection"))
        else:
            self.end(connection_closed("the connection failed", error))

    # MARK: What the client wants

    async def greet(self, deadline: float) -> CacheError | None:
        """Exchanges HELLO. Returns the service's error; raises `AttemptFailed`."""
        if self.conversation.failure is not None:
            # A service may end a connection, and say why, before it has been greeted.
            raise AttemptFailed(self.conversation.failure, may_have_been_sent=False)
        request = Request(self._loop.create_future(), deadline)
        self._write(self.conversation.hello(request), deadline)
        value = await request.future
        return value if isinstance(value, CacheError) else None

    async def perform(self, call: Call[Any], deadline: float) -> Any:
        """The value or the `CacheError` that the service answers. Raises `AttemptFailed`."""
        while self._waiting or self._is_paused or not self.conversation.has_room(call):
            if await self._wait_for_room(call, deadline):
                break
        if not self.is_usable:
            error = connection_closed("the connection was closed before the request was sent")
            raise AttemptFailed(error, may_have_been_sent=False)
        request = Request(self._loop.create_future(), deadline)
        frame = self.conversation.begin(call, request)
        self._write(frame, deadline)
        # The next in line may have room as well.
        if self._waiting:
            self._admit()
        return await request.future

    async def _wait_for_room(self, call: Call[Any], deadline: float) -> bool:
        """Whether it is this request's turn. Raises `AttemptFailed`."""
        if len(self._waiting) >= self._waiting_limit:
            raise AttemptFailed(too_many_waiting(), may_have_been_sent=False)
        turn: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait_for(turn, deadline - self._loop.time())
        except BaseException as error:
            if turn in self._waiting:
                self._waiting.remove(turn)
            else:
                # The turn was given, and nobody is there to take it.
                self._admit()
            # Before Python 3.11, asyncio has a TimeoutError of its own.
            if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
                late = deadline_exceeded("the request's time was over before it could be sent")
                raise AttemptFailed(late, may_have_been_sent=False) from None
            raise
        return not self.is_usable or (not self._is_paused and self.conversation.has_room(call))

    def drain(self) -> None:
        """Sends nothing new, and closes when nobody waits any more."""
        self._is_draining = True
        self._end_if_drained()

    # MARK: What that comes to

    def _end_if_drained(self) -> bool:
        """Whether nothing more was to come for anybody."""
        if self.is_usable or any(not request.future.done() for request in self.conversation.waiters()):
            return False
        self.end(connection_closed("nothing more was to come on the connection"))
        return True

    def _admit(self) -> None:
        """Lets the first in line look whether there is room for it."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft()
        if self._waiting and not self._is_paused:
            self._waiting.popleft().set_result(None)

    def _write(self, frame: bytes, deadline: float) -> None:
        if not self._outgoing:
            self._loop.call_soon(self._flush)
        self._outgoing.append(frame)
        now = self._loop.time()
        if self.conversation.pending_count == 1:
            self._silent_since = now
        wake = min(deadline, self._silent_since + self._silence_limit)
        if self._timer is None or wake < self._timer.when():
            self._set_timer(wake)

    def _flush(self) -> None:
        outgoing, self._outgoing = self._outgoing, []
        if self._transport is not None and outgoing:
            self._transport.write(outgoing[0] if len(outgoing) == 1 else b"".join(outgoing))

    def _set_timer(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._wake)

    def _wake(self) -> None:
        self._timer = None
        now = self._loop.time()
        requests = self.conversation.waiters()
        if not requests:
            return
        if now >= self._silent_since + self._silence_limit:
            self._expire(requests, now)
            self.end(connection_closed("the service is silent"))
            return
        self._expire(requests, now)
        if self._end_if_drained():
            return
        alive = [request.deadline for request in requests if not request.future.done()]
        self._set_timer(min([*alive, self._silent_since + self._silence_limit]))

    def _expire(self, requests: list[Request], now: float) -> None:
        for request in requests:
            if request.deadline <= now and not request.future.done():
                late = deadline_exceeded("the service did not answer in time")
                request.future.set_exception(AttemptFailed(late, may_have_been_sent=True))

    def end(self, error: CacheError) -> None:
        """Every way in which the connection ends leads here; only the first counts."""
        if self.closed.done():
            return
        self.closed.set_result(None)
        if self.conversation.failure is None:
            self.conversation.failure = error
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for request in self.conversation.waiters():
            if not request.future.done():
                request.future.set_exception(AttemptFailed(error, may_have_been_sent=True))
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
        self._waiting.clear()
        self._outgoing.clear()
        if self._transport is not None:
            # What is left to be written is of no use to anybody.
            self._transport.abort()


def too_many_waiting() -> CacheError:
    return CacheError(ErrorCode.OVERLOADED, "too many requests wait for the connection", {RETRY_AFTER: "10"})
