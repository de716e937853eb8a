"""Client of the Semblance semantic cache: `Client` for code that blocks, `AsyncClient` for asyncio."""

from semblance.address import STANDARD
from semblance.answers import (
    Answer,
    ComputedAnswer,
    Entry,
    Hit,
    Inserted,
    Insertion,
    Lookup,
    LookupReply,
    Match,
    Miss,
    MissReason,
    SearchExplanation,
    SearchPlan,
    fingerprint,
)
from semblance.async_client import AsyncClient
from semblance.client import Client
from semblance.configuration import Configuration
from semblance.copies import Scan, ScannedEntry, ScanPage
from semblance.errors import CacheError, ErrorCode
from semblance.freshness import (
    DataVersion,
    Dependency,
    Invalidation,
    InvalidationReceipt,
    Lease,
    Position,
    PurgeReceipt,
    SourceState,
    namespace_fingerprint,
)
from semblance.service import NamespaceDescription, NamespaceSettings, ServiceInformation
from semblance.vectors import Vector

__all__ = [
    "STANDARD",
    "Answer",
    "AsyncClient",
    "CacheError",
    "Client",
    "ComputedAnswer",
    "Configuration",
    "DataVersion",
    "Dependency",
    "Entry",
    "ErrorCode",
    "Hit",
    "Inserted",
    "Insertion",
    "Invalidation",
    "InvalidationReceipt",
    "Lease",
    "Lookup",
    "LookupReply",
    "Match",
    "Miss",
    "MissReason",
    "NamespaceDescription",
    "NamespaceSettings",
    "Position",
    "PurgeReceipt",
    "Scan",
    "ScanPage",
    "ScannedEntry",
    "SearchExplanation",
    "SearchPlan",
    "ServiceInformation",
    "SourceState",
    "Vector",
    "fingerprint",
    "namespace_fingerprint",
]
