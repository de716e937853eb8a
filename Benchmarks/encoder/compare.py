#!/usr/bin/env python3
"""Compares the sentence encoder with the original and with other runtimes.

Start it by `run`, which installs what it needs.
"""
import argparse
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import random
import statistics
import sys

import runtimes
import texts

import numpy

CHUNK = 100_000  # texts that are tokenized together
CASES = [(5, 1), (15, 1), (50, 1), (128, 1), (256, 1), (15, 32)]  # tokens of a text, texts of a batch
PACKAGES = ("sentence-transformers", "transformers", "tokenizers", "torch", "onnxruntime", "onnx", "numpy")


def arguments():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/encoder/run", description=__doc__.split(".")[0] + ".", allow_abbrev=False,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path, help=argparse.SUPPRESS)
    parser.add_argument(
        "--binaries", type=pathlib.Path, help="folder of encoder-benchmark; without it, it is built")
    parser.add_argument("--model", type=pathlib.Path, help="folder of the model; var/models/all-MiniLM-L6-v2 otherwise")
    parser.add_argument("--texts", help="a file of questions, one in each line: plain, JSON, or JSON with \"text\"")
    parser.add_argument("--count", type=int, default=2_000, help="texts whose tokens and embeddings are compared")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--round-seconds", type=float, default=0.3, help="about as long a runtime takes in a round")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=pathlib.Path, help=".build/benchmarks/encoder/results otherwise")
    parser.add_argument("--scalars", action="store_true", help="also compare the tokens of every Unicode scalar")
    parser.add_argument("--publish", action="store_true", help="write Benchmarks/encoder/RESULTS.md")
    options = parser.parse_args()
    options.model = (options.model or options.root / "var/models/all-MiniLM-L6-v2").resolve()
    options.out = (options.out or options.root / ".build/benchmarks/encoder/results").resolve()
    return options


def processor():
    if pathlib.Path("/proc/cpuinfo").exists():
        for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def compare_tokens(semblance, tokenizer, limit, chosen):
    counts = {"texts": len(chosen), "identical": 0, "truncated": 0}
    shown = 0
    for start in range(0, len(chosen), CHUNK):
        some = chosen[start : start + CHUNK]
        ours, truncated = semblance.tokens(some)
        theirs = tokenizer(some, truncation=True, max_length=limit)["input_ids"]
        counts["truncated"] += truncated
        for text, one, other in zip(some, ours, theirs, strict=True):
            counts["identical"] += one == other
            if one != other and shown < 20:
                shown += 1
                print(f"  tokens differ: {text!r}\n    {one}\n    {other}", file=sys.stderr)
    return counts


def every_scalar():
    """Three texts for each: alone, within a word, and between words."""
    numbers = [number for number in range(0x110000) if not 0xD800 <= number < 0xE000]
    return [form.format(chr(number)) for number in numbers for form in ("{0}", "a{0}b c", "x {0} {0}1")]


def cosines(rows, expected):
    rows, expected = rows.astype(numpy.float64), expected.astype(numpy.float64)
    products = (rows * expected).sum(1)
    return products / numpy.linalg.norm(rows, axis=1) / numpy.linalg.norm(expected, axis=1)


def in_batches(runtime, rows, size=32):
    """Texts of like lengths together, as sentence-transformers does it."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    found = [None] * len(rows)
    for start in range(0, len(order), size):
        some = order[start : start + size]
        for index, row in zip(some, runtime.run(runtime.prepare([rows[index] for index in some]))):
            found[index] = row
    return numpy.array(found)


def text_of(tokenizer, count, words, random):
    """A text of exactly `count` tokens."""
    text = " ".join(random.choices(words, k=count - 2))
    assert len(tokenizer(text)["input_ids"]) == count
    return text


def measure(options, semblance, precisions, peers, tokenizer, generator):
    words = [word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha() and len(word) > 2]
    words.sort()
    table, fastest = {}, {}
    for tokens, batch in CASES:
        chosen = [text_of(tokenizer, tokens, words, generator) for _ in range(batch)]
        path = semblance.write(f"round-{tokens}-{batch}", chosen)
        rows = tokenizer(chosen)["input_ids"]
        inputs = {name: peer.prepare(rows) for name, peer in peers.items()}

        def run(name, count):
            if name in precisions:
                return semblance.ask("round", precisions[name], path, count)["microseconds"]
            return runtimes.timed(peers[name], inputs[name], count)

        names = list(precisions) + list(peers)
        counts = {}
        for name in names:
            once = statistics.median(run(name, 5)[1:])
            counts[name] = max(3, int(options.round_seconds * 1e6 / once))
        medians, least = {name: [] for name in names}, dict.fromkeys(names, float("inf"))
        for number in range(options.rounds):
            # There and back again, so that whatever else the machine does hits all alike.
            for name in names if number % 2 == 0 else reversed(names):
                values = run(name, counts[name])
                medians[name].append(statistics.median(values))
                least[name] = min(least[name], *values)
        table[tokens, batch] = {name: statistics.median(values) for name, values in medians.items()}
        fastest[tokens, batch] = least
        print(f"  {batch} x {tokens} tokens: " + ", ".join(
            f"{name} {value:,.0f}" for name, value in table[tokens, batch].items()), file=sys.stderr)
    return table, fastest


def main():
    options = arguments()
    options.out.mkdir(parents=True, exist_ok=True)
    generator = random.Random(options.seed)
    from sentence_transformers import SentenceTransformer
    original = SentenceTransformer(str(options.model), device="cpu")
    tokenizer, limit = original.tokenizer, original.max_seq_length
    transformer = original[0].auto_model.eval()
    semblance = runtimes.Semblance(str(options.binaries.resolve() / "encoder-benchmark"), options.model, options.out)
    loaded = semblance.load("float32")
    precisions = {"Semblance float32": "float32"}
    try:
        semblance.load("bfloat16")
        precisions["Semblance bfloat16"] = "bfloat16"
    except RuntimeError as reason:
        print(f"  no bfloat16: {reason}", file=sys.stderr)
    plain, fused, small, fusions = runtimes.export(options.model, options.out)
    peers = {"ONNX Runtime": runtimes.Onnx(plain), "ONNX Runtime fused": runtimes.Onnx(fused),
             "ONNX Runtime int8": runtimes.Onnx(small), "PyTorch": runtimes.Torch(transformer)}

    chosen = texts.varied(generator, options.count, texts.questions(options.texts))
    tokens = {"varied": compare_tokens(semblance, tokenizer, limit, chosen)}
    if options.scalars:
        tokens["scalars"] = compare_tokens(semblance, tokenizer, limit, every_scalar())
    expected = original.encode(chosen, batch_size=32, convert_to_numpy=True, normalize_embeddings=True)
    rows = tokenizer(chosen, truncation=True, max_length=limit)["input_ids"]
    found = {name: cosines(semblance.embeddings(precision, chosen), expected) for name, precision in precisions.items()}
    found |= {name: cosines(in_batches(peer, rows), expected) for name, peer in peers.items()}

    times, fastest = measure(options, semblance, precisions, peers, tokenizer, generator)
    semblance.close()
    report(options, loaded, tokens, found, times, fastest, fusions)


def report(options, loaded, tokens, found, times, fastest, fusions):
    load = os.getloadavg()[0]
    lines = [
        f"{processor()}, {os.cpu_count()} processors (load {load:.1f} at the end), kernels {loaded['kernel']}; "
        + ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES), ""]
    for name, counts in tokens.items():
        lines.append(
            f"Tokens, {name}: {counts['identical']:,} of {counts['texts']:,} texts identical with the original's, "
            f"{counts['truncated']:,} of them truncated.")
    headings = [f"{count} tokens" if batch == 1 else f"{batch} x {count}" for count, batch in CASES]
    title = f"one thread, µs (median of {options.rounds} rounds)"
    lines += ["", f"| {title} | least cosine | " + " | ".join(headings) + " |", "|---|---|" + "---|" * len(CASES)]
    for name, values in found.items():
        cells = [f"{times[case][name]:,.0f}" for case in CASES]
        lines.append(f"| {name} | {values.min():.7f} | " + " | ".join(cells) + " |")
    lines += ["", "| one thread, µs (fastest of all) | " + " | ".join(headings) + " |",
              "|---|" + "---|" * len(CASES)]
    for name in found:
        lines.append(f"| {name} | " + " | ".join(f"{fastest[case][name]:,.0f}" for case in CASES) + " |")
    lines += [""]
    for name in found:
        if name.startswith("Semblance"):
            ratios = [values[15, 1][name] / min(values[15, 1][peer] for peer in ("ONNX Runtime", "ONNX Runtime fused"))
                      for values in (times, fastest)]
            lines.append(f"{name}: {ratios[0]:.2f} x ONNX Runtime's time (the faster one in float32) for 15 tokens, "
                         f"{ratios[1]:.2f} x by the fastest of all.")
    text = "\n".join(lines) + "\n"
    print(text)
    (options.out / "results.md").write_text(text, encoding="utf-8")
    if options.publish:
        path = options.root / "Benchmarks/encoder/RESULTS.md"
        path.write_text(
            f"# Results\n\n{datetime.date.today()}, `Benchmarks/encoder/run`. "
            f"What the figures mean: [README](README.md).\n\n{text}", encoding="utf-8")
    results = {
        "tokens": tokens, "fusions": fusions,
        "cosines": {name: {"least": float(values.min()), "median": float(numpy.median(values))}
                    for name, values in found.items()},
        "microseconds": {f"{batch}x{count}": value for (count, batch), value in times.items()},
        "fastest": {f"{batch}x{count}": value for (count, batch), value in fastest.items()}}
    (options.out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
