"""Lookups a second by this client, beside GET of redis-py, in one run on one machine.

    python benchmarks/lookups.py --semblance ../.build/release/semblance

Starts both servers on Unix sockets and on loopback ports of their own, and takes turns between all ways of asking; the
figure of each is the median of its rounds. Needs redis-server and `pip install numpy redis`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import pathlib
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

import numpy
import redis
import redis.asyncio

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "src"))

from semblance import AsyncClient, Client, Configuration, Insertion, Lookup

NAMESPACE = "benchmark"
DIMENSION = 384
PAYLOAD = b"x" * 1536
IN_FLIGHT = 64


@contextlib.contextmanager
def started(command: list[str], log: pathlib.Path) -> Iterator[None]:
    with open(log, "w") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Round:
    #: Calls a second, everything included.
    rate: float
    #: CPU time of this process, system calls included, a call: hardly depends on what else the machine does.
    microseconds: float


def rate(ask: Callable[[int], object], seconds: float, items: int) -> Round:
    start, cpu = time.perf_counter(), time.process_time()
    count = 0
    while time.perf_counter() - start < seconds:
        for _ in range(10):
            ask(count)
            count += items
    return Round(count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e6)


async def async_rate(ask: Callable[[int], Awaitable[object]], seconds: float) -> Round:
    start, cpu = time.perf_counter(), time.process_time()
    counts = [0] * IN_FLIGHT

    async def worker(number: int) -> None:
        while time.perf_counter() - start < seconds:
            await ask(number * 1_000_003 + counts[number])
            counts[number] += 1

    await asyncio.gather(*(worker(number) for number in range(IN_FLIGHT)))
    count = sum(counts)
    return Round(count / (time.perf_counter() - start), (time.process_time() - cpu) / count * 1e6)


def measure(addresses: dict[str, tuple[str, str]], vectors: numpy.ndarray, rounds: int, seconds: float) -> None:
    rows = len(vectors)
    loop = asyncio.new_event_loop()
    figures: dict[str, list[Round]] = {}
    ways: dict[str, Callable[[], Round]] = {}
    for kind, (semblance_address, redis_address) in addresses.items():
        client = Client(semblance_address)
        half = Client(semblance_address, Configuration(half_precision=True))
        other = AsyncClient(semblance_address)
        store = redis.Redis.from_url(redis_address)
        pool = redis.asyncio.BlockingConnectionPool.from_url(redis_address, max_connections=IN_FLIGHT)
        async_store = redis.asyncio.Redis(connection_pool=pool)

        def by_vector(number: int, client: Client = client) -> None:
            assert client.lookup(NAMESPACE, Lookup(vector=vectors[number % rows])).hits

        def by_half_vector(number: int, half: Client = half) -> None:
            assert half.lookup(NAMESPACE, Lookup(vector=vectors[number % rows])).hits

        def by_key(number: int, client: Client = client) -> None:
            assert client.lookup(NAMESPACE, Lookup(key=number % rows)).hits

        def get(number: int, store: redis.Redis = store) -> None:
            assert store.get(f"key:{number % rows}")

        async def async_by_vector(number: int, other: AsyncClient = other) -> None:
            assert (await other.lookup(NAMESPACE, Lookup(vector=vectors[number % rows]))).hits

        async def async_by_key(number: int, other: AsyncClient = other) -> None:
            assert (await other.lookup(NAMESPACE, Lookup(key=number % rows))).hits

        async def async_get(number: int, store: redis.asyncio.Redis = async_store) -> None:
            assert await store.get(f"key:{number % rows}")

        def many_by_vector(number: int, client: Client = client) -> None:
            lookups = [Lookup(vector=vectors[each % rows]) for each in range(number, number + IN_FLIGHT)]
            assert all(reply.hits for reply in client.lookup_many(NAMESPACE, lookups))

        def many_by_key(number: int, client: Client = client) -> None:
            lookups = [Lookup(key=each % rows) for each in range(number, number + IN_FLIGHT)]
            assert all(reply.hits for reply in client.lookup_many(NAMESPACE, lookups))

        def many_get(number: int, store: redis.Redis = store) -> None:
            pipeline = store.pipeline(transaction=False)
            for each in range(number, number + IN_FLIGHT):
                pipeline.get(f"key:{each % rows}")
            assert all(pipeline.execute())

        def blocking(ask: Callable[[int], object], items: int = 1) -> Callable[[], Round]:
            return lambda: rate(ask, seconds, items)

        def pipelined(ask: Callable[[int], Awaitable[object]]) -> Callable[[], Round]:
            return lambda: loop.run_until_complete(async_rate(ask, seconds))

        ways |= {
            f"{kind}, blocking, one connection: lookup by vector": blocking(by_vector),
            f"{kind}, blocking, one connection: lookup by vector, half precision": blocking(by_half_vector),
            f"{kind}, blocking, one connection: lookup by key": blocking(by_key),
            f"{kind}, blocking, one connection: redis-py GET": blocking(get),
            f"{kind}, blocking, batches of 64: lookup by vector": blocking(many_by_vector, IN_FLIGHT),
            f"{kind}, blocking, batches of 64: lookup by key": blocking(many_by_key, IN_FLIGHT),
            f"{kind}, blocking, pipelines of 64: redis-py GET": blocking(many_get, IN_FLIGHT),
            f"{kind}, asyncio, 64 in flight on one connection: lookup by vector": pipelined(async_by_vector),
            f"{kind}, asyncio, 64 in flight on one connection: lookup by key": pipelined(async_by_key),
            f"{kind}, asyncio, 64 in flight on 64 connections: redis-py GET": pipelined(async_get),
        }
    for _ in range(rounds):
        for name, way in ways.items():
            figures.setdefault(name, []).append(way())
    for name, found in figures.items():
        rates = [each.rate for each in found]
        cpu = statistics.median(each.microseconds for each in found)
        print(f"{statistics.median(rates):8,.0f}/s ({min(rates):,.0f} to {max(rates):,.0f}), {cpu:4.0f} µs CPU  {name}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--semblance", default="../.build/release/semblance")
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=2)
    arguments = options.parse_args()
    vectors = numpy.random.default_rng(1).standard_normal((arguments.rows, DIMENSION)).astype(numpy.float32)
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as servers:
        folder = pathlib.Path(name)
        port, redis_port = free_port(), free_port()
        listen = ["--listen", f"127.0.0.1:{port}", "--listen", f"unix:{folder}/semblance"]
        data = ["--data", str(folder / "data"), "--metrics-listen", "off"]
        servers.enter_context(started([arguments.semblance, "serve", *listen, *data], folder / "semblance.log"))
        redis_options = ["--port", str(redis_port), "--bind", "127.0.0.1", "--unixsocket", f"{folder}/redis"]
        keeping = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
        servers.enter_context(started(["redis-server", *redis_options, *keeping], folder / "redis.log"))
        addresses = {
            "TCP": (f"127.0.0.1:{port}", f"redis://127.0.0.1:{redis_port}"),
            "Unix socket": (f"unix:{folder}/semblance", f"unix://{folder}/redis"),
        }
        fill(addresses["TCP"], vectors)
        print(
            f"{platform.python_implementation()} {platform.python_version()}, numpy {numpy.__version__}, redis-py "
            f"{redis.__version__}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {arguments.rows:,} rows of "
            f"{DIMENSION} dimensions, payloads of {len(PAYLOAD):,} bytes"
        )
        measure(addresses, vectors, arguments.rounds, arguments.seconds)
        print(f"load at the end {os.getloadavg()[0]:.1f}")


def fill(addresses: tuple[str, str], vectors: numpy.ndarray) -> None:
    store = redis.Redis.from_url(addresses[1])
    client = Client(addresses[0])
    deadline = time.monotonic() + 30
    while True:
        try:
            client.ping()
            store.ping()
            break
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
    for start in range(0, len(vectors), 250):
        batch = range(start, min(start + 250, len(vectors)))
        client.insert_many(NAMESPACE, [Insertion(PAYLOAD, vector=vectors[row], key=row) for row in batch])
        for row in batch:
            store.set(f"key:{row}", PAYLOAD)
    wait_for_index(client)


def wait_for_index(client: Client) -> None:
    deadline = time.monotonic() + 60
    while client.statistics()["engine"]["indexBuildsPending"] and time.monotonic() < deadline:
        time.sleep(0.1)


if __name__ == "__main__":
    main()
