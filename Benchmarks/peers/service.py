"""What is measured through sockets: `semblance serve`, and Redis beside it."""
import csv
import io
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

import children
import wire

NAMESPACE = "peers"
BATCH_ROWS = 256


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process of ours that listens, ended by `end`."""

    def start(self, command, log, is_ready):
        """Returns the seconds until `is_ready` did not fail any more."""
        begun = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        while True:
            try:
                is_ready()
                return time.monotonic() - begun
            except OSError:
                if self.process.poll() is not None or time.monotonic() - begun > 600:
                    raise RuntimeError(f"{command[0]} does not answer")
                time.sleep(0.002)

    def end(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def anonymous_bytes(self):
        return children.anonymous_bytes(self.process.pid)

    def processor_seconds(self):
        return children.processor_seconds(self.process.pid)


class Service(Server):
    """`semblance serve` with one search thread and a data directory of its own."""

    def __init__(self, binary, folder, log):
        self.binary, self.folder, self.log = str(binary), pathlib.Path(folder), log
        shutil.rmtree(self.folder, ignore_errors=True)
        self.connection = None
        self.open()

    def open(self):
        self.port = free_port()
        command = [
            self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data", str(self.folder),
            "--metrics-listen", "off", "--search-threads", "1", "--log-level", "warning",
        ]
        return self.start(command, self.log, self.answers)

    def answers(self):
        connection = wire.Connection(self.port)
        connection.request(wire.PING, b"ready")
        self.connection = connection

    def end(self):
        if self.connection:
            self.connection.close()
        super().end()

    def settle(self, limit_seconds=600):
        """Waits until the service is idle: what it does in the background belongs to what was asked of it."""
        idle, before, deadline = 0, self.processor_seconds(), time.monotonic() + limit_seconds
        while idle < 3 and time.monotonic() < deadline:
            time.sleep(0.5)
            now = self.processor_seconds()
            idle = idle + 1 if now - before < 0.02 else 0
            before = now

    def fill(self, rows):
        """Inserts all rows in batches of 256, four requests in flight."""
        empty, begun, processor = self.anonymous_bytes(), time.monotonic(), self.processor_seconds()
        with children.watched(self.process.pid) as peak:
            self.entries = self.connection.insert(NAMESPACE, rows, BATCH_ROWS)
            inserted = time.monotonic() - begun
            self.settle()
        rest = self.anonymous_bytes()
        return {
            "processorSeconds": self.processor_seconds() - processor,
            "wallSeconds": inserted,
            "restBytes": rest - empty,
            "peakBytes": max(peak.bytes, rest) - empty,
            "fileBytes": sum(path.stat().st_blocks * 512 for path in self.folder.rglob("*") if path.is_file()),
        }

    def restart(self, query, threshold):
        """From the start of the process to the answer to a PING, and to that of a lookup."""
        self.end()
        begun = time.monotonic()
        ready = self.open()
        self.connection.look_up(NAMESPACE, query[None], threshold)
        looked_up = time.monotonic() - begun
        self.settle()
        return {"pingSeconds": ready, "lookupSeconds": looked_up, "restBytes": self.anonymous_bytes()}

    def bench(self, queries_path, threshold, in_flight=1):
        """One lookup after the other, or so many at once, by the load generator that comes with the service."""
        command = [
            self.binary, "bench", "--address", f"127.0.0.1:{self.port}", "--namespace", NAMESPACE, "--queries",
            str(queries_path), "--once", "--threshold", str(threshold), "--connections", "1", "--pipeline",
            str(in_flight), "--rate", "max", "--json",
        ]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        lookups = json.loads(done.stdout)["requests"]["lookup"]
        return {
            "p50": lookups["latencyNanoseconds"]["p50"] / 1e3,
            "p99": lookups["latencyNanoseconds"]["p99"] / 1e3,
            "search": lookups["searchNanoseconds"]["p50"] / 1e3,
            "rest": lookups["overheadNanoseconds"]["p50"] / 1e3,
            "perSecond": lookups["answersPerSecond"],
            "queries": lookups["answeredCount"],
        }

    def delete(self, count):
        """Deletes random entries, 256 in a request, one request after the other; each is on the disk when answered."""
        entries = random.Random(1).sample(self.entries, min(count, len(self.entries)))
        begun, processor = time.monotonic(), self.processor_seconds()
        for first in range(0, len(entries), BATCH_ROWS):
            self.connection.delete(NAMESPACE, entries[first : first + BATCH_ROWS])
        return {
            "wallMicroseconds": (time.monotonic() - begun) * 1e6 / len(entries),
            "processorMicroseconds": (self.processor_seconds() - processor) * 1e6 / len(entries),
            "rows": len(entries),
        }

    def discard(self):
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(Server):
    """An empty Redis without persistence, for the price of a round trip."""

    def __init__(self, folder, log):
        self.port = free_port()
        command = [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", str(folder),
        ]
        self.start(command, log, lambda: socket.create_connection(("127.0.0.1", self.port), timeout=5).close())

    @staticmethod
    def is_installed():
        return shutil.which("redis-server") is not None and shutil.which("redis-benchmark") is not None

    def get_microseconds(self, count):
        """Median of GETs of 1,536 bytes, one connection, one after the other."""
        # SET comes first, so that there is something to get.
        command = [
            "redis-benchmark", "-p", str(self.port), "-t", "set,get", "-d", "1536", "-c", "1",
            "-n", str(count), "--csv",
        ]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=os.environ)
        lines = csv.DictReader(io.StringIO(done.stdout))
        return next(float(line["p50_latency_ms"]) * 1e3 for line in lines if line["test"] == "GET")
