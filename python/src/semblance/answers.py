"""Lookups, insertions and what comes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from semblance.errors import CacheError
from semblance.freshness import Dependency, Lease, Position
from semblance.vectors import Vector

TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"


def fingerprint(*parts: str | bytes) -> int:
    """128 bits of BLAKE2b over parts with their lengths, for scopes and keys.

    Services only compare fingerprints: clients that are to share answers must compute them alike.
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return int.from_bytes(digest.digest(), "little")


@dataclass(slots=True)
class Lookup:
    """A question to the cache. At least one of `key` and `vector` is given."""

    #: Any length but zero, the service normalizes.
    vector: Vector | None = None
    #: Tried first: an entry with this key is a hit whatever its vector. 128 bits.
    key: int | None = None
    #: Only entries of the same scope are looked at. 128 bits; 0 is shared by all who need none.
    scope: int = 0
    #: Cosine similarity, -1 through 1; None for the namespace's.
    threshold: float | None = None
    #: The most hits wanted, best first.
    neighbors: int = 1
    #: Milliseconds; older entries count as expired.
    maximum_age: int | None = None
    #: The store must have got that far, otherwise the answer is a miss, reason `fenced`.
    minimum_position: Position | None = None
    #: Whose last changes the reply tells.
    sources: Sequence[str] = ()
    #: Leave the payload of the best hit out.
    omits_payload: bool = False
    #: Have the reply say how the vector was searched.
    explains: bool = False


class Match(Enum):
    KEY = 1
    VECTOR = 2


class MissReason(Enum):
    #: The scope holds nothing that could match.
    NOTHING_STORED = 1
    #: The nearest entry is not near enough.
    BELOW_THRESHOLD = 2
    #: An entry would match, but what it was built from has changed.
    STALE = 3
    #: An entry would match, but its time is over, or it is older than the lookup allows.
    EXPIRED = 4
    #: The store has not reached the wanted position, or has lost what it knew of a source.
    FENCED = 5


class SearchPlan(Enum):
    #: The vectors of the scope's own rows were compared.
    SCOPE_LIST = 1
    #: Those of all rows.
    SCAN = 2
    #: The search went through the index.
    PARTITION = 3


@dataclass(slots=True)
class Entry:
    """An answer as it is stored."""

    number: int
    scope: int
    key: int | None
    #: Milliseconds since 1970, by the service's clock.
    created_at: int
    age_milliseconds: int
    expires_at: int | None
    #: The length of the vector before it was normalized; None for an entry without a vector.
    norm: float | None
    cost_saved_nanodollars: int
    content_type: str
    prompt: str | None
    tags: list[str]
    dependencies: list[Dependency]
    #: None where a reply leaves it out; `payload_bytes` tells its size all the same.
    payload: bytes | None
    payload_bytes: int

    @property
    def text(self) -> str | None:
        """The payload as text; None when it is not UTF-8, or was left out."""
        return decoded(self.payload)


@dataclass(slots=True)
class Hit:
    match: Match
    #: Cosine similarity; 1 for a match by key.
    similarity: float
    entry: Entry

    @property
    def text(self) -> str | None:
        return self.entry.text


@dataclass(slots=True)
class Miss:
    reason: MissReason
    #: The highest similarity of any servable entry of the scope, where the search came to know it.
    nearest_similarity: float | None


@dataclass(slots=True)
class SearchExplanation:
    """How one lookup was searched. Times are nanoseconds."""

    plan: SearchPlan
    rows: int
    scope_rows: int
    cells: int
    cells_visited: int
    blocks: int
    sketches_read: int
    sketches_refined: int
    rows_compared: int
    prepare_nanoseconds: int
    centroid_nanoseconds: int
    choose_nanoseconds: int
    sketch_nanoseconds: int
    refine_nanoseconds: int
    compare_nanoseconds: int


@dataclass(slots=True)
class LookupReply:
    """Hits, or a miss, or in a batch a refusal of this lookup alone."""

    #: Best first; only the first carries its payload. Empty for a miss and a refusal.
    hits: list[Hit]
    miss: Miss | None
    refusal: CacheError | None
    #: For an insert of what is computed next.
    lease: Lease
    #: The sequence of the last change of each source that the lookup named; 0 for one never announced.
    source_sequences: list[int]
    #: Of the batch that the search was part of.
    search_nanoseconds: int
    explanation: SearchExplanation | None

    @property
    def hit(self) -> Hit | None:
        """The best hit; None for a miss."""
        return self.hits[0] if self.hits else None

    @property
    def text(self) -> str | None:
        """The best hit's answer as text; None for a miss."""
        return self.hits[0].entry.text if self.hits else None


@dataclass(slots=True)
class Insertion:
    """An answer to be stored. At least one of `key` and `vector` is given."""

    #: A string is stored as UTF-8.
    payload: str | bytes
    vector: Vector | None = None
    #: Unique in its scope: a later insertion with the same key takes the place of this one. 128 bits.
    key: int | None = None
    scope: int = 0
    prompt: str | None = None
    #: None for plain text where the payload is a string, otherwise for bytes of any kind.
    content_type: str | None = None
    dependencies: Sequence[Dependency] = ()
    tags: Sequence[str] = ()
    #: Milliseconds since 1970; None for the namespace's time to live.
    expires_at: int | None = None
    #: What one hit saves.
    cost_saved_nanodollars: int = 0
    #: From before the data was read.
    lease: Lease | None = None
    #: Milliseconds since 1970, for the copy of an entry: when the answer was made. None for now.
    created_at: int | None = None
    #: For the copy of an entry: `vector` is of length one already, its bits are kept, and this was its length before.
    norm: float | None = None


@dataclass(frozen=True, slots=True)
class Inserted:
    entry: int
    #: The entry with the same key that made room.
    replaced: int | None


@dataclass(slots=True)
class ComputedAnswer:
    """An answer that was computed because none was stored, and what is to be stored with it."""

    payload: str | bytes
    #: Everything that it was built from.
    dependencies: Sequence[Dependency] = ()
    prompt: str | None = None
    content_type: str | None = None
    tags: Sequence[str] = ()
    expires_at: int | None = None
    cost_saved_nanodollars: int = 0


@dataclass(slots=True)
class Answer:
    """An answer, wherever it came from."""

    payload: bytes
    content_type: str
    #: The hit that it is; None when it was computed.
    hit: Hit | None = None
    #: The entry under which a computed answer is stored now.
    stored: int | None = None
    #: Why a computed answer is not stored.
    failure: CacheError | None = None

    @property
    def text(self) -> str | None:
        return decoded(self.payload)


def decoded(payload: bytes | None) -> str | None:
    if payload is None:
        return None
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return None


def content_type_of(payload: str | bytes, given: str | None) -> str:
    return given if given is not None else TEXT if isinstance(payload, str) else BINARY
