"""What a server sends never hangs a client, and never fails it other than with its own error."""

from __future__ import annotations

import asyncio
import random
import struct
import time

import golden
import pytest
from both import BOTH, Blocking, Either
from fake_server import HELLO_REPLY, FakeServer, Peer, error_frame, frame

from semblance import CacheError, Configuration, ErrorCode, Lookup
from semblance.channel import Channel
from semblance.retry import AttemptFailed

BOTH_CLIENTS = pytest.mark.parametrize("client_of", BOTH.values(), ids=BOTH.keys())
QUICK = Configuration(attempt_limit=1, connect_timeout=5, request_timeout=5, reconnect_delay=0.001)


def failure_of(client_of: Either, address: str, configuration: Configuration = QUICK) -> CacheError:
    with client_of(address, configuration) as client, pytest.raises(CacheError) as caught:
        client.lookup("support", Lookup(vector=[1, 0]))
    return caught.value


@BOTH_CLIENTS
@pytest.mark.parametrize("greets", [True, False], ids=["after HELLO", "before HELLO"])
@pytest.mark.parametrize("seed", range(30))
def test_random_bytes_are_an_error(client_of: Either, greets: bool, seed: int) -> None:
    randomness = random.Random(seed)
    golden_reply = golden.frame(randomness.choice(["lookup-reply", "hello-reply", "error-reply", "insert-reply"]))
    noise = randomness.choice(
        [
            randomness.randbytes(randomness.randrange(2000)),
            b"SMBL" + randomness.randbytes(randomness.randrange(100)),
            frame(0x10 if greets else 1, 2 if greets else 1, randomness.randbytes(randomness.randrange(300))),
            frame(0x10 if greets else 1, 2 if greets else 1, randomness.randbytes(300), flags=3),
            golden_reply[: randomness.randrange(len(golden_reply))],
        ]
    )

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(noise)

    with FakeServer(serve, greets=greets) as server:
        start = time.monotonic()
        error = failure_of(client_of, server.address)
        assert time.monotonic() - start < 4
    assert error.code in {
        *(ErrorCode.MALFORMED_FRAME, ErrorCode.UNSUPPORTED_VERSION, ErrorCode.FRAME_TOO_LARGE),
        *(ErrorCode.CONNECTION_CLOSED, ErrorCode.CONNECTION_FAILED, ErrorCode.INTERNAL_ERROR),
    }


@BOTH_CLIENTS
@pytest.mark.parametrize("seed", range(30))
def test_a_reply_with_bytes_changed_is_read_or_an_error(client_of: Either, seed: int) -> None:
    randomness = random.Random(seed)
    reply = bytearray(golden.frame("lookup-explained-reply"))
    reply[12:20] = struct.pack("<Q", 2)
    for _ in range(randomness.randrange(1, 4)):
        reply[randomness.randrange(len(reply))] = randomness.randrange(256)

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(bytes(reply))

    with FakeServer(serve) as server, client_of(server.address, QUICK) as client:
        try:
            client.lookup("support", Lookup(vector=[1, 0]))
        except CacheError as error:
            assert error.message


@BOTH_CLIENTS
@pytest.mark.parametrize("length", [41_943_041, 0xFFFF_FFFF])
def test_a_body_longer_than_the_limit_is_not_waited_for(client_of: Either, length: int) -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(struct.pack("<4sBBHIQ", b"SMBL", 1, 0x10, 1, length, 2))
        peer.request()

    with FakeServer(serve) as server:
        assert failure_of(client_of, server.address).code == "frame-too-large"


@BOTH_CLIENTS
def test_a_count_that_lies_is_refused_before_anything_is_made_for_it(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        _, identifier, _ = peer.request()
        peer.send(frame(0x31, identifier, b"\xff\xff\xff\xff"))
        peer.request()

    with FakeServer(serve) as server, client_of(server.address, QUICK) as client:
        with pytest.raises(CacheError) as caught:
            client.namespaces()
        assert caught.value.code is ErrorCode.MALFORMED_FRAME


@BOTH_CLIENTS
def test_a_reply_that_comes_byte_by_byte_is_read(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        _, identifier, body = peer.request()
        for byte in frame(2, identifier, body):
            peer.send(bytes((byte,)))

    with FakeServer(serve) as server, client_of(server.address, QUICK) as client:
        assert client.ping() > 0


@BOTH_CLIENTS
def test_a_reply_that_never_ends_is_given_up_at_the_deadline(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        _, identifier, _ = peer.request()
        peer.send(struct.pack("<4sBBHIQ", b"SMBL", 1, 2, 1, 1000, identifier))
        while True:
            peer.send(b"x" * 1)
            time.sleep(0.005)

    with FakeServer(serve) as server, client_of(server.address, QUICK) as client:
        start = time.monotonic()
        with pytest.raises(CacheError) as caught:
            client.ping(timeout=0.1)
        assert caught.value.code == "deadline-exceeded"
        assert time.monotonic() - start < 2


@BOTH_CLIENTS
def test_a_silent_server_is_given_up(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        while True:
            peer.request()

    configuration = Configuration(silence_limit=0.05, attempt_limit=1)
    with FakeServer(serve) as server, client_of(server.address, configuration) as client:
        with pytest.raises(CacheError) as caught:
            client.ping()
        assert caught.value.code == "connection-closed"


@BOTH_CLIENTS
def test_a_server_that_says_no_hello_is_given_up(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.request()

    configuration = Configuration(connect_timeout=0.05, attempt_limit=1)
    with FakeServer(serve, greets=False) as server:
        error = failure_of(client_of, server.address, configuration)
    assert error.code == "connection-failed"


@BOTH_CLIENTS
def test_a_version_that_was_not_offered_is_refused(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(HELLO_REPLY[:20] + b"\2" + HELLO_REPLY[21:])
        peer.request()

    with FakeServer(serve, greets=False) as server:
        assert failure_of(client_of, server.address).code == "malformed-frame"


@BOTH_CLIENTS
def test_the_error_of_a_refused_hello_is_shown(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(error_frame(1, 1, 3))

    with FakeServer(serve, greets=False) as server:
        assert failure_of(client_of, server.address).code == "unsupported-version"


@BOTH_CLIENTS
def test_a_server_with_too_many_connections_says_so_and_when_to_come_back(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        peer.send(error_frame(0, 0, 40, (("retry-after-ms", "100"),)))
        peer.request()

    with FakeServer(serve, greets=False) as server:
        error = failure_of(client_of, server.address)
        assert error.code == "overloaded"
        assert error.retry_after == 0.1


def test_what_is_said_before_the_greeting_is_heard() -> None:
    async def run() -> None:
        channel = Channel(QUICK, asyncio.get_running_loop())
        channel.data_received(error_frame(0, 0, 46))
        with pytest.raises(AttemptFailed) as caught:
            await asyncio.wait_for(channel.greet(asyncio.get_running_loop().time() + 60), 5)
        assert caught.value.error.code == "shutting-down"

    asyncio.run(run())


@BOTH_CLIENTS
def test_an_unknown_error_is_shown_as_internal(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        opcode, identifier, _ = peer.request()
        peer.send(error_frame(opcode, identifier, 999))
        peer.request()

    with FakeServer(serve) as server:
        error = failure_of(client_of, server.address)
        assert error.code == "internal-error"
        assert error.detail["number"] == "999"


@BOTH_CLIENTS
def test_a_reply_that_nobody_waits_for_is_dropped(client_of: Either) -> None:
    def serve(peer: Peer) -> None:
        _, identifier, body = peer.request()
        peer.send(frame(2, 77, b"late") + frame(2, identifier, body))
        peer.echo()

    with FakeServer(serve) as server, client_of(server.address, QUICK) as client:
        client.ping()
        client.ping()
        assert server.connection_count == 1


def test_replies_in_any_order_reach_those_who_asked() -> None:
    count = 50

    def serve(peer: Peer) -> None:
        asked = [peer.request() for _ in range(count)]
        random.Random(1).shuffle(asked)
        for opcode, identifier, body in asked:
            # The reply to GET-like requests tells the source's number back as a sequence.
            number = int(body[-2:].decode())
            state = b"\0" + struct.pack("<Q", number)
            peer.send(frame(opcode, identifier, struct.pack("<QQQH", 1, 2, 3, 1) + state))
        peer.echo()

    with FakeServer(serve) as server, Blocking(server.address, QUICK) as client:
        asked = [("support", [f"source {number:02}"]) for number in range(count)]
        answers = client.together("lease_and_states", *asked)
        assert [states[0].last_sequence for _, states in answers] == list(range(count))
        assert server.connection_count == 1


def test_an_error_about_the_connection_answers_its_request_and_ends_the_others() -> None:
    def serve(peer: Peer) -> None:
        asked = [peer.request() for _ in range(3)]
        peer.send(error_frame(0, asked[1][1], 2))

    with FakeServer(serve) as server, Blocking(server.address, QUICK) as client:
        errors = client.together("ping", (), (), ())
        assert [error.code for error in errors] == ["connection-closed", "frame-too-large", "connection-closed"]
