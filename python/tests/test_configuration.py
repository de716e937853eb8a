"""Addresses and tokens."""

from __future__ import annotations

import pytest
from both import BOTH, Either
from fake_server import FakeServer, Peer, error_frame

from semblance import CacheError, Client, Configuration

BOTH_CLIENTS = pytest.mark.parametrize("client_of", BOTH.values(), ids=BOTH.keys())


@pytest.mark.parametrize(
    "address",
    ["", "localhost", ":1", "a:", "a:0", "a:65536", "a:x", "::1:7707", "[::1", "a b:1", "unix:", "unix:" + "x" * 104],
)
def test_an_address_that_cannot_be_is_refused(address: str) -> None:
    with pytest.raises(CacheError) as caught:
        Client(address)
    assert caught.value.code == "invalid-configuration"
    assert caught.value.detail["address"] == address


@pytest.mark.parametrize("address", ["127.0.0.1:7707", "[::1]:7707", "localhost:1", "unix:/run/semblance.socket"])
def test_an_address_is_shown_as_it_is_written(address: str) -> None:
    assert str(Client(address).address) == address


@pytest.mark.parametrize(
    "options",
    [
        {"client_name": "x" * 129},
        {"token": b"x" * 513},
        {"connection_limit": 0},
        {"attempt_limit": 0},
        {"connect_timeout": 0},
        {"request_timeout": -1},
        {"retry_wait_limit": -1},
        {"reconnect_delay": 3},
    ],
    ids=str,
)
def test_a_configuration_that_cannot_be_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(CacheError) as caught:
        Configuration(**options)  # type: ignore[arg-type]
    assert caught.value.code == "invalid-configuration"
    assert "field" in caught.value.detail


@BOTH_CLIENTS
def test_the_token_is_said_with_hello(client_of: Either) -> None:
    said: list[bytes] = []

    def serve(peer: Peer) -> None:
        _, identifier, body = peer.request()
        said.append(body)
        peer.send(error_frame(1, identifier, 4))

    configuration = Configuration(client_name="test", token="geheim", attempt_limit=1)
    with FakeServer(serve, greets=False) as server, client_of(server.address, configuration) as client:
        with pytest.raises(CacheError) as caught:
            client.ping()
        assert caught.value.code == "invalid-argument"
    assert said == [b"\1\1\4\0test\6\0geheim"]
