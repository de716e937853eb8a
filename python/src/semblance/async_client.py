"""The client for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from semblance.address import STANDARD, UnixAddress, parse_address
from semblance.answers import (
    Answer,
    ComputedAnswer,
    Entry,
    Inserted,
    Insertion,
    Lookup,
    LookupReply,
)
from semblance.channel import Channel, too_many_waiting
from semblance.configuration import Configuration
from semblance.copies import Scan, ScanPage
from semblance.encryption import unreachable
from semblance.errors import CacheError, ErrorCode, deadline_exceeded, malformed
from semblance.filling import computed_answer, filled_answer, found_answer, insertion_of, only, with_payload
from semblance.freshness import (
    Invalidation,
    InvalidationReceipt,
    Lease,
    Position,
    PurgeReceipt,
    SourceState,
)
from semblance.retry import CLIENT_CLOSED, AttemptFailed, Backoff, retry_delay
from semblance.service import NamespaceDescription, NamespaceSettings, ServiceInformation
from semblance.wire import requests
from semblance.wire.requests import Call

Value = TypeVar("Value")


class AsyncClient:
    """A client of the cache service, for as many tasks at once as an app has.

    It keeps one connection, opened when it is first needed, and sends many requests on it without waiting for replies
    in between. A task that is cancelled goes on at once; the reply that comes later is dropped. A client belongs to the
    event loop that uses it; used from another one, it connects again.

    Deadlines, errors and what is tried again are those of `Client`.
    """

    def __init__(self, address: str = STANDARD, configuration: Configuration | None = None) -> None:
        """Opens no connection yet.

        `address` is `host:port` or `unix:` and a path. Raises `CacheError`, `invalid-configuration`.
        """
        self.configuration = configuration or Configuration()
        self.address = parse_address(address)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._channel: Channel | None = None
        self._opening: asyncio.Task[Channel] | None = None
        self._opening_count = 0
        self._backoff = Backoff(self.configuration)
        self._information: ServiceInformation | None = None
        self._is_closed = False

    async def close(self) -> None:
        """Calls from now on fail with `connection-closed`. Returns when those under way have ended."""
        self._is_closed = True
        if self._loop is not asyncio.get_running_loop():
            return
        if self._opening is not None:
            self._opening.cancel()
        if self._channel is not None:
            self._channel.drain()
            await asyncio.shield(self._channel.closed)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    # MARK: Requests

    async def _perform(self, call: Call[Value], timeout: float | None) -> Value:
        configuration = self.configuration
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._channel, self._opening, self._opening_count = loop, None, None, 0
        deadline = loop.time() + (configuration.request_timeout if timeout is None else timeout)
        attempt = 1
        while True:
            is_reply, may_have_been_sent = True, True
            try:
                channel = self._channel
                if channel is None or not channel.is_usable or self._is_closed:
                    channel = await self._open(loop, deadline)
                answer = await channel.perform(call, deadline)
                if channel.conversation.has_answered:
                    self._backoff.answered()
                if not isinstance(answer, CacheError):
                    return answer  # type: ignore[no-any-return]
                error = answer
            except AttemptFailed as failure:
                error, is_reply, may_have_been_sent = failure.error, False, failure.may_have_been_sent
            delay = retry_delay(
                configuration,
                error,
                attempt=attempt,
                is_repeatable=call.is_repeatable,
                is_reply=is_reply,
                may_have_been_sent=may_have_been_sent,
                remaining=deadline - loop.time(),
            )
            if delay is None:
                raise error
            await asyncio.sleep(delay)
            attempt += 1

    async def _open(self, loop: asyncio.AbstractEventLoop, deadline: float) -> Channel:
        """The connection that all tasks wait for together. Raises `AttemptFailed`."""
        if self._is_closed:
            raise AttemptFailed(CLIENT_CLOSED, may_have_been_sent=False)
        if self._opening is None:
            self._backoff.check(time.monotonic())
            self._opening = loop.create_task(self._connect(loop))
            self._opening.add_done_callback(self._opened)
        if self._opening_count >= self.configuration.waiting_request_limit:
            raise AttemptFailed(too_many_waiting(), may_have_been_sent=False)
        self._opening_count += 1
        opening = self._opening
        try:
            done, _ = await asyncio.wait([opening], timeout=deadline - loop.time())
        finally:
            self._opening_count -= 1
        if not done:
            late = deadline_exceeded("there was no connection in time")
            raise AttemptFailed(late, may_have_been_sent=False)
        if opening.cancelled():
            raise AttemptFailed(CLIENT_CLOSED, may_have_been_sent=False)
        return opening.result()

    def _opened(self, opening: asyncio.Task[Channel]) -> None:
        if self._opening is opening:
            self._opening = None
        if not opening.cancelled() and opening.exception() is None:
            channel = self._channel = opening.result()
            self._information = channel.conversation.information
            channel.closed.add_done_callback(lambda _: self._lost(channel))

    def _lost(self, channel: Channel) -> None:
        if not channel.conversation.has_answered and channel.conversation.failure is not None:
            self._backoff.failed(channel.conversation.failure, time.monotonic())

    async def _connect(self, loop: asyncio.AbstractEventLoop) -> Channel:
        channel = Channel(self.configuration, loop)
        deadline = loop.time() + self.configuration.connect_timeout
        failure: CacheError | None
        try:
            await asyncio.wait_for(self._connect_transport(loop, channel), self.configuration.connect_timeout)
            failure = await channel.greet(deadline)
        except AttemptFailed as error:
            failure = error.error
            if failure.code is ErrorCode.DEADLINE_EXCEEDED:
                failure = unreachable(self.address, failure.message)
        except (OSError, UnicodeError, ValueError, asyncio.TimeoutError) as error:
            failure = unreachable(self.address, error)
        except BaseException:
            channel.end(CLIENT_CLOSED)
            raise
        if failure is None:
            return channel
        channel.end(failure)
        self._backoff.failed(failure, time.monotonic())
        raise AttemptFailed(failure, may_have_been_sent=False)

    async def _connect_transport(self, loop: asyncio.AbstractEventLoop, channel: Channel) -> None:
        tls, name = self.configuration.tls, self.configuration.tls_server_name
        address = self.address
        if isinstance(address, UnixAddress):
            await loop.create_unix_connection(lambda: channel, address.path)
        else:
            server_name = (name or address.host) if tls else None
            await loop.create_connection(
                lambda: channel, address.host, address.port, ssl=tls, server_hostname=server_name
            )

    # MARK: Looking up

    async def lookup(self, namespace: str, lookup: Lookup, *, timeout: float | None = None) -> LookupReply:
        """Asks whether something that means the same has been answered before, and whether the answer still holds.

        Returns hits or a miss, with a lease for inserting what is computed instead; raises what a batch would report as
        a refusal.
        """
        reply = (await self.lookup_many(namespace, [lookup], timeout=timeout))[0]
        if reply.refusal is not None:
            raise reply.refusal
        return reply

    async def lookup_many(
        self, namespace: str, lookups: Sequence[Lookup], *, timeout: float | None = None
    ) -> list[LookupReply]:
        """Several lookups, searched together. The replies are in their order, refusals among them."""
        if not lookups:
            return []
        return await self._perform(requests.lookup(namespace, lookups, self.configuration.half_precision), timeout)

    async def answer(
        self,
        namespace: str,
        lookup: Lookup,
        compute: Callable[[], Awaitable[ComputedAnswer | str | bytes]],
        *,
        model: str = "",
        timeout: float | None = None,
    ) -> Answer:
        """The stored answer to a lookup, or else the one that `compute` makes, which is stored for the next time.

        The lease for storing it is the lookup's own, from before `compute` runs: whatever is announced about a source
        in the meantime keeps the answer out of the cache. Read the data inside of `compute`; of data that was read
        earlier, name the versions as dependencies.

        The cache never fails the caller: when the lookup fails, `compute` runs and nothing is stored; when storing
        fails, the answer is returned all the same, and `Answer.failure` tells. Only what `compute` raises is raised.
        Tasks that ask the same at the same time each compute. `timeout` is for the lookup, and again for the insert.
        """
        reply: LookupReply | CacheError
        try:
            reply = await self.lookup(namespace, with_payload(lookup), timeout=timeout)
        except CacheError as error:
            reply = error
        answer = found_answer(reply)
        if answer is not None:
            return answer
        computed = computed_answer(await compute())
        stored: int | CacheError
        if isinstance(reply, CacheError):
            stored = reply
        else:
            try:
                insertion = insertion_of(computed, lookup, reply.lease)
                stored = await self.insert(namespace, insertion, model=model, timeout=timeout)
            except CacheError as error:
                stored = error
        return filled_answer(computed, stored)

    # MARK: Storing

    async def insert(
        self, namespace: str, insertion: Insertion, *, model: str = "", timeout: float | None = None
    ) -> int:
        """Stores an answer and returns the number of its entry. `model` is the embedding model that made the vector."""
        return only(await self.insert_many(namespace, [insertion], model=model, timeout=timeout)).entry

    async def insert_many(
        self, namespace: str, insertions: Sequence[Insertion], *, model: str = "", timeout: float | None = None
    ) -> list[Inserted | CacheError]:
        """Stores several answers, in order; each is stored or refused on its own."""
        if not insertions:
            return []
        call = requests.insert(namespace, model, insertions, self.configuration.half_precision)
        return await self._perform(call, timeout)

    # MARK: Single entries

    async def entry(
        self, namespace: str, number: int, *, scope: int | None = None, timeout: float | None = None
    ) -> Entry:
        """An entry with its payload; `entry-not-found` when it does not hold any more, or is of another scope."""
        return await self._perform(requests.get(namespace, number, scope), timeout)

    async def delete(
        self, namespace: str, number: int, *, scope: int | None = None, timeout: float | None = None
    ) -> bool:
        """Whether the entry was there."""
        return (await self.delete_many(namespace, [number], scope=scope, timeout=timeout))[0]

    async def delete_many(
        self, namespace: str, numbers: Sequence[int], *, scope: int | None = None, timeout: float | None = None
    ) -> list[bool]:
        """Of each entry whether it was there."""
        if not numbers:
            return []
        return await self._perform(requests.delete(namespace, numbers, scope), timeout)

    # MARK: News about sources

    async def invalidate(
        self, namespace: str, invalidation: Invalidation, *, timeout: float | None = None
    ) -> InvalidationReceipt:
        """Returns when the news is on disk: from then on no answer built on older data is served."""
        return only(await self.invalidate_many(namespace, [invalidation], timeout=timeout))

    async def invalidate_many(
        self, namespace: str, invalidations: Sequence[Invalidation], *, timeout: float | None = None
    ) -> list[InvalidationReceipt | CacheError]:
        """News of several sources, applied in order; each is taken or refused on its own."""
        if not invalidations:
            return []
        return await self._perform(requests.invalidate(namespace, invalidations), timeout)

    async def purge_tag(self, namespace: str, tag: str, *, timeout: float | None = None) -> PurgeReceipt:
        """Removes all entries with a tag. Later inserts under it need a lease from after the purge."""
        return await self._perform(requests.purge_tag(namespace, tag), timeout)

    async def purge_scope(self, namespace: str, scope: int, *, timeout: float | None = None) -> PurgeReceipt:
        """Removes all entries of a scope. Later inserts under it need a lease from after the purge."""
        return await self._perform(requests.purge_scope(namespace, scope), timeout)

    async def lift_fence(self, *, timeout: float | None = None) -> Position:
        """Vouches for everything that the store does not know since it was restored or recovered empty."""
        return await self._perform(requests.lift_fence(), timeout)

    # MARK: Leases

    async def lease(self, namespace: str, *, timeout: float | None = None) -> Lease:
        """To be taken before reading the data that an answer is built from."""
        return (await self.lease_and_states(namespace, (), timeout=timeout))[0]

    async def lease_and_states(
        self, namespace: str, sources: Sequence[str], *, timeout: float | None = None
    ) -> tuple[Lease, list[SourceState]]:
        """A lease, and the newest state that the store has been told of each source."""
        return await self._perform(requests.lease(namespace, sources), timeout)

    # MARK: The service

    async def ping(self, *, timeout: float | None = None) -> float:
        """Seconds until the reply, connecting included where that was needed."""
        start = time.monotonic()
        if await self._perform(requests.ping(b"semblance"), timeout) != b"semblance":
            raise malformed("the reply to a PING is not its echo")
        return time.monotonic() - start

    async def information(self, *, timeout: float | None = None) -> ServiceInformation:
        """What the service said of itself when the newest connection was made; connects where there is none yet."""
        if self._information is None:
            await self.ping(timeout=timeout)
        if self._information is None:
            raise malformed("the service has not said HELLO")
        return self._information

    async def statistics(self, *, timeout: float | None = None) -> dict[str, Any]:
        """The service's counters and gauges: see docs/PROTOCOL.md."""
        return await self._perform(requests.statistics(), timeout)

    async def create_namespace(
        self, name: str, settings: NamespaceSettings | None = None, *, timeout: float | None = None
    ) -> NamespaceDescription:
        """`namespace-conflict` when it is there with other settings."""
        return await self._perform(requests.create_namespace(name, settings or NamespaceSettings()), timeout)

    async def namespaces(self, *, timeout: float | None = None) -> list[NamespaceDescription]:
        """All namespaces and what they hold."""
        return await self._perform(requests.list_namespaces(), timeout)

    async def scan(self, namespace: str, scan: Scan, *, timeout: float | None = None) -> ScanPage:
        """A page of a namespace's entries, with all that it takes to store them again. Only entries that hold now.

        The next page is `Scan(after=page.last)`, until `page.is_at_end`. Raises `unsupported-version` for a service
        that cannot do this yet.
        """
        await self._require_copies(timeout)
        return await self._perform(requests.scan(namespace, scan), timeout)

    async def follow(self, namespace: str, followed: str | None, *, timeout: float | None = None) -> Position:
        """From now on what is announced to `followed` holds in `namespace` as well, as does what was announced before.

        None ends it; what is known stays known.
        """
        await self._require_copies(timeout)
        return await self._perform(requests.follow(namespace, followed), timeout)

    async def _require_copies(self, timeout: float | None) -> None:
        information = await self.information(timeout=timeout)
        if not information.copies_entries:
            raise CacheError(
                ErrorCode.UNSUPPORTED_VERSION,
                f"the service is of version {information.server_version}, which cannot copy entries; upgrade it",
            )

    async def drop_namespace(self, name: str, *, timeout: float | None = None) -> PurgeReceipt:
        """Removes a namespace and all of its entries. What is known of its sources stays."""
        return await self._perform(requests.drop_namespace(name), timeout)
