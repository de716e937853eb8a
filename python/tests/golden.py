"""The golden frames that all clients share, and the values that are in them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conftest import ROOT

from semblance import (
    CacheError,
    Dependency,
    Entry,
    ErrorCode,
    Hit,
    Inserted,
    Insertion,
    Invalidation,
    InvalidationReceipt,
    Lease,
    Lookup,
    LookupReply,
    Match,
    Miss,
    MissReason,
    NamespaceDescription,
    NamespaceSettings,
    Position,
    PurgeReceipt,
    Scan,
    ScannedEntry,
    ScanPage,
    SearchExplanation,
    SearchPlan,
    ServiceInformation,
    SourceState,
)
from semblance.service import LIMIT_NAMES
from semblance.wire import replies, requests
from semblance.wire.reader import BodyReader
from semblance.wire.requests import Call

FRAMES = ROOT / "Tests" / "Fixtures" / "frames"


def frame(name: str) -> bytes:
    text = (FRAMES / f"{name}.hex").read_text()
    return bytes.fromhex("".join(line.split("#")[0] for line in text.splitlines()))


INCARNATION = 0x00C1F3A09B2E7D44
SCOPE = 0x000102030405060708090A0B0C0D0E0F
KEY = 0xF0E0D0C0B0A090807060504030201000
MODEL = "all-MiniLM-L6-v2"
DEPENDENCIES = [Dependency("kb/refunds", 42), Dependency("kb/faq", "a1b2c3"), Dependency("kb/shipping")]
PROMPT = "How do I get a refund?"
PAYLOAD = b"Within 30 days."
SUPPORT = NamespaceSettings(384, MODEL, 0.9375, 3_600_000, 1_000_000)


def at(sequence: int) -> Position:
    return Position(INCARNATION, sequence)


def lease_at(sequence: int) -> Lease:
    return Lease(at(sequence), 0x11B17B9125E871A8)


#: Identifier and call of each request.
REQUESTS: dict[str, tuple[int, Call[Any]]] = {
    "hello-request": (1, requests.hello("example 1.0", "")),
    "hello-token-request": (1, requests.hello("", b"\xde\xad\xbe\xef", maximum_version=2)),
    "ping-request": (2, requests.ping(b"ping")),
    "statistics-request": (3, requests.statistics()),
    "lookup-request": (
        0x0102030405060708,
        requests.lookup(
            "support",
            [
                Lookup(vector=[1.0, 0.5, -0.25]),
                Lookup(
                    key=KEY,
                    scope=SCOPE,
                    threshold=0.875,
                    neighbors=3,
                    maximum_age=60_000,
                    minimum_position=at(17),
                    sources=["kb/refunds", "kb/faq"],
                    omits_payload=True,
                ),
            ],
            is_half=False,
        ),
    ),
    "lookup-half-request": (
        5,
        requests.lookup("support", [Lookup(vector=[1.0, -0.5, 6.103515625e-05, 5.960464477539063e-08])], is_half=True),
    ),
    "lookup-explained-request": (
        18,
        requests.lookup("support", [Lookup(vector=[1.0, -0.25], explains=True)], is_half=False),
    ),
    "insert-request": (
        6,
        requests.insert(
            "support",
            MODEL,
            [
                Insertion(
                    payload=PAYLOAD,
                    vector=[1.0, 0.5, -0.25],
                    key=KEY,
                    scope=SCOPE,
                    prompt=PROMPT,
                    content_type="text/plain",
                    dependencies=DEPENDENCIES,
                    tags=["refunds", "größe"],
                    expires_at=1_700_000_060_000,
                    cost_saved_nanodollars=1_250_000,
                    lease=lease_at(17),
                ),
                Insertion(payload=b"", key=KEY),
            ],
            is_half=False,
        ),
    ),
    "get-request": (7, requests.get("support", 7, None)),
    "get-scope-request": (8, requests.get("support", 7, SCOPE)),
    "delete-request": (9, requests.delete("support", [7, 8], SCOPE)),
    "invalidate-request": (
        10,
        requests.invalidate(
            "support",
            [
                Invalidation.version("kb/refunds", 43),
                Invalidation.label("kb/faq", "a1b2c3"),
                Invalidation.label("kb/faq", "d4e5f6", replacing="a1b2c3"),
                Invalidation.label("kb/faq", "0718", replacing=at(19)),
                Invalidation.bump("kb/shipping", incarnation=INCARNATION),
                Invalidation.reset("kb/refunds", 40),
            ],
        ),
    ),
    "lease-request": (11, requests.lease("support", ["kb/refunds", "kb/faq", "kb/new"])),
    "purge-scope-request": (12, requests.purge_scope("support", SCOPE)),
    "purge-tag-request": (13, requests.purge_tag("support", "refunds")),
    "lift-fence-request": (14, requests.lift_fence()),
    "create-namespace-request": (15, requests.create_namespace("support", SUPPORT)),
    "list-namespaces-request": (16, requests.list_namespaces()),
    "drop-namespace-request": (17, requests.drop_namespace("drafts")),
    "scan-request": (19, requests.scan("support", Scan(after=7, scope=SCOPE, omits_vectors=True))),
    "insert-copy-request": (
        20,
        requests.insert(
            "support",
            "",
            [
                Insertion(
                    payload=PAYLOAD,
                    vector=[0.6, -0.8],
                    content_type="text/plain",
                    lease=lease_at(17),
                    created_at=1_700_000_000_000,
                    norm=1.125,
                )
            ],
            is_half=False,
        ),
    ),
    "follow-request": (21, requests.follow("support-2", "support")),
}

LIMITS = dict(
    zip(
        LIMIT_NAMES.values(),
        [
            *(41943040, 256, 4096, 100, 16777216, 65536, 127, 64, 16, 128, 255, 128, 64, 128, 128),
            *(1024, 67108864, 1024),
        ],
        strict=True,
    )
)

ENTRY_7 = Entry(
    number=7,
    scope=SCOPE,
    key=KEY,
    created_at=1_700_000_000_000,
    age_milliseconds=1500,
    expires_at=1_700_000_060_000,
    norm=1.125,
    cost_saved_nanodollars=1_250_000,
    content_type="text/plain",
    prompt=PROMPT,
    tags=["refunds"],
    dependencies=DEPENDENCIES,
    payload=PAYLOAD,
    payload_bytes=15,
)
ENTRY_3 = Entry(
    number=3,
    scope=SCOPE,
    key=None,
    created_at=1_690_000_000_000,
    age_milliseconds=10_000_001_500,
    expires_at=None,
    norm=None,
    cost_saved_nanodollars=0,
    content_type="application/json",
    prompt=None,
    tags=[],
    dependencies=[],
    payload=None,
    payload_bytes=70_000,
)
EXPLANATION = SearchExplanation(
    *(SearchPlan.PARTITION, 100_000, 90_000, 320, 41, 350, 11_200, 60, 4),
    *(5000, 4000, 9000, 12_000, 2000, 1000),
)

#: How each reply is read, and what it says.
REPLIES: dict[str, tuple[int, Callable[[BodyReader], Any], Any]] = {
    "hello-reply": (1, replies.hello, ServiceInformation(1, "0.1.0", at(17), 0, LIMITS)),
    "ping-reply": (2, replies.echo, b"ping"),
    "statistics-reply": (3, replies.statistics, {"entries": 2}),
    "lookup-reply": (
        0x0102030405060708,
        replies.lookups(3),
        [
            LookupReply(
                [Hit(Match.VECTOR, 0.96875, ENTRY_7), Hit(Match.VECTOR, 0.953125, ENTRY_3)],
                *(None, None, lease_at(17), [], 25_000, None),
            ),
            LookupReply([], Miss(MissReason.STALE, 0.75), None, lease_at(17), [17, 0], 25_000, None),
            LookupReply(
                [],
                None,
                CacheError(
                    ErrorCode.DIMENSION_MISMATCH,
                    "the vector has another dimension",
                    {"expected": "384", "got": "3"},
                ),
                *(lease_at(17), [], 0, None),
            ),
        ],
    ),
    "lookup-explained-reply": (
        18,
        replies.lookups(1),
        [LookupReply([], Miss(MissReason.BELOW_THRESHOLD, None), None, lease_at(17), [], 35_000, EXPLANATION)],
    ),
    "insert-reply": (
        6,
        replies.insertions(3),
        [
            Inserted(8, None),
            Inserted(9, 7),
            CacheError(
                ErrorCode.STALE_DEPENDENCY,
                "the source has changed since",
                {"current": "43", "source": "kb/refunds"},
            ),
        ],
    ),
    "get-reply": (7, replies.entry, ENTRY_7),
    "error-reply": (8, replies.entry, CacheError(ErrorCode.ENTRY_NOT_FOUND, "no such entry in this scope")),
    "delete-reply": (9, replies.deletions(2), [True, False]),
    "invalidate-reply": (
        10,
        replies.invalidations(3),
        [
            InvalidationReceipt(True, at(18), SourceState(43, Position(0, 0), 18)),
            InvalidationReceipt(False, at(18), SourceState("a1b2c3", Position(0, 0), 12)),
            CacheError(
                ErrorCode.LABEL_CONFLICT,
                "the source has another label",
                {"current": "a1b2c3", "position": str(at(12))},
            ),
        ],
    ),
    "lease-reply": (
        11,
        replies.lease(3),
        (
            lease_at(20),
            [
                SourceState(40, at(20), 20),
                SourceState("0718", Position(0, 0), 19),
                SourceState(None, Position(0, 0), 0),
            ],
        ),
    ),
    "purge-reply": (13, replies.purge, PurgeReceipt(2, at(21))),
    "lift-fence-reply": (14, replies.position, at(21)),
    "create-namespace-reply": (15, replies.namespace, NamespaceDescription("support", SUPPORT, 0, 0, 0, 0)),
    "list-namespaces-reply": (
        16,
        replies.namespaces,
        [
            NamespaceDescription("support", SUPPORT, 3, 2, 1, 4),
            NamespaceDescription("drafts", NamespaceSettings(threshold=0.5), 0, 0, 0, 0),
        ],
    ),
    "drop-namespace-reply": (17, replies.purge, PurgeReceipt(0, at(22))),
    "unauthenticated-reply": (
        1,
        replies.hello,
        CacheError(ErrorCode.UNAUTHENTICATED, "this service asks for a token, and none was sent that holds"),
    ),
    "forbidden-reply": (
        6,
        replies.insertions(1),
        CacheError(
            ErrorCode.FORBIDDEN,
            "the token 'app' does not have the scope that this takes: insert",
            {"scope": "insert"},
        ),
    ),
    "scan-reply": (
        19,
        replies.scan_page,
        ScanPage(
            [ScannedEntry(ENTRY_7, 17, bytes.fromhex("9a99193fcdcc4cbf"))],
            *(8, True, 9, at(20), 1, 2, 0),
        ),
    ),
    "follow-reply": (21, replies.position, at(22)),
    "connection-error-reply": (
        18,
        replies.position,
        CacheError(
            ErrorCode.FRAME_TOO_LARGE,
            "the body of a frame is longer than the limit",
            {"got": "41943041", "limit": "41943040"},
        ),
    ),
}
