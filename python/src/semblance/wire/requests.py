"""Writing requests, each with how its reply is read."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from semblance.answers import Entry, Inserted, Insertion, Lookup, LookupReply, content_type_of
from semblance.copies import Scan, ScanPage
from semblance.errors import CacheError, invalid
from semblance.freshness import (
    Bump,
    Dependency,
    Invalidation,
    InvalidationReceipt,
    LabelSet,
    Lease,
    Position,
    PurgeReceipt,
    Reset,
    SourceState,
    VersionReached,
)
from semblance.service import NamespaceDescription, NamespaceSettings, ServiceInformation
from semblance.vectors import Buffer, Vector, float16_bytes, float32_bytes
from semblance.wire import replies
from semblance.wire.frames import VERSION, Opcode
from semblance.wire.reader import BodyReader

Value = TypeVar("Value")


@dataclass(slots=True)
class Call(Generic[Value]):
    """A request that can be sent, more than once if need be."""

    opcode: Opcode
    body: bytes
    read: Callable[[BodyReader], Value]
    #: Whether sending it twice leaves the same as sending it once.
    is_repeatable: bool


_U16: Final = struct.Struct("<H")
_MASK: Final = (1 << 64) - 1


def _number(field: str, value: int, bits: int = 64) -> int:
    if not 0 <= value < 1 << bits:
        raise invalid(field, f"it is not an unsigned number of {bits} bits")
    return value


def _count(field: str, count: int) -> bytes:
    return _U16.pack(_number(field, count, 16))


def _string(field: str, value: str) -> bytes:
    try:
        data = value.encode()
    except UnicodeEncodeError as error:
        raise invalid(field, "it is not text") from error
    return _count(field, len(data)) + data


#: Namespaces and models are named again and again.
_cached_string = functools.lru_cache(maxsize=256)(_string)


def _long(field: str, data: bytes) -> bytes:
    return _number(field, len(data), 32).to_bytes(4, "little") + data


def _text(field: str, value: str) -> bytes:
    try:
        return _long(field, value.encode())
    except UnicodeEncodeError as error:
        raise invalid(field, "it is not text") from error


def _fingerprint(field: str, value: int) -> bytes:
    try:
        return value.to_bytes(16, "little")
    except (OverflowError, AttributeError) as error:
        raise invalid(field, "it is not an unsigned number of 128 bits") from error


def _signed(field: str, value: int) -> bytes:
    try:
        return value.to_bytes(8, "little", signed=True)
    except (OverflowError, AttributeError) as error:
        raise invalid(field, "it is not a number of 64 bits") from error


def _unsigned(field: str, value: int) -> bytes:
    return _number(field, value).to_bytes(8, "little")


def _position(field: str, value: Position) -> bytes:
    return _unsigned(field, value.incarnation) + _unsigned(field, value.sequence)


def _float(field: str, value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except (struct.error, OverflowError) as error:
        raise invalid(field, "it is not a number") from error


def _vector(parts: list[Buffer], vector: Vector | None, is_half: bool) -> None:
    if vector is None:
        parts.append(b"\x02\0\0" if is_half else b"\x01\0\0")
        return
    data = float16_bytes(vector) if is_half else float32_bytes(vector)
    size = len(data)
    dimension = size // (2 if is_half else 4)
    if not 0 < dimension < 1 << 16:
        raise invalid("vector", "a vector has 1 through 65535 components")
    parts.append((b"\x02" if is_half else b"\x01") + _U16.pack(dimension))
    parts.append(data)


# MARK: The service


def hello(client_name: str, token: str | bytes, maximum_version: int = VERSION) -> Call[ServiceInformation]:
    secret = token.encode() if isinstance(token, str) else token
    body = bytes((VERSION, maximum_version)) + _string("client-name", client_name)
    body += _count("token", len(secret)) + secret
    return Call(Opcode.HELLO, body, replies.hello, True)


def ping(echo: bytes) -> Call[bytes]:
    return Call(Opcode.PING, echo, replies.echo, True)


def statistics() -> Call[dict[str, Any]]:
    return Call(Opcode.STATISTICS, b"", replies.statistics, True)


# MARK: Answers

_LOOKUP: Final = struct.Struct("<BHQQ")


def lookup(namespace: str, lookups: Sequence[Lookup], is_half: bool) -> Call[list[LookupReply]]:
    parts: list[Buffer] = [_cached_string("namespace", namespace), _count("batch", len(lookups))]
    for item in lookups:
        if not 0 <= item.scope < 1 << 128:
            raise invalid("scope", "it is not an unsigned number of 128 bits")
        options = b""
        flags = 0
        if item.key is not None:
            flags |= 1
            options += _fingerprint("key", item.key)
        if item.threshold is not None:
            flags |= 2
            options += _float("threshold", item.threshold)
        if item.maximum_age is not None:
            flags |= 4
            options += _signed("maximum-age", item.maximum_age)
        if item.minimum_position is not None:
            flags |= 8
            options += _position("minimum-position", item.minimum_position)
        flags |= (16 if item.omits_payload else 0) | (32 if item.explains else 0)
        neighbors = _number("neighbors", item.neighbors, 16)
        parts.append(_LOOKUP.pack(flags, neighbors, item.scope & _MASK, item.scope >> 64))
        if options:
            parts.append(options)
        parts.append(_count("sources", len(item.sources)))
        parts.extend(_string("source", source) for source in item.sources)
        _vector(parts, item.vector, is_half)
    return Call(Opcode.LOOKUP, b"".join(parts), replies.lookups(len(lookups)), True)


def insert(
    namespace: str, model: str, insertions: Sequence[Insertion], is_half: bool
) -> Call[list[Inserted | CacheError]]:
    parts: list[Buffer] = [
        _cached_string("namespace", namespace),
        _cached_string("model", model),
        _count("batch", len(insertions)),
    ]
    for item in insertions:
        _insertion(parts, item, is_half)
    return Call(Opcode.INSERT, b"".join(parts), replies.insertions(len(insertions)), False)


def _insertion(parts: list[Buffer], item: Insertion, is_half: bool) -> None:
    flags = 0
    options = b""
    if item.key is not None:
        flags |= 1
        options += _fingerprint("key", item.key)
    if item.prompt is not None:
        flags |= 2
    if item.expires_at is not None:
        flags |= 4
        options += _signed("expires-at", item.expires_at)
    if item.lease is not None:
        flags |= 8
        options += _lease(item.lease)
    if item.created_at is not None:
        flags |= 16
        options += _signed("created-at", item.created_at)
    if item.norm is not None:
        flags |= 32
        options += _float("norm", item.norm)
    parts.append(bytes((flags,)) + _fingerprint("scope", item.scope) + options)
    parts.append(_unsigned("cost-saved", item.cost_saved_nanodollars))
    parts.append(_string("content-type", content_type_of(item.payload, item.content_type)))
    if item.prompt is not None:
        parts.append(_text("prompt", item.prompt))
    parts.append(_count("tags", len(item.tags)))
    parts.extend(_string("tag", tag) for tag in item.tags)
    parts.append(_count("dependencies", len(item.dependencies)))
    parts.extend(_dependency(dependency) for dependency in item.dependencies)
    # The vector of a copy keeps its bits.
    _vector(parts, item.vector, is_half and item.norm is None)
    parts.append(_text("payload", item.payload) if isinstance(item.payload, str) else _long("payload", item.payload))


def _lease(lease: Lease) -> bytes:
    return _position("lease", lease.position) + _unsigned("lease", lease.namespace)


def _dependency(dependency: Dependency) -> bytes:
    source = _string("source", dependency.source)
    version = dependency.version
    if version is None:
        return source + b"\0"
    if isinstance(version, str):
        return source + b"\2" + _string("label", version)
    return source + b"\1" + _unsigned("version", version) + _position("generation", dependency.generation)


def get(namespace: str, number: int, scope: int | None) -> Call[Entry]:
    body = _cached_string("namespace", namespace) + _optional_scope(scope) + _unsigned("entry", number)
    return Call(Opcode.GET, body, replies.entry, True)


def delete(namespace: str, numbers: Sequence[int], scope: int | None) -> Call[list[bool]]:
    body = _cached_string("namespace", namespace) + _optional_scope(scope) + _count("entries", len(numbers))
    body += b"".join(_unsigned("entry", number) for number in numbers)
    return Call(Opcode.DELETE, body, replies.deletions(len(numbers)), False)


def scan(namespace: str, wanted: Scan) -> Call[ScanPage]:
    flags = (0 if wanted.scope is None else 1) | (2 if wanted.includes_unservable else 0)
    flags |= (4 if wanted.omits_payloads else 0) | (8 if wanted.omits_vectors else 0)
    body = _cached_string("namespace", namespace) + bytes((flags,))
    body += _U16.pack(_number("limit", wanted.limit, 16)) + _unsigned("after", wanted.after)
    if wanted.scope is not None:
        body += _fingerprint("scope", wanted.scope)
    return Call(Opcode.SCAN, body, replies.scan_page, True)


def _optional_scope(scope: int | None) -> bytes:
    return b"\0" if scope is None else b"\1" + _fingerprint("scope", scope)


# MARK: Freshness


def invalidate(namespace: str, invalidations: Sequence[Invalidation]) -> Call[list[InvalidationReceipt | CacheError]]:
    body = _cached_string("namespace", namespace) + _count("batch", len(invalidations))
    body += b"".join(_invalidation(invalidation) for invalidation in invalidations)
    # A version or label that holds already is answered so, and changes nothing.
    is_repeatable = all(isinstance(item.change, (VersionReached, LabelSet)) for item in invalidations)
    return Call(Opcode.INVALIDATE, body, replies.invalidations(len(invalidations)), is_repeatable)


def _invalidation(item: Invalidation) -> bytes:
    incarnation = b"\0" if item.incarnation is None else b"\1" + _unsigned("incarnation", item.incarnation)
    return _string("source", item.source) + incarnation + _change(item)


def _change(item: Invalidation) -> bytes:
    change = item.change
    if isinstance(change, VersionReached):
        return b"\1" + _unsigned("version", change.version) + _position("generation", change.generation)
    if isinstance(change, LabelSet):
        label = b"\2" + _string("label", change.label)
        if change.replacing is None:
            return label + b"\0"
        if isinstance(change.replacing, str):
            return label + b"\1" + _string("label", change.replacing)
        return label + b"\2" + _position("position", change.replacing)
    if isinstance(change, Bump):
        return b"\3"
    if isinstance(change, Reset):
        return b"\4" + _unsigned("version", change.version)
    raise invalid("change", "it is not one of those that there are")


def lease(namespace: str, sources: Sequence[str]) -> Call[tuple[Lease, list[SourceState]]]:
    body = _cached_string("namespace", namespace) + _count("sources", len(sources))
    body += b"".join(_string("source", source) for source in sources)
    return Call(Opcode.LEASE, body, replies.lease(len(sources)), True)


def purge_scope(namespace: str, scope: int) -> Call[PurgeReceipt]:
    body = _cached_string("namespace", namespace) + b"\1" + _fingerprint("scope", scope)
    return Call(Opcode.PURGE, body, replies.purge, False)


def purge_tag(namespace: str, tag: str) -> Call[PurgeReceipt]:
    body = _cached_string("namespace", namespace) + b"\2" + _string("tag", tag)
    return Call(Opcode.PURGE, body, replies.purge, False)


def lift_fence() -> Call[Position]:
    return Call(Opcode.LIFT_FENCE, b"", replies.position, False)


# MARK: Namespaces


def create_namespace(name: str, settings: NamespaceSettings) -> Call[NamespaceDescription]:
    flags = (1 if settings.time_to_live is not None else 0) | (2 if settings.capacity is not None else 0)
    body = _string("namespace", name) + bytes((flags,))
    body += _U16.pack(_number("dimension", settings.dimension or 0, 16)) + _float("threshold", settings.threshold)
    if settings.time_to_live is not None:
        body += _signed("time-to-live", settings.time_to_live)
    if settings.capacity is not None:
        body += _unsigned("capacity", settings.capacity)
    body += _string("model", settings.model)
    return Call(Opcode.CREATE_NAMESPACE, body, replies.namespace, True)


def list_namespaces() -> Call[list[NamespaceDescription]]:
    return Call(Opcode.LIST_NAMESPACES, b"", replies.namespaces, True)


def drop_namespace(name: str) -> Call[PurgeReceipt]:
    return Call(Opcode.DROP_NAMESPACE, _string("namespace", name), replies.purge, False)


def follow(namespace: str, followed: str | None) -> Call[Position]:
    body = _string("namespace", namespace) + (b"\0" if followed is None else b"\1" + _string("followed", followed))
    return Call(Opcode.FOLLOW, body, replies.position, True)
