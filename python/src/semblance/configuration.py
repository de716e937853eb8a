"""How a client connects, waits and tries again."""

from __future__ import annotations

import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from semblance.errors import CacheError, ErrorCode

_CLIENT_NAME_BYTES = 128
_TOKEN_BYTES = 512


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every value has a default that suits an app beside its service. Times are seconds."""

    #: What the client calls itself in the service's logs: at most 128 bytes of UTF-8.
    client_name: str = "semblance-python"
    #: The token that `semblance token create` has made for this client; empty where the service asks for none. At most
    #: 512 bytes; a string is UTF-8. Without one that holds calls fail with `unauthenticated`, and with `forbidden` for
    #: what it is not good for.
    token: str | bytes = ""
    #: Connections are encrypted with it.
    tls: ssl.SSLContext | None = None
    #: The name that the certificate is checked for; None for the host of the address.
    tls_server_name: str | None = None
    #: Send vectors in half precision: half the bytes, 11 significant bits.
    half_precision: bool = False

    #: `Client`: connections open at once, each with one request at a time. `AsyncClient` needs only one.
    connection_limit: int = 16
    #: `AsyncClient`: requests that wait while the connection is full or being opened; further ones are `overloaded`.
    waiting_request_limit: int = 4_096

    #: How long a call takes at most, retries included, unless it names its own timeout.
    request_timeout: float = 10.0
    #: How long connecting takes at most, the exchange of HELLO included. Resolving a name is not bounded by it.
    connect_timeout: float = 2.0
    #: A connection from which nothing has come for so long, while requests wait for replies, is given up.
    silence_limit: float = 10.0

    #: How often a call is tried in all. Only calls that are safe to repeat are: see `semblance.retry`.
    attempt_limit: int = 3
    #: A call that would have to wait longer than this before it is tried again fails at once instead.
    retry_wait_limit: float = 0.25
    #: Whether calls that are safe to repeat are tried again when the service answers `overloaded`.
    retries_overloaded: bool = False

    #: The time before connecting again after the first failure; it doubles with every further one.
    reconnect_delay: float = 0.02
    reconnect_delay_limit: float = 2.0
    #: Spreads out the reconnects of many clients: a number from 0 up to 1.
    randomness: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        """Raises `CacheError`, `invalid-configuration` with the detail `field`."""
        _check("client_name", len(self.client_name.encode()) <= _CLIENT_NAME_BYTES, "has at most 128 bytes")
        token = self.token.encode() if isinstance(self.token, str) else self.token
        _check("token", len(token) <= _TOKEN_BYTES, "has at most 512 bytes")
        for field in ("connection_limit", "waiting_request_limit", "attempt_limit"):
            _check(field, getattr(self, field) >= 1, "is at least 1")
        for field in ("request_timeout", "connect_timeout", "silence_limit", "reconnect_delay"):
            _check(field, getattr(self, field) > 0, "is more than nothing")
        _check("retry_wait_limit", self.retry_wait_limit >= 0, "is not negative")
        _check(
            "reconnect_delay_limit", self.reconnect_delay_limit >= self.reconnect_delay, "is at least reconnect_delay"
        )


def _check(field: str, is_valid: bool, rule: str) -> None:
    if not is_valid:
        raise CacheError(ErrorCode.INVALID_CONFIGURATION, f"{field} {rule}", {"field": field})
