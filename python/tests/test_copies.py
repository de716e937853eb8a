"""Entries are read page by page and stored elsewhere as they were."""

from __future__ import annotations

import uuid

import pytest
from both import BOTH, Either
from conftest import Service
from fake_server import FakeServer, Peer

from semblance import CacheError, Configuration, Dependency, Insertion, Invalidation, Lookup, Scan

BOTH_CLIENTS = pytest.mark.parametrize("client_of", BOTH.values(), ids=BOTH.keys())


@BOTH_CLIENTS
def test_a_copy_has_the_bits_of_the_entry_and_hears_what_the_entry_hears(service: Service, client_of: Either) -> None:
    old, new = f"old-{uuid.uuid4().hex}", f"new-{uuid.uuid4().hex}"
    with client_of(service.network, Configuration(half_precision=True)) as client:
        for number in range(5):
            client.insert(
                old,
                Insertion(
                    f"answer {number}",
                    vector=[0.1, number + 0.7, -3.3],
                    prompt=f"question {number}",
                    dependencies=[Dependency("kb", number)],
                    expires_at=4_000_000_000_000,
                ),
            )
        client.follow(new, old)
        scan, copied = Scan(limit=2), []
        while True:
            page = client.scan(old, scan)
            copied += page.entries
            for scanned in page.entries:
                client.insert(new, scanned.insertion(new, page.position.incarnation, page.position))
            if page.is_at_end:
                break
            scan.after = page.last
        assert [item.entry.text for item in copied] == [f"answer {number}" for number in range(5)]
        again = client.scan(new, Scan()).entries
        assert [item.vector for item in again] == [item.vector for item in copied]
        for one, other in zip(copied, again, strict=True):
            assert (one.entry.norm, one.entry.created_at, one.entry.expires_at) == (
                *(other.entry.norm, other.entry.created_at, other.entry.expires_at),
            )
        # Announced to the old one only.
        client.invalidate(old, Invalidation.version("kb", 4))
        assert [item.entry.text for item in client.scan(new, Scan()).entries] == ["answer 4"]
        assert client.lookup(new, Lookup(vector=again[0].vector, threshold=0.9999)).text is None
        client.follow(new, None)
        client.invalidate(old, Invalidation.version("kb", 5))
        assert len(client.scan(new, Scan(omits_vectors=True)).entries) == 1


@BOTH_CLIENTS
def test_a_service_that_cannot_copy_is_not_asked_to(client_of: Either) -> None:
    with FakeServer(Peer.echo) as server, client_of(server.address) as client:
        with pytest.raises(CacheError) as caught:
            client.scan("support", Scan())
        assert caught.value.code == "unsupported-version"
