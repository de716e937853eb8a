"""The vectors of one size: made or taken, of unit length, in files that every method reads."""
import dataclasses
import hashlib
import json
import pathlib
import subprocess
import sys

import numpy

CHUNK_ROWS = 50_000
GENERATOR = pathlib.Path(__file__).with_name("generate.py")


@dataclasses.dataclass
class Dataset:
    rows: numpy.ndarray
    queries: numpy.ndarray
    folder: pathlib.Path
    source: str
    # False when the folder held the very same vectors already, so that indexes made of them are still right.
    is_new: bool

    @property
    def rows_path(self):
        return self.folder / "rows.npy"

    @property
    def queries_path(self):
        return self.folder / "queries.npy"

    @property
    def dimension(self):
        return self.rows.shape[1]


def prepare(folder, row_count, dimension, options):
    """Makes `rows.npy` and `queries.npy` in a folder.

    `dimension` is that of generated vectors; files and makers have their own, for which it is None.
    """
    folder.mkdir(parents=True, exist_ok=True)
    raw = folder / "raw.npy"
    if dimension is None and options.vectors:
        path = pathlib.Path(options.vectors)
        queries = pathlib.Path(options.queries or str(path).removesuffix(".npy") + ".queries.npy")
        source = path.name
        rows, queries = from_files(path, queries if queries.exists() else None, row_count, options.query_count)
    elif dimension is None and options.maker:
        source = pathlib.Path(options.maker).name
        subprocess.run([sys.executable, options.maker, str(row_count), str(raw)], check=True)
        rows, queries = made(raw)
    else:
        words = ["--dimension", str(dimension or 384), "--mean", str(options.mean), "--seed", str(options.seed)]
        source = " ".join(["generate.py", *words])
        subprocess.run([sys.executable, str(GENERATOR), str(row_count), str(raw), *words], check=True)
        rows, queries = made(raw)

    queries = unit(queries[: options.query_count])
    numpy.save(folder / "queries.npy", queries)
    digest = hashlib.sha256(queries.tobytes())
    stored = numpy.lib.format.open_memmap(
        folder / "rows.npy", mode="w+", dtype=numpy.float32, shape=(row_count, rows.shape[1]))
    for first in range(0, row_count, CHUNK_ROWS):
        end = min(first + CHUNK_ROWS, row_count)
        stored[first:end] = unit(rows[first:end])
        digest.update(stored[first:end].tobytes())
    stored.flush()
    for path in folder.glob("raw.*"):
        path.unlink()
    return Dataset(
        numpy.load(folder / "rows.npy", mmap_mode="r"), queries, folder, source,
        was_changed(folder, digest.hexdigest()))


def was_changed(folder, digest):
    note = folder / "vectors.json"
    same = note.exists() and json.loads(note.read_text()) == digest
    note.write_text(json.dumps(digest))
    return not same


def made(path):
    return numpy.load(path, mmap_mode="r"), numpy.load(str(path).removesuffix(".npy") + ".queries.npy")


def from_files(path, queries_path, row_count, query_count):
    """The first rows of a file; without a file of queries, rows are held back for them."""
    rows = numpy.load(path, mmap_mode="r")
    if queries_path:
        queries = numpy.load(queries_path)
    else:
        count = min(query_count, len(rows) // 10)
        held_back = numpy.sort(numpy.random.default_rng(1).choice(len(rows), count, replace=False))
        queries = rows[held_back]
        rows = Without(rows, held_back)
    if len(rows) < row_count:
        sys.exit(f"{path} has {len(rows):,} rows beside the queries, fewer than {row_count:,}: give --rows")
    return rows, queries


class Without:
    """Rows of a matrix without some of them; sliced, not copied."""

    def __init__(self, rows, held_back):
        self.rows = rows
        self.numbers = numpy.delete(numpy.arange(len(rows)), held_back)
        self.shape = (len(self.numbers), rows.shape[1])

    def __len__(self):
        return len(self.numbers)

    def __getitem__(self, part):
        return self.rows[self.numbers[part]]


def unit(vectors):
    """In double precision: a float32 norm may be off by more than the bounds of the index allow for."""
    vectors = vectors.astype(numpy.float64)
    return (vectors / numpy.linalg.norm(vectors, axis=1, keepdims=True)).astype(numpy.float32)
