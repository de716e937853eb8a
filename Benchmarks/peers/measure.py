"""All measurements of one set of vectors."""
import concurrent.futures
import contextlib
import dataclasses
import json
import pathlib
import sys

import numpy

import children
import service
import truth

THRESHOLDS = (0.95, 0.90, 0.80, 0.70)
PEERS = ("usearch-f32", "hnswlib", "usearch-i8", "sqlite-vec", "faiss-panorama", "faiss-flat")  # slowest build first
RANGE_PEERS = ("faiss-panorama", "faiss-flat")
OURS = ("ours-grown", "ours-rebuilt")
BATCH = 32
DELETED_ROWS = 1_024
LEAST_FOR_P99 = 100


@dataclasses.dataclass
class Cell:
    """What is measured in rounds: a method, at one threshold or, with None, at any."""

    method: str
    threshold: float | None
    # ask(first, count, warm-up) answers as the children do.
    ask: object
    count: int = 0
    rounds: list = dataclasses.field(default_factory=list)
    found: dict = dataclasses.field(default_factory=dict)

    def run(self, first, query_count):
        answer = self.ask(first, self.count, min(20, max(1, self.count // 10)))
        self.rounds.append(answer)
        for number, row in enumerate(answer["found"]):
            self.found[(first + number) % query_count] = row

    def latency(self):
        """Medians over the rounds; a p99 of rounds under 100 queries is that of all rounds together."""
        rounds = [numpy.array(answer["microseconds"]) for answer in self.rounds]
        together = numpy.concatenate(rounds)
        result = {
            "p50": float(numpy.median([numpy.median(times) for times in rounds])),
            "p99": None,
            "queries": len(together),
            "threadMicroseconds": float(
                numpy.median([answer["threadSeconds"] * 1e6 / len(answer["microseconds"]) for answer in self.rounds])),
        }
        if len(rounds[0]) >= LEAST_FOR_P99:
            result["p99"] = float(numpy.median([numpy.percentile(times, 99) for times in rounds]))
        elif len(together) >= LEAST_FOR_P99:
            result["p99"] = float(numpy.percentile(together, 99))
        return result


class Measurement:
    def __init__(self, dataset, options, say, log):
        self.dataset, self.options, self.say, self.log = dataset, options, say, log
        self.folder = dataset.folder
        self.rows, self.queries = dataset.rows, dataset.queries
        self.methods = {}
        self.result = {
            "rows": len(self.rows), "dimension": dataset.dimension, "source": dataset.source,
            "queries": len(self.queries), "methods": self.methods,
        }
        self.children = {}

    def method(self, name):
        return self.methods.setdefault(name, {})

    def measure(self):
        """Everything; processes end with it, whatever happens."""
        with contextlib.ExitStack() as stack:
            self.stack = stack
            self.say("exact scan for the truth")
            self.truth = truth.Truth(self.rows, self.queries)
            self.result["hits"] = {threshold: self.truth.hits(threshold) for threshold in THRESHOLDS}
            self.build()
            self.load()
            self.fill()
            self.search()
            self.judge()
            self.delete()
        return self.result

    def start(self, name, command):
        child = children.Child([str(word) for word in command], self.log)
        self.stack.callback(child.end)
        self.children[name] = child
        return child

    def peer(self, name):
        return [sys.executable, pathlib.Path(__file__).with_name("peers.py"), name]

    # MARK: Building

    def build(self):
        def timed(name, work):
            work(name)
            self.say(f"built {name}")

        jobs = [(name, self.build_peer) for name in PEERS]
        jobs.insert(2, ("ours", self.build_ours))
        with concurrent.futures.ThreadPoolExecutor(self.options.builds_at_once) as pool:
            futures = [pool.submit(timed, *job) for job in jobs]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                # Nobody waits for the others' quarter of an hour.
                pool.shutdown(wait=False, cancel_futures=True)
                for child in list(self.children.values()):
                    child.process.kill()
                raise

    def build_peer(self, name):
        note = self.folder / f"{name}.json"
        if self.options.reuse and note.exists() and not self.dataset.is_new:
            built = json.loads(note.read_text()) | {"isReused": True}
        else:
            note.unlink(missing_ok=True)
            child = self.start(name, self.peer(name))
            with child.watched() as peak:
                built = child.ask("build", self.dataset.rows_path, self.folder / f"{name}.index")
            built["peakBytes"] = max(peak.bytes - built["bytesBefore"], built["anonymousBytes"])
            child.end()
            note.write_text(json.dumps(built))
        method, count = self.method(name), len(self.rows)
        method["insert"] = {"microseconds": built["insertSeconds"] * 1e6 / count, "isReused": "isReused" in built}
        method["memory"] = {
            "restBytesPerRow": built["anonymousBytes"] / count,
            "peakBytesPerRow": built["peakBytes"] / count,
            "fileBytesPerRow": built["fileBytes"] / count if name == "sqlite-vec" else 0,
        }

    def build_ours(self, name):
        child = self.start("ours", [self.options.binaries / "index-benchmark"])
        loaded = child.ask("load", self.dataset.rows_path, self.dataset.queries_path)
        self.result["kernel"] = loaded["kernel"]
        before = child.anonymous_bytes()
        grown = child.ask("grow")
        rest = child.anonymous_bytes()
        with child.watched() as peak:
            rebuilt = child.ask("rebuild")
        count = len(self.rows)
        inserts, rebuilds = grown["insertSeconds"] * 1e6 / count, grown["rebuildSeconds"] * 1e6 / count
        method = self.method("ours-grown")
        method["insert"] = {
            "microseconds": inserts + rebuilds, "withoutRebuilds": inserts, "rebuildCount": grown["rebuildCount"]}
        # Rows are read from the mapped file, as the service reads them from its store.
        method["memory"] = {
            "restBytesPerRow": (rest - before) / count,
            "peakBytesPerRow": (peak.bytes - before) / count,
            "fileBytesPerRow": 4 * self.dataset.dimension,
            "indexBytesPerRow": (grown["indexBytes"] + grown["partitionBytes"]) / count,
        }
        method["delete"] = {"wallMicroseconds": 0, "processorMicroseconds": 0}
        self.method("ours-rebuilt").update({
            "insert": {"microseconds": rebuilt["rebuildSeconds"] * 1e6 / count,
                       "longestStepSeconds": rebuilt["longestStepSeconds"]},
            "memory": {"indexBytesPerRow": (rebuilt["indexBytes"] + rebuilt["partitionBytes"]) / count},
        })

    def load(self):
        for name in PEERS:
            child = self.start(name, self.peer(name))
            overhead = child.ask("call", self.dataset.queries_path, self.folder / f"{name}.one")
            method = self.method(name)
            method["call"] = {"p50": float(numpy.median(overhead["microseconds"]))}
            loaded = child.ask("load", self.folder / f"{name}.index", self.dataset.queries_path)
            method["ready"] = {"seconds": loaded["readySeconds"]}
            method["memory"]["loadedBytesPerRow"] = loaded["anonymousBytes"] / len(self.rows)
        for path in self.folder.glob("*.one*"):
            path.unlink()
        self.say("loaded the saved indexes")

    def fill(self):
        self.service = service.Service(self.options.binaries / "semblance", self.folder / "service", self.log)
        self.stack.callback(self.service.discard)
        filled, count = self.service.fill(self.rows), len(self.rows)
        self.say("filled the service")
        restarted = self.service.restart(self.queries[0], THRESHOLDS[0])
        self.say("restarted the service")
        self.method("ours-socket").update({
            "insert": {"microseconds": filled["processorSeconds"] * 1e6 / count,
                       "rowsPerSecond": count / filled["wallSeconds"]},
            "memory": {"restBytesPerRow": filled["restBytes"] / count, "peakBytesPerRow": filled["peakBytes"] / count,
                       "fileBytesPerRow": filled["fileBytes"] / count,
                       "loadedBytesPerRow": restarted["restBytes"] / count},
            "ready": {"seconds": restarted["pingSeconds"], "lookupSeconds": restarted["lookupSeconds"]},
        })
        self.redis = None
        if service.Redis.is_installed():
            self.redis = service.Redis(self.folder, self.log)
            self.stack.callback(self.redis.end)

    # MARK: Searching

    def search(self):
        """All methods in turn, several times, so that what else the machine does hits all alike."""
        cells = self.cells()
        for cell in cells:
            pilot = cell.ask(0, 5, 1)["microseconds"]
            fitting = self.options.round_seconds * 1e6 / float(numpy.median(pilot))
            cell.count = int(max(5, min(fitting, len(self.queries) // self.options.rounds)))
        # The service is asked for as much as fits into its share of a round as well.
        asked = {}
        for threshold in THRESHOLDS:
            fitting = self.options.round_seconds * 1e6 / self.bench(0, 5, threshold)["p50"]
            asked[threshold] = int(max(5, min(fitting, len(self.queries) // self.options.rounds)))
        batches = {threshold: [] for threshold in THRESHOLDS}
        sockets = {threshold: [] for threshold in THRESHOLDS}
        gets = []
        for number in range(self.options.rounds):
            # There and back again, so that nobody always comes after the same one.
            for cell in cells if number % 2 == 0 else reversed(cells):
                cell.run(number * cell.count, len(self.queries))
                if cell.method == OURS[0]:
                    self.batch(cell, number, batches[cell.threshold])
            for threshold in THRESHOLDS:
                sockets[threshold].append(self.bench(number, asked[threshold], threshold))
            if self.redis:
                gets.append(self.redis.get_microseconds(self.options.redis_requests))
            self.say(f"round {number + 1} of {self.options.rounds}")
        self.cells_measured = cells
        for cell in cells:
            for threshold in THRESHOLDS if cell.threshold is None else [cell.threshold]:
                self.method(cell.method).setdefault("latency", {})[threshold] = cell.latency()
        self.result["batches"] = {
            threshold: {key: float(numpy.median([pair[key] for pair in pairs])) for key in pairs[0]}
            for threshold, pairs in batches.items() if pairs
        }
        self.result["sockets"] = {
            threshold: {key: float(numpy.median([line[key] for line in lines])) for key in lines[0]}
            for threshold, lines in sockets.items()
        }
        self.method("ours-socket")["latency"] = {
            threshold: {"p50": line["p50"], "p99": line["p99"],
                        "queries": int(sum(each["queries"] for each in sockets[threshold]))}
            for threshold, line in self.result["sockets"].items()
        }
        self.result["redisGetMicroseconds"] = float(numpy.median(gets)) if gets else None

    def cells(self):
        cells = []
        for name in PEERS:
            child = self.children[name]
            cells.append(Cell(name, None, lambda *numbers, child=child: child.ask("nearest", *numbers)))
            if name in RANGE_PEERS:
                for threshold in THRESHOLDS:
                    cells.append(Cell(
                        f"{name}-range", threshold,
                        lambda *numbers, child=child, at=threshold: child.ask("range", at, *numbers)))
        ours = self.children["ours"]
        for name in OURS:

            def ask(*numbers, name=name, at):
                ours.ask("use", name.removeprefix("ours-"))
                return ours.ask("round", at, *numbers)

            for threshold in THRESHOLDS:
                cells.append(Cell(name, threshold, lambda *numbers, ask=ask, at=threshold: ask(*numbers, at=at)))
        return cells

    def batch(self, cell, number, pairs):
        """The queries that were just asked one by one, 32 together."""
        count = cell.count // BATCH * BATCH
        if count == 0:
            return
        together = self.children["ours"].ask("batch", cell.threshold, number * cell.count, count, BATCH)
        pairs.append({
            "single": float(numpy.mean(cell.rounds[-1]["microseconds"])),
            "together": sum(together["microseconds"]) / count,
        })

    def bench(self, number, count, threshold):
        part = (number * count + numpy.arange(count)) % len(self.queries)
        path = self.folder / "part.npy"
        numpy.save(path, self.queries[part])
        single = self.service.bench(path, threshold)
        return single | {"perSecondTogether": self.service.bench(path, threshold, BATCH)["perSecond"]}

    def judge(self):
        """Who missed what; the service is asked for every query once more, for the rows that it returns."""
        for cell in self.cells_measured:
            for threshold in THRESHOLDS if cell.threshold is None else [cell.threshold]:
                missed = self.truth.missed(cell.found, threshold)
                if cell.threshold is None:
                    missed.pop("belowThreshold")
                self.method(cell.method).setdefault("missed", {})[threshold] = missed
        for threshold in THRESHOLDS:
            found = self.service.connection.look_up(service.NAMESPACE, self.queries, threshold)
            missed = self.truth.missed(dict(enumerate(found)), threshold)
            self.method("ours-socket").setdefault("missed", {})[threshold] = missed

    def delete(self):
        for name in PEERS:
            path = self.folder / f"{name}.index"
            self.method(name)["delete"] = self.children[name].ask("delete", DELETED_ROWS, path, len(self.rows))
        self.method("ours-socket")["delete"] = self.service.delete(DELETED_ROWS)
        # FAISS searches one index in two ways.
        for name in RANGE_PEERS:
            for key in ("insert", "memory", "delete", "ready"):
                self.method(f"{name}-range")[key] = self.method(name)[key]
        self.say("deleted")
