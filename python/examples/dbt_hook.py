"""dbt: tells the cache which models a run has built.

    dbt build; python dbt_hook.py cache.internal:7707 support target/run_results.json

The environment says how: SEMBLANCE_TOKEN, SEMBLANCE_TLS_CA. Models are sources by their names, such as `dbt/model.shop.refunds`. What was skipped or failed is not announced. Exits
with 1 when the news is not acknowledged: the step has to be run again then, which is harmless.
"""

# example
import json
import pathlib
import sys
from datetime import datetime

from semblance import CacheError, Client, Configuration, Invalidation


def announce_models(address: str, namespace: str, run_results: pathlib.Path) -> list[str]:
    """Returns the sources that were announced."""
    document = json.loads(run_results.read_text())
    finished = datetime.fromisoformat(document["metadata"]["generated_at"].replace("Z", "+00:00"))
    version = int(finished.timestamp() * 1000)
    built = [result["unique_id"] for result in document["results"] if result["status"] == "success"]
    sources = [f"dbt/{name}" for name in built if name.startswith(("model.", "snapshot.", "seed."))]
    with Client(address, Configuration.from_environment()) as cache:
        for start in range(0, len(sources), 256):
            news = [Invalidation.version(source, version) for source in sources[start : start + 256]]
            for outcome in cache.invalidate_many(namespace, news):
                if isinstance(outcome, CacheError):
                    raise outcome
    return sources


# end of the example

if __name__ == "__main__":
    try:
        for source in announce_models(sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])):
            print(source)
    except CacheError as error:
        sys.exit(f"not announced: {error}")
