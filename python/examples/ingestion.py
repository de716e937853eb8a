"""An ingestion job: documents are published first, then the news, until it is acknowledged."""

# example
import time
from collections.abc import Callable, Iterable

from semblance import CacheError, Client, Invalidation, InvalidationReceipt


def ingest(
    cache: Client, documents: Iterable[str], version: int, publish: Callable[[str], None]
) -> list[InvalidationReceipt]:
    """`version` is any number that grows from job to job: a build number, an offset, milliseconds since 1970."""
    changed = list(documents)
    for document in changed:
        publish(document)
    # After readers can see the new documents, never before: otherwise an answer from the old ones would pass as new.
    return announce(cache, "support", [Invalidation.version(f"kb/{document}", version) for document in changed])


def announce(
    cache: Client, namespace: str, news: list[Invalidation], patience: float = 300
) -> list[InvalidationReceipt]:
    """Repeats news until all of it is acknowledged. A version or a label may be announced twice, a bump as well.

    Raises what the service has against an item, and the last error when `patience`, in seconds, has run out: the job
    has to be run again then, or answers from old documents may be served.
    """
    deadline = time.monotonic() + patience
    delay = 0.1
    while True:
        try:
            # At most 256 at once.
            batches = [news[start : start + 256] for start in range(0, len(news), 256)]
            outcomes = [outcome for batch in batches for outcome in cache.invalidate_many(namespace, batch)]
            break
        except CacheError as error:
            delay = max(error.retry_after or 0, min(delay * 2, 10))
            if time.monotonic() + delay > deadline:
                raise
            time.sleep(delay)
    receipts = []
    for outcome in outcomes:
        if isinstance(outcome, CacheError):
            raise outcome
        receipts.append(outcome)
    return receipts


# end of the example
