"""What went wrong, in a form that both people and programs can act on."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

RETRY_AFTER: Final = "retry-after-ms"


class ErrorCode(str, Enum):
    """The stable names of errors, the same on the wire, in every client and on the command line.

    Each is a string as well: `error.code == "stale-dependency"`.
    """

    MALFORMED_FRAME = "malformed-frame"
    FRAME_TOO_LARGE = "frame-too-large"
    UNSUPPORTED_VERSION = "unsupported-version"
    INVALID_ARGUMENT = "invalid-argument"
    DIMENSION_MISMATCH = "dimension-mismatch"
    INVALID_VECTOR = "invalid-vector"
    PAYLOAD_TOO_LARGE = "payload-too-large"
    MODEL_MISMATCH = "model-mismatch"
    STALE_DEPENDENCY = "stale-dependency"
    LEASE_REQUIRED = "lease-required"
    BAD_LEASE = "bad-lease"
    KIND_MISMATCH = "kind-mismatch"
    GENERATION_CONFLICT = "generation-conflict"
    LABEL_CONFLICT = "label-conflict"
    FENCED = "fenced"
    SUPERSEDED = "superseded"
    NAMESPACE_NOT_FOUND = "namespace-not-found"
    NAMESPACE_CONFLICT = "namespace-conflict"
    ENTRY_NOT_FOUND = "entry-not-found"
    LIMIT_EXCEEDED = "limit-exceeded"
    OVERLOADED = "overloaded"
    STORAGE_FULL = "storage-full"
    STORAGE_FAILED = "storage-failed"
    STORE_LOCKED = "store-locked"
    STORE_DAMAGED = "store-damaged"
    UNSUPPORTED_FORMAT = "unsupported-format"
    SHUTTING_DOWN = "shutting-down"
    INTERNAL_ERROR = "internal-error"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CONNECTION_FAILED = "connection-failed"
    CONNECTION_CLOSED = "connection-closed"
    DEADLINE_EXCEEDED = "deadline-exceeded"
    INVALID_CONFIGURATION = "invalid-configuration"

    def __str__(self) -> str:
        return str(self.value)


CODE_BY_NUMBER: Final[Mapping[int, ErrorCode]] = dict(
    zip(
        [
            *(1, 2, 3, 4),
            *(*range(10, 14), *range(20, 28), *range(30, 34), *range(40, 48), *range(50, 52), *range(60, 64)),
        ],
        ErrorCode,
        strict=True,
    )
)


class CacheError(Exception):
    """An error of the service, or of the way to it.

    `code` is stable; `message` is for people and may change; `detail` holds the values that it speaks of, under the
    names that the protocol gives with each code.
    """

    def __init__(self, code: ErrorCode, message: str, detail: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message, detail)
        self.code = code
        self.message = message
        self.detail: dict[str, str] = dict(detail or {})

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before trying again, where the error says so."""
        try:
            return max(0, int(self.detail[RETRY_AFTER])) / 1000
        except (KeyError, ValueError, OverflowError):
            return None

    @property
    def closes_connection(self) -> bool:
        """Whether the sender reads nothing more from the connection."""
        return self.code in _CLOSING

    def __str__(self) -> str:
        pairs = ", ".join(f"{name}={value}" for name, value in sorted(self.detail.items()))
        return f"{self.code}: {self.message}" + (f" ({pairs})" if pairs else "")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CacheError):
            return NotImplemented
        return (self.code, self.message, self.detail) == (other.code, other.message, other.detail)

    def __hash__(self) -> int:
        return hash((self.code, self.message))


_CLOSING: Final = frozenset(
    {
        ErrorCode.MALFORMED_FRAME,
        ErrorCode.FRAME_TOO_LARGE,
        ErrorCode.UNSUPPORTED_VERSION,
        ErrorCode.UNAUTHENTICATED,
    }
)


def malformed(message: str) -> CacheError:
    """What a peer sent cannot be read."""
    return CacheError(ErrorCode.MALFORMED_FRAME, message)


def invalid(field: str, message: str) -> CacheError:
    """A value that no request can carry."""
    return CacheError(ErrorCode.INVALID_ARGUMENT, f"{field}: {message}", {"field": field})


def connection_closed(message: str, cause: object = None) -> CacheError:
    """A connection that is gone; what was sent on it may or may not have been carried out."""
    return CacheError(ErrorCode.CONNECTION_CLOSED, message, None if cause is None else {"cause": str(cause)})


def deadline_exceeded(message: str) -> CacheError:
    return CacheError(ErrorCode.DEADLINE_EXCEEDED, message)
