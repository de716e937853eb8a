"""How a client connects, waits and tries again."""

from __future__ import annotations

import os
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from semblance.errors import CacheError, ErrorCode

_CLIENT_NAME_BYTES = 128
_TOKEN_BYTES = 512
_TOKEN_FILE_BYTES = 4_096


@dataclass(frozen=True, slots=True)
class Configuration:
    """Every value has a default that suits an app beside its service. Times are seconds."""

    #: What the client calls itself in the service's logs: at most 128 bytes of UTF-8.
    client_name: str = "semblance-python"
    #: The token that `semblance token create` has made for this client; empty where the service asks for none. At most
    #: 512 bytes; a string is UTF-8. Without one that holds calls fail with `unauthenticated`, and with `forbidden` for
    #: what it is not good for.
    token: str | bytes = ""
    #: Encrypts connections to a port; Unix sockets are never encrypted.
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

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, **options: Any) -> Configuration:
        """With the token and the TLS that the variables of the command line name; `options` are the other values.

        `SEMBLANCE_TOKEN`, or `SEMBLANCE_TOKEN_FILE`, the path of a file with the token; `SEMBLANCE_TLS` (`on` or `off`),
        `SEMBLANCE_TLS_CA`, `SEMBLANCE_TLS_SERVER_NAME`, `SEMBLANCE_TLS_CLIENT_CERTIFICATE` and
        `SEMBLANCE_TLS_CLIENT_KEY`, of which any but `off` asks for TLS. Raises `CacheError`, `invalid-configuration` with the detail `field`.
        """
        variables = os.environ if environment is None else environment
        return cls(
            token=_token(variables),
            tls=_tls(variables),
            tls_server_name=variables.get("SEMBLANCE_TLS_SERVER_NAME") or None,
            **options,
        )

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


def _token(variables: Mapping[str, str]) -> str | bytes:
    path = variables.get("SEMBLANCE_TOKEN_FILE", "")
    token = variables.get("SEMBLANCE_TOKEN", "")
    if token or not path:
        return token
    field = "SEMBLANCE_TOKEN_FILE"
    # Taken for its neighbor, and what is in that one is not to be shown.
    _check(field, not path.startswith("smbl_"), "is the path of a file; SEMBLANCE_TOKEN takes the token itself")
    try:
        with open(path, "rb") as file:
            content = file.read(_TOKEN_FILE_BYTES + 1).strip()
    except OSError as error:
        message = f"{field} names a file that cannot be read: {error}"
        raise CacheError(ErrorCode.INVALID_CONFIGURATION, message, {"field": field}) from error
    _check(field, 0 < len(content) <= _TOKEN_BYTES and len(content.split()) == 1, "names a file that holds no token")
    return content


def _tls(variables: Mapping[str, str]) -> ssl.SSLContext | None:
    prefix = "SEMBLANCE_TLS"
    switch = variables.get(prefix, "")
    _check(prefix, switch in ("", "on", "off"), "is on or off")
    names = ("CA", "SERVER_NAME", "CLIENT_CERTIFICATE", "CLIENT_KEY")
    authority, name, certificate, key = (variables.get(f"{prefix}_{last}") for last in names)
    if switch == "off" or not (switch or authority or name or certificate or key):
        return None
    _check(f"{prefix}_CLIENT_CERTIFICATE", bool(certificate) == bool(key), f"and {prefix}_CLIENT_KEY go together")
    field = f"{prefix}_CA"
    try:
        context = ssl.create_default_context(cafile=authority or None)
        if certificate:
            field = f"{prefix}_CLIENT_CERTIFICATE"
            context.load_cert_chain(certificate, key)
    except OSError as error:  # ssl.SSLError is one
        message = f"{field} names a file that cannot be used: {error}"
        raise CacheError(ErrorCode.INVALID_CONFIGURATION, message, {"field": field}) from error
    return context


def _check(field: str, is_valid: bool, rule: str) -> None:
    if not is_valid:
        raise CacheError(ErrorCode.INVALID_CONFIGURATION, f"{field} {rule}", {"field": field})
