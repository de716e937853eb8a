"""One peer in a process of its own, driven line by line by compare.py: `peers.py METHOD`.

Commands and answers are those of index-benchmark: words separated by tabs, one line of JSON each.

    build ROWS.npy FILE          adds all rows in batches of 256, one thread, and saves the index
    load FILE QUERIES.npy        loads a saved index
    call QUERIES.npy             times searches in an index of one row: what a call from Python costs
    nearest FIRST COUNT WARM-UP  searches with k = 1; WARM-UP others before, not measured
    range THRESHOLD FIRST COUNT WARM-UP
    delete COUNT FILE            deletes random rows of the loaded index, in batches of 256
"""
import json
import os
import shutil
import sys
import time

import numpy

BATCH_ROWS = 256


class FAISS:
    """IndexFlatIP: the rows as they are."""

    def __init__(self):
        import faiss

        self.library = faiss
        faiss.omp_set_num_threads(1)

    def create(self, dimension, capacity, path):
        self.index = self.library.IndexFlatIP(dimension)

    def add(self, first, rows):
        self.index.add(rows)

    def save(self, path):
        self.library.write_index(self.index, path)

    def load(self, path, dimension):
        self.index = self.library.read_index(path)

    def nearest(self, query):
        return int(self.index.search(query, 1)[1][0, 0])

    def range(self, query, threshold):
        _, similarities, rows = self.index.range_search(query, threshold)
        return int(rows[similarities.argmax()]) if len(rows) else -1

    def delete(self, rows):
        self.index.remove_ids(rows)


class Panorama(FAISS):
    """IndexFlatIPPanorama: 8 levels, blocks of 512 rows; what has no chance after the first levels is left."""

    def create(self, dimension, capacity, path):
        self.index = self.library.IndexFlatIPPanorama(dimension, 8, 512)


class HNSWLib:
    def __init__(self):
        import hnswlib

        self.library = hnswlib

    def create(self, dimension, capacity, path):
        self.index = self.library.Index(space="ip", dim=dimension)
        self.index.init_index(max_elements=capacity, M=16, ef_construction=200, random_seed=1)
        self.ready()

    def ready(self):
        self.index.set_num_threads(1)
        self.index.set_ef(64)

    def add(self, first, rows):
        self.index.add_items(rows, numpy.arange(first, first + len(rows)), num_threads=1)

    def save(self, path):
        self.index.save_index(path)

    def load(self, path, dimension):
        self.index = self.library.Index(space="ip", dim=dimension)
        self.index.load_index(path)
        self.ready()

    def nearest(self, query):
        return int(self.index.knn_query(query, k=1, num_threads=1)[0][0, 0])

    def delete(self, rows):
        for row in rows.tolist():
            self.index.mark_deleted(row)


class USearch:
    element = "f32"

    def __init__(self):
        import usearch.index

        self.library = usearch.index

    def create(self, dimension, capacity, path):
        # Rows are unit vectors: the inner product orders them as the cosine does, and takes less time.
        self.index = self.library.Index(ndim=dimension, metric="ip", dtype=self.element)

    def add(self, first, rows):
        self.index.add(numpy.arange(first, first + len(rows), dtype=numpy.uint64), rows, threads=1)

    def save(self, path):
        self.index.save(path)

    def load(self, path, dimension):
        self.index = self.library.Index.restore(path)

    def nearest(self, query):
        matches = self.index.search(query[0], 1, threads=1)
        return int(matches.keys[0]) if len(matches) else -1

    def delete(self, rows):
        for row in rows.tolist():
            self.index.remove(row)


class USearchI8(USearch):
    element = "i8"


class SQLiteVec:
    """A vec0 table in a file, read by a memory map. L2 distance, whose order is the cosine's."""

    def open(self, path):
        # Python's own sqlite3 is often built without extensions.
        import apsw
        import sqlite_vec

        self.index = apsw.Connection(path)
        self.index.enable_load_extension(True)
        self.index.load_extension(sqlite_vec.loadable_path())
        for setting in ("journal_mode = wal", "synchronous = normal", "mmap_size = 0x7fff0000"):
            self.index.execute(f"pragma {setting}").fetchall()

    def create(self, dimension, capacity, path):
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + suffix):
                os.remove(path + suffix)
        self.open(path)
        self.index.execute(f"create virtual table vectors using vec0(embedding float[{dimension}])")

    def add(self, first, rows):
        with self.index:
            self.index.executemany(
                "insert into vectors(rowid, embedding) values (?, ?)",
                ((first + number + 1, row.tobytes()) for number, row in enumerate(rows)))

    def save(self, path):
        self.index.close()

    def load(self, path, dimension):
        self.open(path)
        self.index.execute("select count(*) from vectors_chunks").fetchall()

    def nearest(self, query):
        found = self.index.execute(
            "select rowid from vectors where embedding match ? and k = 1", (query.tobytes(),)).fetchall()
        return found[0][0] - 1 if found else -1

    def on_copy(self, path):
        """Deletes change the file: they go to a copy, and the saved index can be used again."""
        shutil.copyfile(path, path + ".copy")
        self.index.close()
        self.open(path + ".copy")

    def delete(self, rows):
        with self.index:
            self.index.executemany("delete from vectors where rowid = ?", ((row + 1,) for row in rows.tolist()))

    def end_copy(self, path):
        self.index.close()
        for suffix in ("", "-wal", "-shm"):
            if os.path.exists(path + ".copy" + suffix):
                os.remove(path + ".copy" + suffix)


METHODS = {
    "faiss-flat": FAISS,
    "faiss-panorama": Panorama,
    "hnswlib": HNSWLib,
    "usearch-f32": USearch,
    "usearch-i8": USearchI8,
    "sqlite-vec": SQLiteVec,
}


def anonymous_bytes():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))


def matrix(path):
    return numpy.load(path, mmap_mode="r")


def build(peer, rows_path, path):
    rows = matrix(rows_path)
    before = anonymous_bytes()
    wall, processor = time.monotonic(), time.process_time()
    peer.create(rows.shape[1], len(rows), path)
    for first in range(0, len(rows), BATCH_ROWS):
        peer.add(first, numpy.ascontiguousarray(rows[first : first + BATCH_ROWS]))
    answer = {
        "insertSeconds": time.process_time() - processor,
        "wallSeconds": time.monotonic() - wall,
        "anonymousBytes": anonymous_bytes() - before,
        "bytesBefore": before,
    }
    peer.save(path)
    return answer | {"fileBytes": os.path.getsize(path)}


def load(peer, path, queries):
    with open(path, "rb") as file:  # so that it comes from the page cache
        while file.read(1 << 24):
            pass
    before, start = anonymous_bytes(), time.monotonic()
    peer.load(path, queries.shape[1])
    return {"readySeconds": time.monotonic() - start, "anonymousBytes": anonymous_bytes() - before}


def call(peer, queries, path):
    peer.create(queries.shape[1], 1, path)
    peer.add(0, numpy.ascontiguousarray(queries[:1]))
    return measured(peer.nearest, queries, 0, 1_000, 100) | {"found": None}


def measured(search, queries, first, count, warm_up):
    def numbered(number):
        return numpy.array(queries[number % len(queries)], ndmin=2)

    asked = [numbered(first + number) for number in range(count)]
    for number in range(warm_up):
        search(numbered(first + count + number))
    times, found, processor, clock = [], [], time.thread_time(), time.perf_counter_ns
    for query in asked:
        start = clock()
        row = search(query)
        times.append(clock() - start)
        found.append(row)
    return {
        "microseconds": [nanoseconds / 1e3 for nanoseconds in times],
        "threadSeconds": time.thread_time() - processor,
        "found": found,
    }


def delete(peer, count, path, row_count):
    rows = numpy.random.default_rng(1).choice(row_count, min(count, row_count), replace=False).astype(numpy.int64)
    if hasattr(peer, "on_copy"):
        peer.on_copy(path)
    wall, processor = time.monotonic(), time.process_time()
    for first in range(0, len(rows), BATCH_ROWS):
        peer.delete(rows[first : first + BATCH_ROWS])
    answer = {
        "wallMicroseconds": (time.monotonic() - wall) * 1e6 / len(rows),
        "processorMicroseconds": (time.process_time() - processor) * 1e6 / len(rows),
        "rows": len(rows),
    }
    if hasattr(peer, "end_copy"):
        peer.end_copy(path)
    return answer


def main():
    # What a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    peer, queries = METHODS[sys.argv[1]](), None
    for line in sys.stdin:
        verb, *words = line.rstrip("\n").split("\t")
        try:
            match verb:
                case "build":
                    answer = build(peer, *words)
                case "load":
                    queries = numpy.load(words[1])
                    answer = load(peer, words[0], queries)
                case "call":
                    answer = call(peer, numpy.load(words[0]), words[1])
                case "nearest":
                    answer = measured(peer.nearest, queries, *map(int, words))
                case "range":
                    threshold = float(words[0])
                    answer = measured(lambda query: peer.range(query, threshold), queries, *map(int, words[1:]))
                case "delete":
                    answer = delete(peer, int(words[0]), words[1], int(words[2]))
                case _:
                    answer = {"error": f"this is not a command: {line}"}
        except Exception as problem:  # it is the other side's to report
            answer = {"error": f"{type(problem).__name__}: {problem}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
