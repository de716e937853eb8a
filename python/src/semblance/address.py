"""Where a service listens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Union

from semblance.errors import CacheError, ErrorCode

#: Where the service listens unless it is told otherwise.
STANDARD: Final = "127.0.0.1:7707"
#: What a socket address holds on every platform, less the closing zero.
_PATH_LIMIT_BYTES: Final = 103


@dataclass(frozen=True, slots=True)
class NetworkAddress:
    #: A name or an IP address, an IPv6 address without brackets.
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = Union[NetworkAddress, UnixAddress]


def parse_address(text: str) -> Address:
    """Reads `host:port`, `[IPv6 address]:port`, or `unix:` and a path. Raises `CacheError`, `invalid-configuration`."""
    if text.startswith("unix:"):
        path = text[len("unix:") :]
        if not path:
            raise _invalid(text, "the path of the socket is missing after 'unix:'")
        if len(path.encode(errors="surrogateescape")) > _PATH_LIMIT_BYTES or "\0" in path:
            raise _invalid(text, f"the path of a socket has at most {_PATH_LIMIT_BYTES} bytes, none zero")
        return UnixAddress(path)
    host, colon, digits = text.rpartition(":")
    if not colon:
        raise _invalid(text, "an address is 'host:port' or 'unix:/path'")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise _invalid(text, "an IPv6 address is written in brackets: '[::1]:7707'")
    if not host or any(letter.isspace() or letter in "[]/" for letter in host):
        raise _invalid(text, "the part before the port is not a host name or an IP address")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 5 or not 1 <= int(digits) <= 65_535:
        raise _invalid(text, "a port is a number from 1 through 65535")
    return NetworkAddress(host, int(digits))


def _invalid(text: str, message: str) -> CacheError:
    return CacheError(ErrorCode.INVALID_CONFIGURATION, message, {"address": text})
