"""Why a service cannot be reached, and why the two could not agree on TLS."""

from __future__ import annotations

import ssl
from typing import Final

from semblance.address import Address
from semblance.errors import CacheError, ErrorCode

#: What OpenSSL calls a certificate for another name, and for another IP address.
_OTHER_NAME: Final = (62, 64)
#: What a service with TLS answers to bytes that are none: the beginning of an alert.
_ALERT: Final = b"\x15\x03"
#: By the detail `tls` of the error.
_MESSAGES: Final = {
    "untrusted": "the service's certificate is not trusted: none of the authorities that were named vouches for it, "
    "or it has expired",
    "other-name": "the service's certificate is for another name",
    "plaintext": "the service does not speak TLS there",
    "encrypted": "the service speaks TLS there, and this client was not told to",
    "handshake": "TLS could not be agreed upon",
}


def unreachable(address: Address, cause: object) -> CacheError:
    """`connection-failed`, with the detail `tls` where the two could not agree on that."""
    detail = {"address": str(address), "cause": str(cause) or "timed out"}
    reason = _reason(cause)
    if reason is None:
        return CacheError(ErrorCode.CONNECTION_FAILED, "the service cannot be reached", detail)
    return CacheError(ErrorCode.CONNECTION_FAILED, _MESSAGES[reason], detail | {"tls": reason})


def not_encrypted(beginning: bytes) -> CacheError | None:
    """What the first bytes of a service say that expects TLS."""
    if not beginning.startswith(_ALERT):
        return None
    return CacheError(ErrorCode.CONNECTION_FAILED, _MESSAGES["encrypted"], {"tls": "encrypted"})


def _reason(cause: object) -> str | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "other-name" if cause.verify_code in _OTHER_NAME else "untrusted"
    if not isinstance(cause, ssl.SSLError):
        return None
    # A service without TLS answers with a frame, whose first bytes OpenSSL takes for a version.
    return "plaintext" if cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE") else "handshake"
