"""What this client writes and reads is what the protocol's examples say, byte for byte."""

from __future__ import annotations

import random

import golden
import pytest
from conftest import ROOT

from semblance import CacheError, Lease, Position, namespace_fingerprint
from semblance.errors import CODE_BY_NUMBER, ErrorCode
from semblance.wire.frames import HEADER_BYTES, REPLY_BYTES, Frame, FrameDecoder, Opcode, request_frame
from semblance.wire.replies import reply_to


def only_frame(data: bytes) -> Frame:
    decoder = FrameDecoder(REPLY_BYTES)
    decoder.feed(data)
    frame = decoder.next_frame()
    assert frame is not None
    assert decoder.next_frame() is None
    return frame


def test_every_golden_frame_is_known() -> None:
    names = {path.stem for path in golden.FRAMES.glob("*.hex")}
    assert names == golden.REQUESTS.keys() | golden.REPLIES.keys()
    assert len(names) > 30


@pytest.mark.parametrize("name", golden.REQUESTS)
def test_a_request_is_written_byte_for_byte(name: str) -> None:
    identifier, call = golden.REQUESTS[name]
    assert request_frame(call.opcode, identifier, call.body).hex(" ") == golden.frame(name).hex(" ")


@pytest.mark.parametrize("name", golden.REPLIES)
def test_a_reply_is_read_as_what_it_says(name: str) -> None:
    identifier, read, expected = golden.REPLIES[name]
    frame = only_frame(golden.frame(name))
    assert frame.identifier == identifier
    assert frame.is_error == isinstance(expected, CacheError)
    assert reply_to(frame, read) == expected


@pytest.mark.parametrize("name", golden.REPLIES)
def test_a_reply_cut_short_or_with_bytes_left_over_is_malformed(name: str) -> None:
    _, read, _ = golden.REPLIES[name]
    frame = only_frame(golden.frame(name))
    if frame.opcode is Opcode.PING:
        return
    for body in [frame.body[:length] for length in range(len(frame.body))] + [frame.body + b"\0"]:
        with pytest.raises(CacheError) as caught:
            reply_to(frame._replace(body=body), read)
        assert caught.value.code is ErrorCode.MALFORMED_FRAME


@pytest.mark.parametrize("name", golden.REPLIES)
def test_a_reply_with_any_bit_flipped_is_read_or_malformed(name: str) -> None:
    _, read, _ = golden.REPLIES[name]
    frame = only_frame(golden.frame(name))
    for bit in range(len(frame.body) * 8):
        body = bytearray(frame.body)
        body[bit // 8] ^= 1 << bit % 8
        try:
            reply_to(frame._replace(body=bytes(body)), read)
        except CacheError as error:
            assert error.code is ErrorCode.MALFORMED_FRAME


@pytest.mark.parametrize("seed", range(8))
def test_frames_arrive_in_pieces_of_any_length(seed: int) -> None:
    randomness = random.Random(seed)
    stream = b"".join(golden.frame(name) for name in golden.REPLIES)
    decoder = FrameDecoder(REPLY_BYTES)
    identifiers = []
    while stream:
        size = randomness.choice([1, 7, HEADER_BYTES, 300])
        decoder.feed(stream[:size])
        stream = stream[size:]
        while (frame := decoder.next_frame()) is not None:
            identifiers.append(frame.identifier)
    assert identifiers == [identifier for identifier, _, _ in golden.REPLIES.values()]


def test_numbers_of_errors_are_those_of_the_document() -> None:
    document = (ROOT / "docs" / "PROTOCOL.md").read_text()
    for number, code in CODE_BY_NUMBER.items():
        assert f"| {number} | `{code}` |" in document
    assert len(CODE_BY_NUMBER) == len(ErrorCode)


def test_text_forms_are_those_of_the_document() -> None:
    assert str(golden.lease_at(17)) == "00c1f3a09b2e7d44:17/11b17b9125e871a8"
    assert Lease.parse("00c1f3a09b2e7d44:17/11b17b9125e871a8") == golden.lease_at(17)
    assert Position.parse("00c1f3a09b2e7d44:17") == golden.at(17)
    assert namespace_fingerprint("support") == 0x11B17B9125E871A8
    for text in ["", ":", "1:", ":1", "1:-1", "1:+1", "g:1", "0x1:1", "1:18446744073709551616", "1" * 17 + ":1", "1:٣"]:
        with pytest.raises(CacheError):
            Position.parse(text)
