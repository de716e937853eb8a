"""Airflow: a task at the end of a DAG that tells the cache which tables were written.

Give it to a PythonOperator. A task of its own is tried again as its `retries` say, and the run is red as long as the
news is not acknowledged; a failure in an `on_success_callback` would only be logged. The worker's environment says how
to speak with the service: SEMBLANCE_TOKEN, SEMBLANCE_TLS_CA.

    PythonOperator(
        task_id="announce_to_semblance",
        python_callable=announce_tables,
        op_kwargs={"address": "cache.internal:7707", "namespace": "support", "tables": ["kb/refunds", "kb/shipping"]},
        retries=10,
        retry_exponential_backoff=True,
    )
"""

# example
import time
from typing import Any

from semblance import CacheError, Client, Configuration, Invalidation


def announce_tables(address: str, namespace: str, tables: list[str], **context: Any) -> dict[str, str]:
    """Returns the position of each piece of news, which Airflow keeps as the task's XCom."""
    # The time, not the data interval: a backfill of an old interval changes the data now. The time at which the
    # first try began, so that another try says the same.
    started = getattr(context.get("ti"), "start_date", None)
    version = int((started.timestamp() if started is not None else time.time()) * 1000)
    with Client(address, Configuration.from_environment()) as cache:
        outcomes = cache.invalidate_many(namespace, [Invalidation.version(table, version) for table in tables])
    positions = {}
    for table, outcome in zip(tables, outcomes, strict=True):
        if isinstance(outcome, CacheError):
            raise outcome
        positions[table] = str(outcome.position)
    return positions


# end of the example
