"""The stored answer, or the one that is computed."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from conftest import Service
from fake_server import FakeServer, Peer, error_frame

from semblance import (
    AsyncClient,
    CacheError,
    Client,
    ComputedAnswer,
    Configuration,
    Dependency,
    Insertion,
    Invalidation,
    Lookup,
    fingerprint,
)


def test_an_answer_is_computed_once(service: Service) -> None:
    namespace = uuid.uuid4().hex
    calls: list[int] = []

    def compute() -> ComputedAnswer:
        calls.append(1)
        return ComputedAnswer("Within 30 days.", [Dependency("kb/refunds")], prompt="A refund?", tags=["refunds"])

    with Client(service.network) as client:
        lookup = Lookup(vector=[1, 0], key=fingerprint("refund"), omits_payload=True)
        first = client.answer(namespace, lookup, compute, model="unit")
        second = client.answer(namespace, lookup, compute)
        assert first.text == second.text == "Within 30 days."
        assert first.content_type == second.content_type == "text/plain; charset=utf-8"
        assert first.hit is None
        assert second.hit is not None
        assert first.stored == second.hit.entry.number
        assert second.hit.entry.prompt == "A refund?"
        assert len(calls) == 1


def test_what_changes_while_an_answer_is_computed_keeps_it_out(service: Service) -> None:
    namespace = uuid.uuid4().hex
    with Client(service.network) as client:
        # A lease from before anything ever changed is answered as if there were none.
        client.invalidate(namespace, Invalidation.bump("kb/other"))

        def compute() -> ComputedAnswer:
            client.invalidate(namespace, Invalidation.version("kb/refunds", 42))
            return ComputedAnswer(b"Within 30 days.", [Dependency("kb/refunds")])

        answer = client.answer(namespace, Lookup(vector=[1, 0]), compute)
        assert answer.payload == b"Within 30 days."
        assert answer.stored is None
        assert answer.failure is not None
        assert answer.failure.code == "stale-dependency"
        assert client.lookup(namespace, Lookup(vector=[1, 0])).hit is None


def test_the_asyncio_client_computes_with_a_coroutine(service: Service) -> None:
    namespace = uuid.uuid4().hex

    async def run() -> None:
        async def compute() -> str:
            await asyncio.sleep(0)
            return "computed"

        async def fail() -> str:
            raise AssertionError("it is stored already")

        async with AsyncClient(service.unix) as client:
            answer = await client.answer(namespace, Lookup(key=7), compute)
            assert answer.text == "computed"
            assert answer.stored is not None
            assert (await client.answer(namespace, Lookup(key=7), fail)).text == "computed"

    asyncio.run(run())


def test_the_cache_never_fails_the_caller() -> None:
    def serve(peer: Peer) -> None:
        while True:
            opcode, identifier, _ = peer.request()
            peer.send(error_frame(opcode, identifier, 41))

    with FakeServer(serve) as server, Client(server.address) as client:
        answer = client.answer("support", Lookup(key=1), lambda: "computed")
        assert answer.text == "computed"
        assert answer.failure is not None
        assert answer.failure.code == "storage-full"
    unreachable = Client(server.address, Configuration(attempt_limit=1))
    assert unreachable.answer("support", Lookup(key=1), lambda: "computed").text == "computed"


def test_what_computing_raises_is_raised(service: Service) -> None:
    def compute() -> str:
        raise LookupError("no documents")

    with Client(service.network) as client, pytest.raises(LookupError):
        client.answer(uuid.uuid4().hex, Lookup(key=1), compute)


def test_empty_batches_ask_nobody() -> None:
    client = Client("127.0.0.1:1")
    assert client.lookup_many("support", []) == []
    assert client.insert_many("support", []) == []
    assert client.invalidate_many("support", []) == []
    assert client.delete_many("support", []) == []


@pytest.mark.parametrize(
    "insertion",
    [
        Insertion("x", key=-1),
        Insertion("x", key=1 << 128),
        Insertion("x", key=1, scope=1 << 128),
        Insertion("x", vector=[]),
        Insertion("x", vector=[1.0] * 65536),
        Insertion("\ud800", key=1),
        Insertion("x", key=1, tags=["x" * 65536]),
        Insertion("x", key=1, expires_at=1 << 63),
        Insertion("x", key=1, cost_saved_nanodollars=-1),
        Insertion("x", key=1, dependencies=[Dependency("s", 1 << 64)]),
    ],
    ids=range(10),
)
def test_what_no_request_can_carry_is_refused_here(insertion: Insertion) -> None:
    with pytest.raises(CacheError) as caught:
        Client("127.0.0.1:1").insert("support", insertion)
    assert caught.value.code == "invalid-argument"


def test_a_request_longer_than_a_service_takes_is_refused_here(service: Service) -> None:
    with Client(service.network) as client:
        with pytest.raises(CacheError) as caught:
            client.insert_many("support", [Insertion(bytes(15 << 20), key=1)] * 3)
        assert caught.value.code == "frame-too-large"
        client.ping()


def test_fingerprints_keep_their_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("ä") == fingerprint("ä".encode())
    assert 0 <= fingerprint() < 1 << 128
