"""Reading the bodies of replies. Each function reads one whole body; `reply_to` makes sure that nothing is left."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, Final, TypeVar

from semblance.answers import (
    Entry,
    Hit,
    Inserted,
    LookupReply,
    Match,
    Miss,
    MissReason,
    SearchExplanation,
    SearchPlan,
)
from semblance.copies import ScannedEntry, ScanPage
from semblance.errors import CacheError, malformed
from semblance.freshness import Dependency, InvalidationReceipt, Lease, Position, PurgeReceipt, SourceState
from semblance.service import LIMIT_NAMES, NamespaceDescription, NamespaceSettings, ServiceInformation
from semblance.wire.frames import Frame
from semblance.wire.reader import BodyReader

Value = TypeVar("Value")

_MATCHES: Final = {match.value: match for match in Match}
_REASONS: Final = {reason.value: reason for reason in MissReason}
_PLANS: Final = {plan.value: plan for plan in SearchPlan}


def reply_to(frame: Frame, read: Callable[[BodyReader], Value]) -> Value | CacheError:
    """What a reply says: what was asked for, or the service's error. Raises `CacheError` if it cannot be read."""
    reader = BodyReader(frame.body)
    try:
        value = reader.error() if frame.is_error else read(reader)
    except (struct.error, IndexError) as error:
        raise malformed("a message ends in the middle of a field") from error
    except UnicodeDecodeError as error:
        raise malformed("invalid UTF-8") from error
    reader.finish()
    return value


def hello(reader: BodyReader) -> ServiceInformation:
    protocol_version = reader.u8()
    server_version = reader.string()
    position = reader.position()
    capabilities = reader.u64()
    limits: dict[str, int] = {}
    for _ in range(reader.count(10)):
        number, value = reader.u16(), reader.u64()
        name = LIMIT_NAMES.get(number)
        if name is None:
            continue
        if name in limits:
            raise malformed("a limit is given twice")
        limits[name] = value
    if len(limits) != len(LIMIT_NAMES):
        raise malformed("a limit is missing")
    return ServiceInformation(protocol_version, server_version, position, capabilities, limits)


def echo(reader: BodyReader) -> bytes:
    return reader.take(reader.end)


def statistics(reader: BodyReader) -> dict[str, Any]:
    try:
        document = json.loads(reader.text())
    except (ValueError, RecursionError) as error:
        raise malformed("the statistics are not JSON") from error
    if not isinstance(document, dict):
        raise malformed("the statistics are not an object")
    return document


# MARK: Lookups

_OUTCOME: Final = struct.Struct("<BQQQQH")
_HIT: Final = struct.Struct("<Bf")
_EXPLANATION: Final = struct.Struct("<B14Q")
_SOURCE_SEQUENCE_BYTES: Final = 8
_IS_EXPLAINED: Final = 0x80


def lookups(expected_count: int) -> Callable[[BodyReader], list[LookupReply]]:
    def read(reader: BodyReader) -> list[LookupReply]:
        return [_outcome(reader) for _ in range(_expected(reader.count(_OUTCOME.size), expected_count))]

    return read


def _outcome(reader: BodyReader) -> LookupReply:
    kind, incarnation, sequence, namespace, nanoseconds, source_count = _OUTCOME.unpack_from(reader.data, reader.offset)
    reader.offset += _OUTCOME.size
    sources: list[int] = []
    if source_count:
        sources = [reader.u64() for _ in range(reader.check(source_count, _SOURCE_SEQUENCE_BYTES))]
    explanation = _explanation(reader) if kind & _IS_EXPLAINED else None
    kind &= ~_IS_EXPLAINED
    hits: list[Hit] = []
    miss = refusal = None
    if kind == 1:
        hits = [_hit(reader) for _ in range(reader.count(_HIT.size + _ENTRY_MINIMUM_BYTES))]
        if not hits:
            raise malformed("hits without a hit")
    elif kind == 2:
        reason = _REASONS.get(reader.u8())
        if reason is None:
            raise malformed("unknown reason of a miss")
        miss = Miss(reason, reader.f32() if reader.boolean() else None)
    elif kind == 0:
        refusal = reader.error()
    else:
        raise malformed("unknown outcome of a lookup")
    lease = Lease(Position(incarnation, sequence), namespace)
    return LookupReply(hits, miss, refusal, lease, sources, nanoseconds, explanation)


def _explanation(reader: BodyReader) -> SearchExplanation:
    plan, *numbers = _EXPLANATION.unpack_from(reader.data, reader.offset)
    reader.offset += _EXPLANATION.size
    if plan not in _PLANS:
        raise malformed("unknown plan of a search")
    return SearchExplanation(_PLANS[plan], *numbers)


def _hit(reader: BodyReader) -> Hit:
    match, similarity = _HIT.unpack_from(reader.data, reader.offset)
    reader.offset += _HIT.size
    if match not in _MATCHES:
        raise malformed("unknown match of a hit")
    return Hit(_MATCHES[match], similarity, entry(reader))


# MARK: Entries

_HAS_KEY, _HAS_PROMPT, _HAS_EXPIRY, _HAS_NORM, _HAS_PAYLOAD = 1, 2, 4, 8, 16
_ENTRY_FLAGS: Final = 31
#: Flags through cost saved, by the flags that change what is there.
_ENTRY: Final = {
    flags: struct.Struct(
        "<BQQQ"
        + ("QQ" if flags & _HAS_KEY else "")
        + "qq"
        + ("q" if flags & _HAS_EXPIRY else "")
        + ("f" if flags & _HAS_NORM else "")
        + "Q"
    )
    for flags in range(16)
    if not flags & _HAS_PROMPT
}
_ENTRY_MINIMUM_BYTES: Final = _ENTRY[0].size + 2 + 2 + 2 + 4


def entry(reader: BodyReader) -> Entry:
    flags = reader.data[reader.offset]
    if flags & ~_ENTRY_FLAGS:
        raise malformed("reserved bits are not zero")
    layout = _ENTRY[flags & (_HAS_KEY | _HAS_EXPIRY | _HAS_NORM)]
    fields = layout.unpack_from(reader.data, reader.offset)
    reader.offset += layout.size
    number, scope = fields[1], fields[3] << 64 | fields[2]
    next_field = 4
    key = expires_at = norm = None
    if flags & _HAS_KEY:
        key = fields[5] << 64 | fields[4]
        next_field = 6
    created_at, age = fields[next_field], fields[next_field + 1]
    next_field += 2
    if flags & _HAS_EXPIRY:
        expires_at = fields[next_field]
        next_field += 1
    if flags & _HAS_NORM:
        norm = fields[next_field]
    content_type = reader.string()
    prompt = reader.text() if flags & _HAS_PROMPT else None
    tags = [reader.string() for _ in range(reader.count(2))]
    dependencies = [_dependency(reader) for _ in range(reader.count(3))]
    payload_bytes = reader.u32()
    payload = reader.take(payload_bytes) if flags & _HAS_PAYLOAD else None
    # In the order of the fields; by position, as this is read for every hit.
    return Entry(
        number, scope, key, created_at, age, expires_at, norm, fields[-1], content_type, prompt, tags, dependencies,
        payload, payload_bytes,
    )  # fmt: skip


def _dependency(reader: BodyReader) -> Dependency:
    source = reader.string()
    version, generation = reader.data_version()
    return Dependency(source, version, generation)


def insertions(expected_count: int) -> Callable[[BodyReader], list[Inserted | CacheError]]:
    def read(reader: BodyReader) -> list[Inserted | CacheError]:
        return [_insertion(reader) for _ in range(_expected(reader.count(7), expected_count))]

    return read


def _insertion(reader: BodyReader) -> Inserted | CacheError:
    kind = reader.u8()
    if kind == 0:
        return reader.error()
    if kind == 1:
        return Inserted(reader.u64(), None)
    if kind == 2:
        return Inserted(reader.u64(), reader.u64())
    raise malformed("unknown outcome of an insertion")


def deletions(expected_count: int) -> Callable[[BodyReader], list[bool]]:
    def read(reader: BodyReader) -> list[bool]:
        return [reader.boolean() for _ in range(_expected(reader.count(1), expected_count))]

    return read


# MARK: Freshness


def invalidations(expected_count: int) -> Callable[[BodyReader], list[InvalidationReceipt | CacheError]]:
    def read(reader: BodyReader) -> list[InvalidationReceipt | CacheError]:
        return [_invalidation(reader) for _ in range(_expected(reader.count(7), expected_count))]

    return read


def _invalidation(reader: BodyReader) -> InvalidationReceipt | CacheError:
    kind = reader.u8()
    if kind == 0:
        return reader.error()
    if kind > 2:
        raise malformed("unknown outcome of an invalidation")
    return InvalidationReceipt(kind == 1, reader.position(), _source_state(reader))


def _source_state(reader: BodyReader) -> SourceState:
    version, generation = reader.data_version()
    return SourceState(version, generation, reader.u64())


def lease(expected_count: int) -> Callable[[BodyReader], tuple[Lease, list[SourceState]]]:
    def read(reader: BodyReader) -> tuple[Lease, list[SourceState]]:
        value = reader.lease()
        return value, [_source_state(reader) for _ in range(_expected(reader.count(9), expected_count))]

    return read


def position(reader: BodyReader) -> Position:
    return reader.position()


def purge(reader: BodyReader) -> PurgeReceipt:
    return PurgeReceipt(reader.u64(), reader.position())


# MARK: Copies

_SCANNED_MINIMUM_BYTES: Final = 1 + 8 + 16 + 8 + 8 + 8 + 2 + 2 + 2 + 4 + 8 + 3


def scan_page(reader: BodyReader) -> ScanPage:
    position = reader.position()
    newest, last = reader.u64(), reader.u64()
    is_at_end = reader.boolean()
    stale, expired, damaged = reader.u32(), reader.u32(), reader.u32()
    entries = [_scanned(reader) for _ in range(reader.count(_SCANNED_MINIMUM_BYTES))]
    return ScanPage(entries, last, is_at_end, newest, position, stale, expired, damaged)


def _scanned(reader: BodyReader) -> ScannedEntry:
    stored = entry(reader)
    fill_sequence = reader.u64()
    if reader.u8() != 1:
        raise malformed("the vector of an entry is not of 32-bit floats")
    dimension = reader.u16()
    return ScannedEntry(stored, fill_sequence, reader.take(dimension * 4) if dimension else None)


# MARK: Namespaces

_NAMESPACE_MINIMUM_BYTES: Final = 2 + 1 + 2 + 4 + 2 + 4 * 8


def namespace(reader: BodyReader) -> NamespaceDescription:
    name = reader.string()
    flags = reader.u8()
    if flags & ~3:
        raise malformed("reserved bits are not zero")
    dimension = reader.u16() or None
    threshold = reader.f32()
    time_to_live = reader.i64() if flags & 1 else None
    capacity = reader.u64() if flags & 2 else None
    settings = NamespaceSettings(dimension, reader.string(), threshold, time_to_live, capacity)
    return NamespaceDescription(name, settings, reader.u64(), reader.u64(), reader.u64(), reader.u64())


def namespaces(reader: BodyReader) -> list[NamespaceDescription]:
    return [namespace(reader) for _ in range(reader.check(reader.u32(), _NAMESPACE_MINIMUM_BYTES))]


def _expected(count: int, expected_count: int) -> int:
    if count != expected_count:
        raise malformed("a reply does not have as many items as its request")
    return count
