"""Namespaces, and what a service says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from semblance.freshness import Position


@dataclass(frozen=True, slots=True)
class NamespaceSettings:
    #: Components of every vector; None until the first one is inserted.
    dimension: int | None = None
    #: The embedding model; empty when nobody said.
    model: str = ""
    #: Used by lookups that name none.
    threshold: float = 0.95
    #: Milliseconds; None for ever.
    time_to_live: int | None = None
    #: Entries kept; beyond it others make room.
    capacity: int | None = None


@dataclass(frozen=True, slots=True)
class NamespaceDescription:
    name: str
    settings: NamespaceSettings
    #: Those without a vector included.
    entries: int
    #: Entries with a vector.
    rows: int
    scopes: int
    #: Sources, tags and scopes that have been announced or purged.
    watermarks: int


LIMIT_NAMES: Final[Mapping[int, str]] = {
    1: "frame-bytes",
    2: "batch-count",
    3: "dimension",
    4: "neighbors",
    5: "payload-bytes",
    6: "prompt-bytes",
    7: "content-type-bytes",
    8: "dependency-count",
    9: "tag-count",
    10: "tag-bytes",
    11: "source-bytes",
    12: "label-bytes",
    13: "named-source-count",
    14: "namespace-bytes",
    15: "model-bytes",
    16: "requests-in-flight",
    17: "bytes-in-flight",
    18: "ping-bytes",
}


@dataclass(frozen=True, slots=True)
class ServiceInformation:
    """The reply to HELLO."""

    protocol_version: int
    server_version: str
    #: Where the store stood. Another incarnation than before means another store.
    position: Position
    capabilities: int
    #: By the names of `LIMIT_NAMES`.
    limits: Mapping[str, int]

    @property
    def copies_entries(self) -> bool:
        """Whether entries can be read page by page and stored again as they were: `scan`, `follow`."""
        return self.capabilities & 1 != 0
