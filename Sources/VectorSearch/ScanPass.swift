import CVectorKernels

/// One search on its way through the rows: takes runs, one after the other, and hands the rows that could matter to the
/// collectors. Where the runs come from, all blocks or those that an index could not rule out, is not its concern.
struct ScanPass {
    private let scan: ExactScan
    /// Held for the memory of their vectors.
    private let queries: [Query]
    private let scratch: SearchScratch
    private let stride: Int
    private let length: Int
    private let usesBlas: Bool
    private let summationSlack: Float
    private var stagedCount = 0

    /// Runs of fewer rows are gathered: kernels take rows by fours, and prefetch the next four themselves. Prefetching
    /// whole rows when they are gathered was measured to double the time; prefetching the next run made no difference.
    private static let gatheredBelow = 4

    init(_ scan: ExactScan, queries: [Query], dimension: Int, stride: Int, scratch: SearchScratch) {
        precondition(queries.allSatisfy { $0.vector.dimension == dimension }, "a query has another dimension")
        let length = UnitVector.stride(dimension: dimension)
        precondition(stride >= length, "rows overlap")
        self.scan = scan
        self.queries = queries
        self.scratch = scratch
        self.stride = stride
        self.length = length
        usesBlas = scan.usesBlas(queryCount: queries.count, length: length)
        summationSlack = Similarity.summationSlack(length: length)
        scratch.begin(queries)
        if usesBlas { scratch.packQueries(count: queries.count, length: length) }
    }

    mutating func take<Failure: Error>(
        _ run: RowRun, _ verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        guard !queries.isEmpty, run.count > 0 else { return }
        if run.count < Self.gatheredBelow {
            for index in 0..<run.count {
                let row = run.base + index * stride
                scratch.staged[stagedCount] = row
                scratch.stagedNumbers[stagedCount] = run.firstRow &+ UInt32(truncatingIfNeeded: index)
                stagedCount += 1
                if stagedCount == SearchScratch.stagedRows { try computeStaged(verdict) }
            }
            return
        }
        try compute(run, verdict)
    }

    mutating func finish<Failure: Error>(
        _ verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) -> [SearchResult] {
        if stagedCount > 0 { try computeStaged(verdict) }
        return queries.indices.map { scratch.collectors[$0].result }
    }

    private func compute<Failure: Error>(
        _ run: RowRun, _ verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let products = scratch.products
        var start = 0
        while start < run.count {
            let count = min(SearchScratch.tileRows, run.count - start)
            let base = run.base + start * stride
            if usesBlas {
                scan.blas.multiply(
                    queries: scratch.packedQueries, queryCount: queries.count, queryStride: length, rows: base,
                    rowCount: count, rowStride: stride, length: length, products: products,
                    productStride: SearchScratch.tileRows)
            } else {
                scan.kernels.table.pointee.dots(
                    scratch.queries, queries.count, base, stride, count, length, products, SearchScratch.tileRows)
            }
            for query in queries.indices {
                let ofQuery = products + query * SearchScratch.tileRows
                // BLAS may be off by the slack to either side, so it only rules out; the subtraction rounds, hence
                // nextDown.
                let filter = usesBlas ? (scratch.cuts[query] - summationSlack).nextDown : scratch.cuts[query]
                let selectedCount = scan.kernels.table.pointee.select(ofQuery, count, filter, scratch.selected)
                for position in 0..<selectedCount {
                    let index = Int(scratch.selected[position])
                    let row = base + index * stride
                    var product = ofQuery[index]
                    if usesBlas {
                        guard product >= (scratch.cuts[query] - summationSlack).nextDown else { continue }
                        product = Similarity.dot(scratch.queries[query], row, length: length, kernels: scan.kernels)
                    }
                    let number = run.firstRow &+ UInt32(truncatingIfNeeded: start + index)
                    try consider(query, row: number, at: row, product: product, verdict)
                }
            }
            start += count
        }
    }

    private mutating func computeStaged<Failure: Error>(
        _ verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let count = stagedCount
        stagedCount = 0
        scan.kernels.table.pointee.dots_gathered(
            scratch.queries, queries.count, scratch.staged, count, length, scratch.products,
            SearchScratch.tileRows)
        for query in queries.indices {
            let ofQuery = scratch.products + query * SearchScratch.tileRows
            let selectedCount = scan.kernels.table.pointee.select(
                ofQuery, count, scratch.cuts[query], scratch.selected)
            for position in 0..<selectedCount {
                let index = Int(scratch.selected[position])
                try consider(
                    query, row: scratch.stagedNumbers[index], at: scratch.staged[index], product: ofQuery[index],
                    verdict)
            }
        }
    }

    /// Takes one row into account, given its canonical dot product with the query.
    private func consider<Failure: Error>(
        _ query: Int, row: UInt32, at address: UnsafePointer<Float>, product: Float,
        _ verdict: (_ query: Int, _ row: UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        guard product >= scratch.cuts[query] else { return }
        let similarity = Similarity.decided(dot: product, scratch.queries[query], address, length: length)
        guard similarity >= scratch.collectors[query].cut else { return }
        switch try verdict(query, row) {
        case .accept(let order):
            scratch.collectors[query].accept(row: row, similarity: similarity, order: order)
            scratch.cuts[query] = Similarity.lowestDot(similarity: scratch.collectors[query].cut)
        case .exclude(let reason):
            scratch.collectors[query].exclude(similarity: similarity, reason: reason)
        case .ignore:
            break
        }
    }
}
