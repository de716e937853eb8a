"""Latency and memory over the number of rows, as SVG."""
import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot, ticker  # noqa: E402  (the backend is chosen first)

import report

# Okabe and Ito's colours, which the colour-blind can tell apart, lightened or darkened until they stand out from white
# and from black; markers and labels say the same again.
STYLES = {
    "ours-grown": ("Semblance, in process", "#e8590c", "o", 2.6),
    "ours-socket": ("Semblance, by socket", "#e8590c", "s", 1.6),
    "hnswlib": ("hnswlib", "#2b8fd6", "^", 1.6),
    "usearch-f32": ("USearch f32", "#12a37f", "v", 1.6),
    "usearch-i8": ("USearch i8", "#12a37f", "D", 1.6),
    "faiss-panorama-range": ("FAISS Panorama", "#c46ba0", "P", 1.6),
    "faiss-flat": ("FAISS Flat", "#8a7fd1", "X", 1.6),
    "sqlite-vec": ("sqlite-vec", "#b08900", "*", 1.6),
}
# Reads on white and on GitHub's dark background alike; the chart itself is transparent.
INK = "#7d8590"
LABEL_GAP = 0.052


def lines(sets, styles, value):
    for name, (title, color, marker, width) in styles.items():
        points = [(data["rows"], value(data["methods"].get(name, {}))) for data in sets]
        points = [point for point in points if point[1]]
        if points:
            yield title, color, marker, width, sorted(points)


def spread(places):
    """Moves labels apart that would cover each other: places in fractions of the height, lowest first."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    for low, high in zip(order, order[1:]):
        moved[high] = max(moved[high], moved[low] + LABEL_GAP)
    excess = max(0.0, moved[order[-1]] - 1.0) if order else 0.0
    return [place - excess for place in moved]


def chart(path, drawn, title, is_logarithmic):
    with pyplot.rc_context({"svg.hashsalt": "peers", "font.family": "sans-serif", "font.size": 10}):
        figure, axes = pyplot.subplots(figsize=(8, 4.6))
        figure.subplots_adjust(left=0.11, right=0.77, top=0.90, bottom=0.11)
        for _, color, marker, width, points in drawn:
            axes.plot(*zip(*points), color=color, marker=marker, linewidth=width, markersize=width + 4)
        axes.set_xscale("log")
        if is_logarithmic:
            axes.set_yscale("log")
        else:
            axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.xaxis.set_minor_formatter(ticker.NullFormatter())
        axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_xticks(sorted({rows for *_, points in drawn for rows, _ in points}))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        axes.set_title(title, loc="left", color=INK, fontsize=11)
        axes.set_xlabel("rows", color=INK)
        axes.tick_params(colors=INK, which="both")
        axes.grid(True, which="major", color=INK, alpha=0.25, linewidth=0.7)
        for name, spine in axes.spines.items():
            spine.set_visible(name in ("left", "bottom"))
            spine.set_color(INK)

        figure.canvas.draw()

        def height(value):
            return axes.transAxes.inverted().transform(axes.transData.transform((1, value)))[1]

        ends = [height(points[-1][1]) for *_, points in drawn]
        for (name, color, *_), place in zip(drawn, spread(ends)):
            axes.text(
                1.03, place, name, color=color, transform=axes.transAxes, va="center", fontweight="bold", fontsize=9)
        figure.savefig(path, format="svg", transparent=True, metadata={"Date": None})
        pyplot.close(figure)


def draw(run, folder):
    """Charts of the sets of the dimension with most sizes. Returns titles and file names."""
    dimensions = [data["dimension"] for data in run["sets"]]
    dimension = max(dimensions, key=dimensions.count)
    sets = [data for data in run["sets"] if data["dimension"] == dimension]
    latency = list(lines(sets, STYLES, lambda method: report.of(method, "latency", 0.95, "p50")))
    memory = list(lines(sets, STYLES, lambda method: report.of(method, "memory", "restBytesPerRow")))
    titles = (
        f"Lookup at threshold 0.95, p50 in microseconds; {dimension:,} dimensions, one thread",
        f"Anonymous memory per row at rest, in bytes; {dimension:,} dimensions\n"
        "Vectors of Semblance and sqlite-vec lie in files besides",
    )
    names = ("peers-latency.svg", "peers-memory.svg")
    chart(folder / names[0], latency, titles[0], True)
    chart(folder / names[1], memory, titles[1], False)
    return [(title.replace("\n", ". "), name) for title, name in zip(titles, names)]
