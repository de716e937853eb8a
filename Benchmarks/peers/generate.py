#!/usr/bin/env python3
"""Makes vectors to measure with: unit length, float32, clustered as embeddings of questions are.

    generate.py ROWS OUT.npy [--dimension 384] [--queries 3000] [--mean 0.0] [--seed 7]

writes OUT.npy and OUT.queries.npy. The mixture:

- *Topics.* About the square root of ROWS, sizes by Zipf's law (the k-th has a weight of 1/k). A topic is a direction,
  and so are the eight subtopics of each; a question is 0.35 of its topic, 0.35 of its subtopic and 0.87 of its own.
- *Spectrum.* Directions are Gaussian with variances that fall as k^-0.7 along the axes, then the axes are turned by
  random rotations of blocks: real embeddings do not use all their dimensions alike.
- *Paraphrases.* Half of the rows are the question before them again, in other words: at a cosine drawn evenly from
  0.80-0.99, the rest of their length in a random direction of the spectrum.
- *Queries.* Two of three are a paraphrase of a random row, at 0.70-0.99, so that every threshold has hits; the others
  are new questions of the same topics, most of them near misses.
- *Common mean.* With --mean m, a common direction is added with that share, so that unrelated rows have a cosine of
  about m² and a cosine c becomes m² + (1 - m²)·c; many models have such a mean. 0.5-0.85 is realistic, 0 the default.

The same seed and arguments give the same vectors with the same NumPy.
"""
import argparse

import numpy

CHUNK_ROWS = 50_000
SUBTOPICS = 8
HIGHEST_COSINE = 0.99
LEAST_COSINE, LEAST_QUERY_COSINE = 0.80, 0.70


def unit(vectors):
    vectors /= numpy.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors


class Mixture:
    def __init__(self, rows, dimension, mean, seed):
        self.random = numpy.random.default_rng(seed)
        self.dimension, self.mean = dimension, mean
        self.deviations = (numpy.arange(1, dimension + 1) ** -0.35).astype(numpy.float32)
        # Blocks of 64 axes that lie far apart in the spectrum are rotated among each other.
        self.blocks = numpy.array_split(self.random.permutation(dimension), max(1, dimension // 64))
        self.rotations = [
            numpy.linalg.qr(self.random.standard_normal((len(block), len(block))))[0].astype(numpy.float32)
            for block in self.blocks
        ]
        self.topics = max(4, int(rows**0.5))
        weights = 1 / numpy.arange(1, self.topics + 1)
        self.shares = numpy.cumsum(weights / weights.sum())
        self.topic = self.directions(self.topics)
        self.subtopic = self.directions(self.topics * SUBTOPICS)
        self.common = self.directions(1)[0]

    def directions(self, count):
        vectors = self.random.standard_normal((count, self.dimension), dtype=numpy.float32) * self.deviations
        turned = numpy.empty_like(vectors)
        for block, rotation in zip(self.blocks, self.rotations):
            turned[:, block] = vectors[:, block] @ rotation
        return unit(turned)

    def questions(self, count):
        topic = numpy.minimum(numpy.searchsorted(self.shares, self.random.random(count)), self.topics - 1)
        subtopic = topic * SUBTOPICS + self.random.integers(0, SUBTOPICS, count)
        own = self.directions(count)
        return unit(0.35 * self.topic[topic] + 0.35 * self.subtopic[subtopic] + 0.87 * own)

    def paraphrases(self, questions, least_cosine=LEAST_COSINE):
        """Each at an even cosine to its question; what is added is orthogonal to it."""
        cosine = self.random.uniform(least_cosine, HIGHEST_COSINE, (len(questions), 1)).astype(numpy.float32)
        other = self.directions(len(questions))
        other -= (other * questions).sum(1, keepdims=True) * questions
        return cosine * questions + numpy.sqrt(1 - cosine * cosine) * unit(other)

    def shifted(self, vectors):
        if self.mean:
            vectors = self.mean * self.common + (1 - self.mean**2) ** 0.5 * vectors
        return unit(vectors.astype(numpy.float64)).astype(numpy.float32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("out")
    parser.add_argument("--dimension", type=int, default=384)
    parser.add_argument("--queries", type=int, default=3_000)
    parser.add_argument("--mean", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    if options.rows < 2 or options.dimension < 2 or not 0 <= options.mean < 1:
        parser.error("at least 2 rows of 2 components, and a mean from 0 up to 1")

    mixture = Mixture(options.rows, options.dimension, options.mean, options.seed)
    rows = numpy.lib.format.open_memmap(
        options.out, mode="w+", dtype=numpy.float32, shape=(options.rows, options.dimension))
    # Before the common mean is added, so that it is added once.
    bases = numpy.empty((options.queries, options.dimension), dtype=numpy.float32)
    chosen = numpy.sort(mixture.random.integers(0, options.rows, options.queries))
    for start in range(0, options.rows, CHUNK_ROWS):
        chunk = mixture.questions(min(CHUNK_ROWS, options.rows - start))
        again = numpy.flatnonzero(mixture.random.random(len(chunk)) < 0.5)
        again = again[again > 0]
        chunk[again] = mixture.paraphrases(chunk[again - 1])
        taken = (chosen >= start) & (chosen < start + len(chunk))
        bases[taken] = chunk[chosen[taken] - start]
        rows[start : start + len(chunk)] = mixture.shifted(chunk)
    rows.flush()
    queries = mixture.paraphrases(unit(bases), LEAST_QUERY_COSINE)
    new = mixture.random.random(options.queries) < 1 / 3
    queries[new] = mixture.questions(int(new.sum()))
    mixture.random.shuffle(queries)
    numpy.save(options.out.removesuffix(".npy") + ".queries.npy", mixture.shifted(queries))


if __name__ == "__main__":
    main()
