/// How a search of one namespace goes about it, chosen from counts alone.
package enum PruningPlan: String, Hashable, Sendable {
    /// By the vectors of a scope's own rows.
    case scopeList = "scope-list"
    /// By the vectors of all rows.
    case scan
    /// By the cells and sketches of the index.
    case partition

    /// Fewer rows are scanned faster than the index is asked, and cost no training.
    package static let leastRows = 4_096
    /// Vectors of fewer components have no sketch worth its name.
    package static let leastDimension = 32
    static let mostCells = 16_384

    /// - Parameters:
    ///   - scopeRows: Rows of the scope that is searched.
    ///   - indexedRows: Rows in the index; 0 without one.
    package init(scopeRows: Int, totalRows: Int, indexedRows: Int, threshold: Float) {
        if scopeRows < Self.leastRows || indexedRows == 0 {
            self = scopeRows * 2 >= totalRows ? .scan : .scopeList
        } else {
            // Below, nearly every sketch leaves its row, and the sketches are read for nothing.
            self = threshold >= 0.5 ? .partition : scopeRows * 2 >= totalRows ? .scan : .scopeList
        }
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
}
