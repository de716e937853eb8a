"""Which calls are tried again, and when.

What the service has certainly not seen may always be sent again. What it may have seen is sent again only if that
changes nothing: lookups, `entry`, `ping`, `statistics`, leases, listing and creating namespaces, and invalidations that
name a version or a label. A second insert may leave two entries, a second bump forgets what was stored in between.
"""

from __future__ import annotations

from semblance.configuration import Configuration
from semblance.errors import RETRY_AFTER, CacheError, ErrorCode

#: How long to wait when the service does not say.
DEFAULT_WAIT = 0.01


class AttemptFailed(Exception):
    """An attempt that has no reply."""

    def __init__(self, error: CacheError, may_have_been_sent: bool) -> None:
        super().__init__(error)
        self.error = error
        self.may_have_been_sent = may_have_been_sent


#: The client, not the connection, is closed; never tried again.
CLIENT_CLOSED = CacheError(ErrorCode.CONNECTION_CLOSED, "the client is closed")


def retry_delay(
    configuration: Configuration,
    error: CacheError,
    *,
    attempt: int,
    is_repeatable: bool,
    is_reply: bool,
    may_have_been_sent: bool,
    remaining: float,
) -> float | None:
    """The time to wait before the next attempt; None for none.

    `attempt` is the one that failed, counted from 1; `is_reply` tells whether the error is the service's answer.
    """
    if attempt >= configuration.attempt_limit:
        return None
    wait = error.retry_after
    if is_reply:
        is_temporary = error.code is ErrorCode.SHUTTING_DOWN or (
            error.code is ErrorCode.OVERLOADED and configuration.retries_overloaded
        )
        if not is_temporary or not is_repeatable:
            return None
        wait = DEFAULT_WAIT if wait is None else wait
    else:
        if not is_repeatable and may_have_been_sent:
            return None
        if error.code not in (ErrorCode.CONNECTION_FAILED, ErrorCode.CONNECTION_CLOSED) or error is CLIENT_CLOSED:
            return None
        wait = wait or 0.0
    return wait if wait <= configuration.retry_wait_limit and wait < remaining else None


class Backoff:
    """When to connect again: later with every failure in a row, half of the delay left to chance."""

    __slots__ = ("_configuration", "_failure_count", "_last_failure", "_reconnect_at")

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._failure_count = 0
        self._reconnect_at = 0.0
        self._last_failure: CacheError | None = None

    def failed(self, error: CacheError, now: float) -> None:
        self._failure_count = min(self._failure_count + 1, 64)
        first, limit = self._configuration.reconnect_delay, self._configuration.reconnect_delay_limit
        delay = min(first * 2.0 ** (self._failure_count - 1), limit)
        self._reconnect_at = now + delay * (0.5 + 0.5 * self._configuration.randomness())
        self._last_failure = error

    def answered(self) -> None:
        """A connection has answered a request: only then is the service thought to be well."""
        self._failure_count = 0
        self._last_failure = None

    def check(self, now: float) -> None:
        """While the service cannot be reached, an app is better off without its cache than waiting for it.

        Raises `AttemptFailed` with the last failure, and in its detail when to come back.
        """
        if self._last_failure is not None and now < self._reconnect_at:
            milliseconds = max(1, int((self._reconnect_at - now) * 1000 + 0.999))
            error = CacheError(
                ErrorCode.CONNECTION_FAILED,
                self._last_failure.message,
                self._last_failure.detail | {RETRY_AFTER: str(milliseconds)},
            )
            raise AttemptFailed(error, may_have_been_sent=False)
