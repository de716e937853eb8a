"""Entries read page by page, and stored again as they were."""

from __future__ import annotations

from dataclasses import dataclass

from semblance.answers import Entry, Insertion
from semblance.freshness import Lease, Position, namespace_fingerprint
from semblance.vectors import Vector


@dataclass(slots=True)
class Scan:
    """Which entries of a namespace are read, in the order of their numbers."""

    #: Only entries with a greater number.
    after: int = 0
    #: Only entries of this scope; None for all.
    scope: int | None = None
    #: The most entries of a page, 1 through 256.
    limit: int = 256
    #: Also entries that are never served any more: expired, or built from data that has changed.
    includes_unservable: bool = False
    omits_payloads: bool = False
    omits_vectors: bool = False


@dataclass(slots=True)
class ScannedEntry:
    """An entry with all that it takes to store it again."""

    entry: Entry
    #: The sequence of the lease that it was inserted under; 0 for none.
    fill_sequence: int
    #: The components as little-endian 32-bit floats, of length one; None without a vector. `numpy.frombuffer` reads it.
    vector: bytes | None

    def insertion(
        self, namespace: str, incarnation: int, position: Position, vector: Vector | None = None
    ) -> Insertion:
        """The entry as it is stored in `namespace`, with a vector of another model if one is given.

        `incarnation` is that of the store that it came from, `position` where the store stands that it goes to. In the
        same store the copy is judged exactly as the entry is. In another one it counts as read before anything that
        the store has been told, so nothing that has changed becomes fresh again.
        """
        entry = self.entry
        if entry.payload is None:
            raise ValueError("the scan left the payload out")
        sequence = self.fill_sequence if incarnation == position.incarnation else 0
        return Insertion(
            payload=entry.payload,
            vector=self.vector if vector is None else vector,
            key=entry.key,
            scope=entry.scope,
            prompt=entry.prompt,
            content_type=entry.content_type,
            dependencies=entry.dependencies,
            tags=entry.tags,
            expires_at=entry.expires_at,
            cost_saved_nanodollars=entry.cost_saved_nanodollars,
            lease=Lease(Position(position.incarnation, sequence), namespace_fingerprint(namespace)),
            created_at=entry.created_at,
            norm=entry.norm if vector is None and self.vector is not None else None,
        )


@dataclass(slots=True)
class ScanPage:
    """A page of a scan. It may be empty although more follow."""

    entries: list[ScannedEntry]
    #: What the next page comes after.
    last: int
    is_at_end: bool
    #: The greatest number of any entry: a scan that ends there does not run after entries that are stored meanwhile.
    newest: int
    #: Where the store stood when the entries were found to hold, or before.
    position: Position
    #: Entries passed over.
    stale: int
    expired: int
    damaged: int
