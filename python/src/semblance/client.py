"""The client for code that blocks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from semblance.address import STANDARD, parse_address
from semblance.answers import (
    Answer,
    ComputedAnswer,
    Entry,
    Inserted,
    Insertion,
    Lookup,
    LookupReply,
)
from semblance.configuration import Configuration
from semblance.copies import Scan, ScanPage
from semblance.errors import CacheError, ErrorCode, malformed
from semblance.filling import computed_answer, filled_answer, found_answer, insertion_of, only, with_payload
from semblance.freshness import (
    Invalidation,
    InvalidationReceipt,
    Lease,
    Position,
    PurgeReceipt,
    SourceState,
)
from semblance.pool import Pool
from semblance.retry import AttemptFailed, retry_delay
from semblance.service import NamespaceDescription, NamespaceSettings, ServiceInformation
from semblance.wire import requests
from semblance.wire.requests import Call

Value = TypeVar("Value")


class Client:
    """A client of the cache service, for as many threads at once as an app has.

    Connections are opened when they are first needed. Every call has a deadline: `timeout` in seconds, or the
    configuration's. Calls that are safe to repeat are tried again within it when a connection is lost: see
    `semblance.retry`. Everything else fails with `connection-closed` then: it may or may not have been done.

    Every error is a `CacheError`: those of the service as it sent them; `connection-failed` when it cannot be reached,
    `connection-closed`, `deadline-exceeded`, `malformed-frame` when the service answers what cannot be an answer, and
    `invalid-argument` for values that no request can carry.
    """

    def __init__(self, address: str = STANDARD, configuration: Configuration | None = None) -> None:
        """Opens no connection yet.

        `address` is `host:port` or `unix:` and a path. Raises `CacheError`, `invalid-configuration`.
        """
        self.configuration = configuration or Configuration()
        self.address = parse_address(address)
        self._pool = Pool(self.address, self.configuration)

    def close(self) -> None:
        """Calls from now on fail with `connection-closed`; those that are under way end as usual."""
        self._pool.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _perform(self, call: Call[Value], timeout: float | None) -> Value:
        configuration = self.configuration
        deadline = time.monotonic() + (configuration.request_timeout if timeout is None else timeout)
        attempt = 1
        while True:
            is_reply, may_have_been_sent = True, True
            try:
                answer = self._pool.perform(call, deadline)
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
                remaining=deadline - time.monotonic(),
            )
            if delay is None:
                raise error
            time.sleep(delay)
            attempt += 1

    # MARK: Looking up

    def lookup(self, namespace: str, lookup: Lookup, *, timeout: float | None = None) -> LookupReply:
        """Asks whether something that means the same has been answered before, and whether the answer still holds.

        Returns hits or a miss, with a lease for inserting what is computed instead; raises what a batch would report as
        a refusal.
        """
        reply = self.lookup_many(namespace, [lookup], timeout=timeout)[0]
        if reply.refusal is not None:
            raise reply.refusal
        return reply

    def lookup_many(
        self, namespace: str, lookups: Sequence[Lookup], *, timeout: float | None = None
    ) -> list[LookupReply]:
        """Several lookups, searched together. The replies are in their order, refusals among them."""
        if not lookups:
            return []
        return self._perform(requests.lookup(namespace, lookups, self.configuration.half_precision), timeout)

    def answer(
        self,
        namespace: str,
        lookup: Lookup,
        compute: Callable[[], ComputedAnswer | str | bytes],
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
        Threads that ask the same at the same time each compute. `timeout` is for the lookup, and again for the insert.
        """
        reply: LookupReply | CacheError
        try:
            reply = self.lookup(namespace, with_payload(lookup), timeout=timeout)
        except CacheError as error:
            reply = error
        answer = found_answer(reply)
        if answer is not None:
            return answer
        computed = computed_answer(compute())
        stored: int | CacheError
        if isinstance(reply, CacheError):
            stored = reply
        else:
            try:
                insertion = insertion_of(computed, lookup, reply.lease)
                stored = self.insert(namespace, insertion, model=model, timeout=timeout)
            except CacheError as error:
                stored = error
        return filled_answer(computed, stored)

    # MARK: Storing

    def insert(self, namespace: str, insertion: Insertion, *, model: str = "", timeout: float | None = None) -> int:
        """Stores an answer and returns the number of its entry. `model` is the embedding model that made the vector."""
        return only(self.insert_many(namespace, [insertion], model=model, timeout=timeout)).entry

    def insert_many(
        self, namespace: str, insertions: Sequence[Insertion], *, model: str = "", timeout: float | None = None
    ) -> list[Inserted | CacheError]:
        """Stores several answers, in order; each is stored or refused on its own."""
        if not insertions:
            return []
        call = requests.insert(namespace, model, insertions, self.configuration.half_precision)
        return self._perform(call, timeout)

    # MARK: Single entries

    def entry(self, namespace: str, number: int, *, scope: int | None = None, timeout: float | None = None) -> Entry:
        """An entry with its payload; `entry-not-found` when it does not hold any more, or is of another scope."""
        return self._perform(requests.get(namespace, number, scope), timeout)

    def delete(self, namespace: str, number: int, *, scope: int | None = None, timeout: float | None = None) -> bool:
        """Whether the entry was there."""
        return self.delete_many(namespace, [number], scope=scope, timeout=timeout)[0]

    def delete_many(
        self, namespace: str, numbers: Sequence[int], *, scope: int | None = None, timeout: float | None = None
    ) -> list[bool]:
        """Of each entry whether it was there."""
        if not numbers:
            return []
        return self._perform(requests.delete(namespace, numbers, scope), timeout)

    # MARK: News about sources

    def invalidate(
        self, namespace: str, invalidation: Invalidation, *, timeout: float | None = None
    ) -> InvalidationReceipt:
        """Returns when the news is on disk: from then on no answer built on older data is served."""
        return only(self.invalidate_many(namespace, [invalidation], timeout=timeout))

    def invalidate_many(
        self, namespace: str, invalidations: Sequence[Invalidation], *, timeout: float | None = None
    ) -> list[InvalidationReceipt | CacheError]:
        """News of several sources, applied in order; each is taken or refused on its own."""
        if not invalidations:
            return []
        return self._perform(requests.invalidate(namespace, invalidations), timeout)

    def purge_tag(self, namespace: str, tag: str, *, timeout: float | None = None) -> PurgeReceipt:
        """Removes all entries with a tag. Later inserts under it need a lease from after the purge."""
        return self._perform(requests.purge_tag(namespace, tag), timeout)

    def purge_scope(self, namespace: str, scope: int, *, timeout: float | None = None) -> PurgeReceipt:
        """Removes all entries of a scope. Later inserts under it need a lease from after the purge."""
        return self._perform(requests.purge_scope(namespace, scope), timeout)

    def lift_fence(self, *, timeout: float | None = None) -> Position:
        """Vouches for everything that the store does not know since it was restored or recovered empty."""
        return self._perform(requests.lift_fence(), timeout)

    # MARK: Leases

    def lease(self, namespace: str, *, timeout: float | None = None) -> Lease:
        """To be taken before reading the data that an answer is built from."""
        return self.lease_and_states(namespace, (), timeout=timeout)[0]

    def lease_and_states(
        self, namespace: str, sources: Sequence[str], *, timeout: float | None = None
    ) -> tuple[Lease, list[SourceState]]:
        """A lease, and the newest state that the store has been told of each source."""
        return self._perform(requests.lease(namespace, sources), timeout)

    # MARK: The service

    def ping(self, *, timeout: float | None = None) -> float:
        """Seconds until the reply, connecting included where that was needed."""
        start = time.monotonic()
        if self._perform(requests.ping(b"semblance"), timeout) != b"semblance":
            raise malformed("the reply to a PING is not its echo")
        return time.monotonic() - start

    def information(self, *, timeout: float | None = None) -> ServiceInformation:
        """What the service said of itself when the newest connection was made; connects where there is none yet."""
        if self._pool.information is None:
            self.ping(timeout=timeout)
        if self._pool.information is None:
            raise malformed("the service has not said HELLO")
        return self._pool.information

    def statistics(self, *, timeout: float | None = None) -> dict[str, Any]:
        """The service's counters and gauges: see docs/PROTOCOL.md."""
        return self._perform(requests.statistics(), timeout)

    def create_namespace(
        self, name: str, settings: NamespaceSettings | None = None, *, timeout: float | None = None
    ) -> NamespaceDescription:
        """`namespace-conflict` when it is there with other settings."""
        return self._perform(requests.create_namespace(name, settings or NamespaceSettings()), timeout)

    def namespaces(self, *, timeout: float | None = None) -> list[NamespaceDescription]:
        """All namespaces and what they hold."""
        return self._perform(requests.list_namespaces(), timeout)

    def scan(self, namespace: str, scan: Scan, *, timeout: float | None = None) -> ScanPage:
        """A page of a namespace's entries, with all that it takes to store them again. Only entries that hold now.

        The next page is `Scan(after=page.last)`, until `page.is_at_end`. Raises `unsupported-version` for a service
        that cannot do this yet.
        """
        self._require_copies(timeout)
        return self._perform(requests.scan(namespace, scan), timeout)

    def follow(self, namespace: str, followed: str | None, *, timeout: float | None = None) -> Position:
        """From now on what is announced to `followed` holds in `namespace` as well, as does what was announced before.

        None ends it; what is known stays known.
        """
        self._require_copies(timeout)
        return self._perform(requests.follow(namespace, followed), timeout)

    def _require_copies(self, timeout: float | None) -> None:
        information = self.information(timeout=timeout)
        if not information.copies_entries:
            raise CacheError(
                ErrorCode.UNSUPPORTED_VERSION,
                f"the service is of version {information.server_version}, which cannot copy entries; upgrade it",
            )

    def drop_namespace(self, name: str, *, timeout: float | None = None) -> PurgeReceipt:
        """Removes a namespace and all of its entries. What is known of its sources stays."""
        return self._perform(requests.drop_namespace(name), timeout)
