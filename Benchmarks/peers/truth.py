"""What an exact full scan says, and who missed how much of it."""
import numpy

# Similarities are compared in double precision, of vectors rounded to float32: closer than this is the same.
TOLERANCE = 1e-6
BLOCK_ROWS = 8_192


class Truth:
    """The best row of every query, by a float32 scan of all rows, and its similarity in double precision."""

    def __init__(self, rows, queries):
        self.rows, self.queries = rows, queries
        best = numpy.full(len(queries), -2, dtype=numpy.float32)
        row = numpy.zeros(len(queries), dtype=numpy.int64)
        for first in range(0, len(rows), BLOCK_ROWS):
            products = queries @ numpy.asarray(rows[first : first + BLOCK_ROWS]).T
            places = products.argmax(1)
            similarities = products[numpy.arange(len(queries)), places]
            better = similarities > best
            best[better], row[better] = similarities[better], first + places[better]
        self.best = self.similarities(numpy.arange(len(queries)), row)

    def similarities(self, queries, rows):
        """Of pairs; -2 where there is no row."""
        found = rows >= 0
        result = numpy.full(len(rows), -2.0)
        pairs = numpy.flatnonzero(found)
        for first in range(0, len(pairs), 4096):
            part = pairs[first : first + 4096]
            result[part] = numpy.einsum(
                "ij,ij->i", self.queries[queries[part]].astype(numpy.float64),
                self.rows[rows[part]].astype(numpy.float64))
        return result

    def hits(self, threshold):
        return int((self.best >= threshold + TOLERANCE).sum())

    def missed(self, answers, threshold):
        """Judges the best rows that a method found: `answers` maps the number of a query to a row, -1 for none.

        A query counts as a hit when its best row is at or above the threshold, and is left out when that is within the
        tolerance of it. A hit is missed when the method returned nothing at or above the threshold, or a row that is
        less similar than the best one by more than the tolerance. The returned row is judged by its exact similarity,
        not by what the method said of it.
        """
        queries = numpy.fromiter(answers.keys(), dtype=numpy.int64, count=len(answers))
        found = self.similarities(queries, numpy.fromiter(answers.values(), dtype=numpy.int64, count=len(answers)))
        best = self.best[queries]
        hit = best >= threshold + TOLERANCE
        none = hit & (found < threshold - TOLERANCE)
        worse = hit & ~none & (found < best - TOLERANCE)
        return {
            "queries": len(answers),
            "hits": int(hit.sum()),
            "missed": int((none | worse).sum()),
            "none": int(none.sum()),
            "worse": int(worse.sum()),
            # Rows that are not similar enough: only a method that was given the threshold can be wrong that way.
            "belowThreshold": int(((found > -2) & (found < threshold - TOLERANCE)).sum()),
            "inDoubt": int((abs(best - threshold) < TOLERANCE).sum()),
        }
