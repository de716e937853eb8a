package import CacheModel

/// How a search of one namespace goes about it, and when its index is built anew: chosen from counts alone.
package enum PruningPlan {
    /// Fewer rows are scanned faster than the index is asked, and cost no training.
    package static let leastRows = 4_096
    /// Vectors of fewer components have no sketch worth its name.
    package static let leastDimension = 32
    static let mostCells = 16_384

    /// - Parameters:
    ///   - scopeRows: Rows of the scope that is searched.
    ///   - indexedRows: Rows in the index; 0 without one.
    /// The threshold does not matter: a low one is soon replaced by the best match, and where there is none, because all
    /// rows are far away, the index costs what the scan does.
    package static func choose(scopeRows: Int, totalRows: Int, indexedRows: Int) -> SearchExplanation.Plan {
        if scopeRows >= leastRows, indexedRows > 0 { return .partition }
        return scopeRows * 2 >= totalRows ? .scan : .scopeList
    }

    /// Cells for so many rows: about the square root, so that centroids and rows of a cell cost alike.
    package static func cellCount(rows: Int) -> Int {
        let root = Int(Double(max(1, rows)).squareRoot())
        return min(mostCells, max(1, (root + 15) / 16 * 16))
    }

    /// Whether the partition of an index has outgrown the rows that it was made from, or is mostly of the dead.
    package static func needsRebuild(
        liveRows: Int, indexedRows: Int, cellCount cells: Int?, dimension: Int
    ) -> Bool {
        guard dimension >= leastDimension, liveRows >= leastRows else { return false }
        guard let cells else { return true }
        return cellCount(rows: liveRows) * 10 >= cells * 14 || indexedRows >= 2 * liveRows
    }

    /// Whether so many rows have come since the index was put in order that it is worth doing again: a pass over the
    /// sketches, a third of a microsecond a row.
    package static func needsRepacking(indexedRows: Int, grownRows: Int) -> Bool {
        grownRows >= max(leastRows, indexedRows / 4)
    }
}
