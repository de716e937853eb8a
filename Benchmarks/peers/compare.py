#!/usr/bin/env python3
"""Measures Semblance and its peers on the same vectors, in one run. Start it by `run`, which installs what it needs."""
import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import re
import signal
import subprocess
import sys
import time

import charts
import dataset
import measure
import report

PACKAGES = ("faiss-cpu", "hnswlib", "usearch", "sqlite-vec", "apsw", "numpy")


def counts(text):
    return [int(word) for word in text.split(",") if word]


def arguments():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/peers/run", description=__doc__.split(".")[0] + ".", allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "--binaries", type=pathlib.Path, help="folder of semblance and index-benchmark; without it they are built")
    parser.add_argument("--rows", type=counts, default="10000,100000,1000000", help="sizes; 10000 with --quick")
    parser.add_argument("--vectors", help="a .npy file of float32 to take rows from; generated vectors otherwise")
    parser.add_argument("--queries", help="a .npy file; FILE.queries.npy beside FILE.npy, or rows held back, otherwise")
    parser.add_argument("--maker", help="a script called as SCRIPT N OUT.npy that writes OUT.npy and OUT.queries.npy")
    parser.add_argument("--wide-rows", type=counts, default="100000", help="of the generated wide set; '' for none")
    parser.add_argument("--wide-dimension", type=int, default=1_536)
    parser.add_argument("--mean", type=float, default=0.0, help="common mean of generated vectors")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--query-count", type=int, default=3_000, help="queries, different ones in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-seconds", type=float, default=1.5, help="about as long a method is asked in a round")
    parser.add_argument("--builds-at-once", type=int, default=min(2, os.cpu_count() or 1), help="each on one thread")
    parser.add_argument(
        "--out", type=pathlib.Path, help="folder for vectors, indexes and results; .build/benchmarks/peers otherwise")
    parser.add_argument("--reuse", action="store_true", help="use the peers' indexes that an earlier run left in --out")
    parser.add_argument("--quick", action="store_true", help="10,000 rows and few queries, to see whether all works")
    parser.add_argument(
        "--publish", action="store_true", help="write Benchmarks/peers/RESULTS.md and the charts in docs/images")
    if "--quick" in sys.argv:
        parser.set_defaults(rows="10000", wide_rows="", query_count=600, rounds=2, round_seconds=0.3)
    options = parser.parse_args()
    options.redis_requests = 2_000 if options.quick else 10_000
    if options.vectors and options.maker:
        parser.error("--vectors or --maker, not both")
    options.out = (options.out or options.root / ".build/benchmarks/peers").resolve()
    options.binaries = options.binaries.resolve()
    for program in ("semblance", "index-benchmark"):
        if not os.access(options.binaries / program, os.X_OK):
            parser.error(f"there is no {program} in {options.binaries}")
    return options


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*:\s*(.*)", file.read())
    return f"{model.group(1) if model else platform.machine()} with {os.cpu_count()} processors, {platform.system()} " \
        f"{platform.release()}"


def commit(root):
    def git(*words):
        return subprocess.run(["git", "-C", root, *words], capture_output=True, encoding="utf-8", check=False).stdout

    return git("rev-parse", "--short=12", "HEAD").strip() + (" with changes" if git("status", "--porcelain") else "")


def versions():
    texts = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return texts + [f"Python {platform.python_version()}"]


def write(run, options):
    (options.out / "results.json").write_text(json.dumps(run, indent=1) + "\n")
    drawn = charts.draw(run, options.out)
    (options.out / "results.md").write_text(report.document(run, drawn))
    if options.publish:
        images = options.root / "docs/images"
        images.mkdir(exist_ok=True)
        charts.draw(run, images)
        published = [(title, f"../../docs/images/{name}") for title, name in drawn]
        (options.root / "Benchmarks/peers/RESULTS.md").write_text(report.document(run, published))


def main():
    options = arguments()
    # What was started is ended in order, also when a run is broken off.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    options.out.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    sizes = [(rows, None) for rows in options.rows] + [(rows, options.wide_dimension) for rows in options.wide_rows]
    run = {
        "when": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": machine(), "commit": commit(options.root), "versions": versions(),
        "loadBefore": f"{os.getloadavg()[0]:.1f}",
        "options": f"{options.rounds} rounds of up to {options.query_count // options.rounds:,} queries, "
                   f"{options.builds_at_once} indexes built at once",
        "sets": [],
    }
    with open(options.out / "log.txt", "w", encoding="utf-8") as log:
        for rows, dimension in sizes:
            label = f"{rows:,}" + (f" of {dimension:,}" if dimension else "")

            def say(text, label=label):
                print(f"{time.monotonic() - begun:7.0f} s  {label}: {text}", file=sys.stderr, flush=True)

            say("vectors")
            data = dataset.prepare(options.out / f"{rows}x{dimension or 'first'}", rows, dimension, options)
            run["sets"].append(measure.Measurement(data, options, say, log).measure())
            run["loadAfter"] = f"{os.getloadavg()[0]:.1f}"
            run["seconds"] = time.monotonic() - begun
            # After each size: a run that is broken off keeps what it has measured.
            write(run, options)
    print(report.table(run["sets"]))
    print(f"{time.monotonic() - begun:.0f} s; results.json, results.md and charts in {options.out}", file=sys.stderr)


if __name__ == "__main__":
    main()
