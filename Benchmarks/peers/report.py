"""The table of a run, as Markdown."""
import measure

NAMES = {
    "ours-rebuilt": "**Semblance**, index in process, just rebuilt",
    "ours-grown": "**Semblance**, index in process, grown by inserts",
    "ours-socket": "**Semblance**, the service through its socket",
    "hnswlib": "hnswlib, M 16, efConstruction 200, ef 64",
    "usearch-f32": "USearch f32",
    "usearch-i8": "USearch i8",
    "faiss-panorama-range": "FAISS FlatIPPanorama, range search",
    "faiss-panorama": "FAISS FlatIPPanorama, k = 1",
    "faiss-flat-range": "FAISS Flat, range search",
    "faiss-flat": "FAISS Flat, k = 1",
    "sqlite-vec": "sqlite-vec",
}


def number(value):
    """Three significant digits, and whole numbers from there on."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 3
    return f"{value:,.{digits}f}"


def of(method, *path):
    for key in path:
        if not isinstance(method, dict) or key not in method:
            return None
        method = method[key]
    return method


def latency(method, threshold):
    return f"{number(of(method, 'latency', threshold, 'p50'))} / {number(of(method, 'latency', threshold, 'p99'))}"


def missed(method):
    counts = [of(method, "missed", threshold) for threshold in measure.THRESHOLDS]
    if not all(counts):
        return "–"
    if not any(count["missed"] for count in counts):
        return f"0 of {sum(count['hits'] for count in counts):,}"
    return ", ".join(f"{count['missed']:,} ({count['none']:,}) of {count['hits']:,}" for count in counts)


def insert(method):
    cost = of(method, "insert", "microseconds")
    without = of(method, "insert", "withoutRebuilds")
    return number(cost) + (f" ({number(without)})" if without is not None else "")


def memory(method):
    rest, file = of(method, "memory", "restBytesPerRow"), of(method, "memory", "fileBytesPerRow")
    index = of(method, "memory", "indexBytesPerRow")
    if rest is None:
        return "–" if index is None else f"index {number(index)}"
    return number(rest) + (f" + {number(file)}" if file else "") + (f" (index {number(index)})" if index else "")


def ready(method):
    seconds = of(method, "ready", "seconds")
    looked_up = of(method, "ready", "lookupSeconds")
    text = "–" if seconds is None else number(seconds * 1e3)
    return text + (f" ({number(looked_up * 1e3)})" if looked_up else "")


HEADER = (
    "| method | "
    + " | ".join(f"lookup at {threshold:.2f}, p50 / p99, µs" for threshold in measure.THRESHOLDS)
    + " | missed hits | CPU per insert, µs | delete, µs per row"
    + " | memory per row at rest, bytes | peak | ready, ms |\n"
    + "|---|" + "---:|" * 10 + "\n"
)


def table(sets):
    lines = [HEADER]
    for data in sets:
        lines.append(f"| **{data['rows']:,} rows of {data['dimension']:,}** |" + " |" * 10 + "\n")
        for name, title in NAMES.items():
            method = data["methods"].get(name)
            if method is None:
                continue
            cells = [title] + [latency(method, threshold) for threshold in measure.THRESHOLDS]
            cells += [
                missed(method), insert(method), number(of(method, "delete", "wallMicroseconds")), memory(method),
                number(of(method, "memory", "peakBytesPerRow")), ready(method),
            ]
            lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)


def sockets(sets):
    lines = [
        "| rows | threshold | round trip, p50, µs | search in it, p50 | the rest, p50 | Redis GET, p50 "
        f"| lookups per second, one at a time | {measure.BATCH} in flight |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|\n"
    ]
    for data in sets:
        for threshold, line in data["sockets"].items():
            cells = [
                f"{data['rows']:,} of {data['dimension']:,}", f"{threshold:.2f}", number(line["p50"]),
                number(line["search"]), number(line["rest"]), number(data["redisGetMicroseconds"]),
                number(line["perSecond"]), number(line["perSecondTogether"]),
            ]
            lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)


def batches(sets):
    lines = [
        f"| rows | threshold | one at a time, µs a query | {measure.BATCH} together | times the throughput |\n"
        "|---|---:|---:|---:|---:|\n"
    ]
    for data in sets:
        for threshold, line in data["batches"].items():
            cells = [
                f"{data['rows']:,} of {data['dimension']:,}", f"{threshold:.2f}", number(line["single"]),
                number(line["together"]), number(line["single"] / line["together"]),
            ]
            lines.append("| " + " | ".join(cells) + " |\n")
    return "".join(lines)


def calls(sets):
    """What a call from Python costs, which is part of every figure of a peer."""
    medians = {}
    for data in sets:
        for name, method in data["methods"].items():
            if "call" in method:
                medians.setdefault(name, []).append(method["call"]["p50"])
    return ", ".join(
        f"{NAMES[name].split(',')[0]} {number(min(values))}–{number(max(values))} µs"
        for name, values in medians.items())


def below_threshold(sets):
    """Rows that are less similar than the threshold, by methods that had been given it."""
    counts = {}
    for data in sets:
        for name, method in data["methods"].items():
            for missed in method.get("missed", {}).values():
                counts[name] = counts.get(name, 0) + missed.get("belowThreshold", 0)
    texts = [f"{count:,} by {NAMES[name].replace('**', '')}" for name, count in counts.items() if count]
    return "Rows below a threshold that were returned all the same: " + (", ".join(texts) or "none") + ". "


def document(run, charts):
    sets = run["sets"]
    lines = [
        "# Results\n\n",
        "Written by `Benchmarks/peers/run`; [how each figure is measured](README.md). ",
        f"{run['when']}, commit {run['commit']}, {run['machine']}, kernels {sets[0].get('kernel', '–')}. ",
        f"Load average {run['loadBefore']} before and {run['loadAfter']} after. ",
        f"{run['options']}. ",
        "Vectors: " + "; ".join(f"{s['rows']:,} of {s['dimension']:,}: `{s['source']}`" for s in sets) + ".\n\n",
        table(sets),
        "\nMissed hits are those at 0.95, 0.90, 0.80 and 0.70, in parentheses those for which nothing was returned; ",
        "where none was missed, all four together. ",
        below_threshold(sets),
        "CPU per insert of Semblance in process is with rebuilds, in parentheses without. ",
        "Memory is anonymous memory, + what is read from files. ",
    ]
    if any(of(method, "insert", "isReused") for s in sets for method in s["methods"].values()):
        lines.append("Inserts and memory of peers whose index was used again are from the run that built it. ")
    lines += [
        "A search in an index of one row, called from Python as the peers are, took: ", calls(sets), ".\n\n",
        "## Charts\n\n",
        *(f"![{title}]({path})\n\n" for title, path in charts),
        "## Through the socket\n\n",
        "One connection, one lookup after the other; `the rest` is the round trip less the search.\n\n",
        sockets(sets),
        "\n## Batches\n\n",
        "The index in process as it grew, the same queries one at a time and together, one thread.\n\n",
        batches(sets),
        "\n## Versions\n\n",
        ", ".join(run["versions"]) + ".\n",
    ]
    return "".join(lines)
