package import CacheModel

/// What to look for.
package struct Query: Sendable {
    package let vector: UnitVector
    /// The lowest similarity of a match, -1 through 1.
    package let threshold: Float
    /// The most matches wanted: `Limits.neighborsRange`.
    package let neighbors: Int

    /// - Throws: `invalidArgument` for a threshold or a number of neighbors out of range.
    package init(_ vector: UnitVector, threshold: Float, neighbors: Int = 1) throws(CacheError) {
        guard threshold >= -1, threshold <= 1 else {
            throw CacheError(
                .invalidArgument, "A threshold lies between -1 and 1.",
                detail: ["field": "threshold", "got": "\(threshold)"])
        }
        let range = Limits.neighborsRange
        guard range.contains(neighbors) else {
            throw CacheError(
                .invalidArgument, "A lookup asks for \(range.lowerBound) through \(range.upperBound) entries.",
                detail: ["field": "neighbors", "limit": "\(range.upperBound)", "got": "\(neighbors)"])
        }
        self.vector = vector
        self.threshold = threshold
        self.neighbors = neighbors
    }
}

/// What the owner of the rows says of one of them, for one query.
package enum RowVerdict: Hashable, Sendable {
    /// May match. Newer entries have higher numbers, no two rows the same; the higher wins among equal similarities.
    case accept(order: UInt64)
    /// Belongs to the query's scope but must not be served. The lower reason is reported among equal similarities.
    case exclude(reason: UInt8)
    /// As if the row did not exist: deleted, or outside of the query's scope.
    case ignore
}

package struct Match: Hashable, Sendable {
    package var row: UInt32
    package var similarity: Float
    package var order: UInt64

    /// Higher similarity first, then the newer one.
    func isBetter(than other: Match) -> Bool {
        similarity != other.similarity ? similarity > other.similarity : order > other.order
    }
}

package struct ExcludedRow: Hashable, Sendable {
    package var similarity: Float
    package var reason: UInt8

    /// Higher similarity first, then the lower reason: whatever order rows come in, the same one is reported.
    func isBetter(than other: ExcludedRow) -> Bool {
        similarity != other.similarity ? similarity > other.similarity : reason < other.reason
    }
}

/// What a scan of all rows says about one query.
package struct SearchResult: Hashable, Sendable {
    /// The accepted rows at or above the threshold, best first, at most `neighbors`.
    package var matches: [Match]
    /// The best similarity of any accepted row, whether or not it reaches the threshold; nil when none was accepted.
    package var nearest: Float?
    /// The excluded row that is nearest to the query, if it reaches the threshold and is nearer than the best match.
    package var bestExcluded: ExcludedRow?

    package init(matches: [Match] = [], nearest: Float? = nil, bestExcluded: ExcludedRow? = nil) {
        self.matches = matches
        self.nearest = nearest
        self.bestExcluded = bestExcluded
    }
}
