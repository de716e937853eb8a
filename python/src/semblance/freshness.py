"""Positions, leases, data versions and news about sources: see docs/PROTOCOL.md, "Freshness"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Union

from semblance.errors import invalid


def _hexadecimal(text: str, digits: int) -> int:
    if not 1 <= len(text) <= digits or not all(letter in "0123456789abcdefABCDEF" for letter in text):
        raise invalid("position", "an incarnation and a fingerprint are hexadecimal")
    return int(text, 16)


class Position(NamedTuple):
    """A point in the order of all invalidations of one store.

    Positions of different incarnations are of different histories and cannot be compared.
    """

    incarnation: int
    sequence: int

    @classmethod
    def parse(cls, text: str) -> Position:
        """Reads `00c1f3a09b2e7d44:17`; raises `CacheError`, `invalid-argument`."""
        incarnation, colon, sequence = text.partition(":")
        if not colon or not sequence.isascii() or not sequence.isdigit() or int(sequence[:21]) >= 1 << 64:
            raise invalid("position", "a position is an incarnation in hexadecimal, a colon and a sequence")
        return cls(_hexadecimal(incarnation, 16), int(sequence[:21]))

    def __str__(self) -> str:
        return f"{self.incarnation:016x}:{self.sequence}"


#: The generation of a source that was never reset.
FIRST_GENERATION = Position(0, 0)


class Lease(NamedTuple):
    """What is read after a lease was handed out is at least as new as its position.

    It says nothing about what was read before.
    """

    position: Position
    #: The fingerprint of the namespace that it is for.
    namespace: int

    @classmethod
    def parse(cls, text: str) -> Lease:
        """Reads `00c1f3a09b2e7d44:17/11b17b9125e871a8`; raises `CacheError`, `invalid-argument`."""
        position, slash, namespace = text.partition("/")
        if not slash:
            raise invalid("lease", "a lease is a position, a slash and the fingerprint of a namespace")
        return cls(Position.parse(position), _hexadecimal(namespace, 16))

    def __str__(self) -> str:
        return f"{self.position}/{self.namespace:016x}"


def namespace_fingerprint(name: str) -> int:
    """The 64-bit FNV-1a hash of a name's UTF-8, which leases carry."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & 0xFFFF_FFFF_FFFF_FFFF
    return value


#: What is known of the state of a source: an ordered version, a label, or nothing.
DataVersion = Union[int, str, None]


class Dependency(NamedTuple):
    """One thing that an answer was built from.

    `Dependency("kb/refunds", 42)` names an ordered version, `Dependency("kb/faq", "a1b2c3")` a label.
    `Dependency("kb/shipping")` names nothing and is accepted under a lease only.
    """

    source: str
    version: DataVersion = None
    #: Of an ordered version; another than the first only after the source was reset.
    generation: Position = FIRST_GENERATION


@dataclass(frozen=True, slots=True)
class SourceState:
    """The newest state of a source that the store has been told of."""

    #: None when it was only ever bumped, or when its label is unknown since a bump.
    version: DataVersion
    #: Of an ordered version.
    generation: Position
    #: The sequence of the last change; 0 when the source was never announced.
    last_sequence: int


@dataclass(frozen=True, slots=True)
class VersionReached:
    version: int
    generation: Position = FIRST_GENERATION


@dataclass(frozen=True, slots=True)
class LabelSet:
    label: str
    #: The label before, the position of the source's last change, or nothing.
    replacing: str | Position | None = None


@dataclass(frozen=True, slots=True)
class Bump:
    pass


@dataclass(frozen=True, slots=True)
class Reset:
    version: int


Change = Union[VersionReached, LabelSet, Bump, Reset]


@dataclass(frozen=True, slots=True)
class Invalidation:
    """News about a source, as a data pipeline tells it. Made by `version`, `label`, `bump` and `reset`."""

    source: str
    change: Change
    #: Of the store that the sender has seen. After a loss, only news that names the present one lifts the fence.
    incarnation: int | None = None

    @classmethod
    def version(
        cls, source: str, version: int, *, generation: Position = FIRST_GENERATION, incarnation: int | None = None
    ) -> Invalidation:
        """The source has reached a version. It may be announced twice, and late."""
        return cls(source, VersionReached(version, generation), incarnation)

    @classmethod
    def label(
        cls, source: str, label: str, *, replacing: str | Position | None = None, incarnation: int | None = None
    ) -> Invalidation:
        """The source has a label: a compare-and-set on what it replaces."""
        return cls(source, LabelSet(label, replacing), incarnation)

    @classmethod
    def bump(cls, source: str, *, incarnation: int | None = None) -> Invalidation:
        """Something changed, and nobody says to what."""
        return cls(source, Bump(), incarnation)

    @classmethod
    def reset(cls, source: str, version: int, *, incarnation: int | None = None) -> Invalidation:
        """The source was restored to an earlier point in time; a new generation begins at this version."""
        return cls(source, Reset(version), incarnation)


@dataclass(frozen=True, slots=True)
class InvalidationReceipt:
    """The answer to an invalidation that holds now, durably."""

    #: False when the source was at this state, or beyond it, already.
    changed: bool
    #: A lookup with it as its `minimum_position` sees the change.
    position: Position
    state: SourceState


@dataclass(frozen=True, slots=True)
class PurgeReceipt:
    """The answer to a purge or the drop of a namespace."""

    #: Entries that are gone.
    entries: int
    position: Position
