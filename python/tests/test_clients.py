"""Connections, deadlines, retries and the ends of both."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import threading
import time

import pytest
from both import BOTH, Blocking, Either
from conftest import Service
from fake_server import FakeServer, Peer, error_frame, frame

from semblance import (
    AsyncClient,
    CacheError,
    Client,
    Configuration,
    ErrorCode,
    Insertion,
    Invalidation,
    Lookup,
)
from semblance.pool import Connection
from semblance.retry import CLIENT_CLOSED, Backoff, retry_delay

BOTH_CLIENTS = pytest.mark.parametrize("client_of", BOTH.values(), ids=BOTH.keys())
CLOSED = CacheError(ErrorCode.CONNECTION_CLOSED, "gone")


def test_both_clients_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, list[str]]:
        public = {name: value for name, value in vars(kind).items() if not name.startswith("_") and callable(value)}
        return {
            name: [str(each) for each in inspect.signature(value).parameters.values()] for name, value in public.items()
        }

    blocking, others = calls(Client), calls(AsyncClient)
    compute = "compute: 'Callable[[], Awaitable[ComputedAnswer | str | bytes]]'"
    assert compute in others["answer"]
    others["answer"][others["answer"].index(compute)] = compute.replace("Awaitable[", "").replace("]]'", "]'")
    assert blocking == others
    assert len(blocking) > 20


# MARK: Retries


def delay(error: CacheError, **changes: object) -> float | None:
    arguments: dict[str, object] = {
        "attempt": 1,
        "is_repeatable": True,
        "is_reply": False,
        "may_have_been_sent": True,
        "remaining": 10.0,
        **changes,
    }
    configuration = arguments.pop("configuration", Configuration())
    return retry_delay(configuration, error, **arguments)  # type: ignore[arg-type]


def test_what_may_have_been_sent_is_sent_again_only_if_that_changes_nothing() -> None:
    assert delay(CLOSED) == 0
    assert delay(CLOSED, is_repeatable=False) is None
    assert delay(CLOSED, is_repeatable=False, may_have_been_sent=False) == 0
    assert delay(CLOSED, attempt=3) is None
    assert delay(CLIENT_CLOSED) is None
    assert delay(CacheError(ErrorCode.DEADLINE_EXCEEDED, "late"), may_have_been_sent=False) is None


def test_replies_are_tried_again_only_when_the_service_is_busy_or_stops() -> None:
    busy = CacheError(ErrorCode.OVERLOADED, "busy", {"retry-after-ms": "40"})
    patient = Configuration(retries_overloaded=True)
    assert delay(busy, is_reply=True) is None
    assert delay(busy, is_reply=True, configuration=patient) == 0.04
    assert delay(busy, is_reply=True, configuration=patient, is_repeatable=False) is None
    assert delay(busy, is_reply=True, configuration=patient, remaining=0.04) is None
    assert delay(CacheError(ErrorCode.OVERLOADED, "busy", {"retry-after-ms": "251"}), configuration=patient) is None
    assert delay(CacheError(ErrorCode.SHUTTING_DOWN, "stops"), is_reply=True) == 0.01
    assert delay(CacheError(ErrorCode.STORAGE_FAILED, "disk"), is_reply=True) is None


def test_the_time_to_wait_is_read_from_whatever_a_service_says() -> None:
    for text, seconds in {"": None, "x": None, "-5": 0.0, "100": 0.1, "9" * 5000: None}.items():
        assert CacheError(ErrorCode.OVERLOADED, "", {"retry-after-ms": text}).retry_after == seconds


def test_the_delay_before_connecting_again_doubles_up_to_a_limit() -> None:
    backoff = Backoff(Configuration(reconnect_delay=1, reconnect_delay_limit=8, randomness=lambda: 1))
    waits = []
    for _ in range(6):
        backoff.failed(CacheError(ErrorCode.CONNECTION_FAILED, "no"), now=0)
        with pytest.raises(Exception, match="no") as caught:
            backoff.check(now=0)
        waits.append(caught.value.error.retry_after)  # type: ignore[attr-defined]
    assert waits == [1, 2, 4, 8, 8, 8]
    backoff.answered()
    backoff.check(now=0)


@BOTH_CLIENTS
def test_a_lookup_is_sent_again_when_the_connection_is_lost_and_an_insert_is_not(client_of: Either) -> None:
    asked: list[int] = []

    def serve(peer: Peer) -> None:
        opcode, identifier, _ = peer.request()
        asked.append(opcode)
        if len(asked) == 2:
            peer.send(error_frame(opcode, identifier, 30))
            peer.request()

    with FakeServer(serve) as server, client_of(server.address, Configuration(reconnect_delay=0.001)) as client:
        with pytest.raises(CacheError) as caught:
            client.lookup("support", Lookup(key=1))
        assert caught.value.code == "namespace-not-found"
        assert asked == [0x10, 0x10]

    asked.clear()
    with FakeServer(serve) as server, client_of(server.address) as client:
        with pytest.raises(CacheError) as caught:
            client.insert("support", Insertion("answer", key=1))
        assert caught.value.code == "connection-closed"
        assert asked == [0x11]


@BOTH_CLIENTS
@pytest.mark.parametrize("change", [Invalidation.version("s", 1), Invalidation.bump("s")], ids=["version", "bump"])
def test_news_with_a_version_is_sent_again_and_a_bump_is_not(client_of: Either, change: Invalidation) -> None:
    asked: list[int] = []

    def serve(peer: Peer) -> None:
        asked.append(peer.request()[0])

    configuration = Configuration(reconnect_delay=0.001)
    with FakeServer(serve) as server, client_of(server.address, configuration) as client, pytest.raises(CacheError):
        client.invalidate("support", change)
    # Between two connections that answered nothing there is a wait, which counts as an attempt.
    assert len(asked) == (2 if change == Invalidation.version("s", 1) else 1)


@BOTH_CLIENTS
def test_nothing_is_sent_to_a_service_that_stops(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        opcode, identifier, body = peer.request()
        if server.connection_count == 1:
            peer.send(error_frame(opcode, identifier, 46))
        else:
            peer.send(frame(opcode, identifier, body))
        peer.request()

    with FakeServer(serve) as server, client_of(server.address) as client:
        client.ping()
        assert server.connection_count == 2


@BOTH_CLIENTS
def test_a_service_that_is_not_there_is_told_at_once(client_of: Either) -> None:
    with FakeServer(lambda peer: None) as server:
        address = server.address
    configuration = Configuration(reconnect_delay=5, reconnect_delay_limit=5)
    with client_of(address, configuration) as client:
        for _ in range(3):
            start = time.monotonic()
            with pytest.raises(CacheError) as caught:
                client.ping()
            assert caught.value.code == "connection-failed"
            assert time.monotonic() - start < 1
        assert 2 < (caught.value.retry_after or 0) <= 5


@BOTH_CLIENTS
def test_a_closed_client_says_so(client_of: Either, service: Service) -> None:
    client = client_of(service.network)
    with client:
        client.ping()
    if client_of is Client:
        with pytest.raises(CacheError) as caught:
            client.ping()
        assert caught.value is CLIENT_CLOSED


# MARK: Connections


def test_threads_share_as_many_connections_as_they_may(service: Service) -> None:
    failures: list[BaseException] = []

    def work(client: Client, number: int) -> None:
        try:
            for turn in range(30):
                key = number << 32 | turn
                client.insert("threads", Insertion(str(key), key=key))
                assert client.lookup("threads", Lookup(key=key)).text == str(key)
        except BaseException as error:  # told to the test
            failures.append(error)

    with Client(service.unix, Configuration(connection_limit=3)) as client:
        before = client.statistics()["server"]["connectionsAccepted"]
        threads = [threading.Thread(target=work, args=(client, number)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
        assert client.statistics()["server"]["connectionsAccepted"] - before <= 2


def test_a_thread_that_gets_no_connection_in_time_is_told() -> None:
    asked = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        asked.set()
        peer.request()

    with FakeServer(serve) as server, Client(server.address, Configuration(connection_limit=1)) as client:

        def wait() -> None:
            with contextlib.suppress(CacheError):
                client.ping(timeout=1)

        thread = threading.Thread(target=wait)
        thread.start()
        assert asked.wait(5)
        with pytest.raises(CacheError) as caught:
            client.ping(timeout=0.05)
        assert caught.value.code == "deadline-exceeded"
        thread.join()


def test_an_idle_connection_that_was_closed_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def serve(peer: Peer) -> None:
        opcode, identifier, body = peer.request()
        asked.append(opcode)
        peer.send(frame(opcode, identifier, body if opcode == 2 else b"\1\0\1" + bytes(8)))

    monkeypatch.setattr("semblance.pool._CHECKED_AFTER_SECONDS", 0)
    with FakeServer(serve) as server, Client(server.address) as client:
        client.ping()
        [connection] = client._pool._idle
        assert isinstance(connection, Connection)
        deadline = time.monotonic() + 5
        while connection.is_quiet() and time.monotonic() < deadline:
            pass
        # It could not be sent again if it had been sent there.
        client.insert("support", Insertion("answer", key=1))
        assert asked == [2, 0x11]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_process_has_connections_of_its_own(service: Service) -> None:
    with Client(service.unix) as client:
        client.ping()
        child = os.fork()
        if child == 0:
            status = 1
            with contextlib.suppress(BaseException):
                status = 0 if client.ping() > 0 and client._pool._open_count == 1 else 2
            os._exit(status)
        client.ping()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        client.ping()


def test_requests_share_one_connection_up_to_its_limits(service: Service) -> None:
    async def run() -> None:
        async with AsyncClient(service.network) as client:
            before = (await client.statistics())["server"]["connectionsAccepted"]
            # More than the 1,024 that a service takes from one connection.
            await asyncio.gather(*(client.ping() for _ in range(3000)))
            assert (await client.statistics())["server"]["connectionsAccepted"] == before

    asyncio.run(run())


def test_large_answers_wait_for_room_and_come_back_whole(service: Service) -> None:
    payload = os.urandom(12 << 20)

    async def run() -> None:
        async with AsyncClient(service.unix, Configuration(request_timeout=60)) as client:
            # Eight of them are more than the bytes that may be in flight.
            numbers = await asyncio.gather(*(client.insert("large", Insertion(payload, key=key)) for key in range(8)))
            entry = await client.entry("large", numbers[3])
            assert entry.payload == payload
            await client.drop_namespace("large")

    asyncio.run(run())
    with Client(service.network, Configuration(request_timeout=60)) as client:
        number = client.insert("large", Insertion(payload, key=1))
        assert client.entry("large", number).payload == payload
        client.drop_namespace("large")


def test_a_task_that_is_cancelled_leaves_the_others_alone(service: Service) -> None:
    async def run() -> None:
        async with AsyncClient(service.network) as client:
            await client.ping()
            tasks = [asyncio.create_task(client.ping()) for _ in range(20)]
            await asyncio.sleep(0)
            for task in tasks[::2]:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes[::2])
            assert all(isinstance(outcome, float) for outcome in outcomes[1::2])

    asyncio.run(run())


def test_a_client_goes_on_in_another_event_loop(service: Service) -> None:
    client = AsyncClient(service.network)
    for _ in range(2):
        asyncio.run(_ping_and_leave(client))


async def _ping_and_leave(client: AsyncClient) -> None:
    assert await client.ping() > 0


def test_too_many_waiting_tasks_are_told() -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.request()

    configuration = Configuration(waiting_request_limit=2, connect_timeout=0.2, attempt_limit=1)
    with FakeServer(serve, greets=False) as server, Blocking(server.address, configuration) as client:
        errors = client.together("ping", (), (), ())
        assert [error.code for error in errors] == ["connection-failed", "connection-failed", "overloaded"]
        assert errors[2].retry_after == 0.01
