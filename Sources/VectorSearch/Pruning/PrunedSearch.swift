import CVectorKernels
package import CacheModel

/// Searches by an index: finds what a scan of all its rows would find, and reads few of them.
///
/// Matches and the best excluded row are those of `ExactScan`, bit for bit. `nearest` is the best similarity among the
/// accepted rows that were compared: that of the best match when there is one, else that of a row below the threshold,
/// not always the best of them, and nil when no accepted row was compared.
package struct PrunedSearch: Sendable {
    package let kernels: Kernels
    // Points to a constant table of functions.
    private nonisolated(unsafe) let table: UnsafePointer<svk_sketch_kernels>

    /// - Returns: nil when the instruction set has no sketch kernels.
    package init?(kernels: Kernels) {
        guard let table = kernels.sketches else { return nil }
        self.kernels = kernels
        self.table = table
    }

    /// For tests: with certain sketch kernels.
    init(kernels: Kernels, table: UnsafePointer<svk_sketch_kernels>) {
        self.kernels = kernels
        self.table = table
    }

    /// Rows of the cells that all queries of a batch pass together: few enough that blocks which they share stay in the
    /// second cache, enough that each query finds work for whole vectors.
    private static let groupRows = 16_384

    /// - Parameters:
    ///   - explanation: What all queries together looked at is added to it; nil saves the time to measure it.
    ///   - address: Where the vector of a row lies; nil for a row that is gone.
    ///   - verdict: As for `ExactScan.search`.
    package func search<Failure: Error>(
        _ queries: [Query], in index: PruningIndex, scratch: PruningScratch,
        explanation: inout SearchExplanation?, address: (_ row: UInt32) -> UnsafePointer<Float>?,
        verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) -> [SearchResult] {
        guard !queries.isEmpty else { return [] }
        let partition = index.partition
        precondition(queries.allSatisfy { $0.vector.dimension == partition.layout.dimension }, "another dimension")
        scratch.begin(queries, partition)
        guard index.rowCount > 0 else { return queries.map { _ in SearchResult() } }
        var pass = PruningPass(
            index: index, queries: queries, scratch: scratch, kernels: kernels, table: table,
            explanation: explanation ?? SearchExplanation(plan: .partition), isExplained: explanation != nil)
        pass.prepare()
        for query in queries.indices { pass.chooseCells(query) }
        for query in queries.indices { try pass.visitNearest(query, address, verdict) }
        try pass.drain(address, verdict)
        for query in queries.indices { pass.leaveOutNearest(query) }
        let shared = queries.count > 1 ? queries.indices.filter(pass.isShared) : []
        if shared.count > 1 {
            var cell = 0
            while cell < partition.cellCount {
                var rows = 0
                while cell < partition.cellCount, rows < Self.groupRows {
                    rows += index.cells[cell].count + Int(index.base?.counts.base[cell] ?? 0)
                    cell += 1
                }
                for query in shared { try pass.visit(query, upTo: cell, address, verdict) }
            }
        }
        // All others, one by one.
        for query in queries.indices { try pass.visit(query, upTo: partition.cellCount, address, verdict) }
        try pass.drain(address, verdict)
        if explanation != nil { explanation = pass.explanation }
        return queries.indices.map { scratch.search.collectors[$0].result }
    }
}
