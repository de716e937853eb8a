import CVectorKernels

/// One search on its way through the cells of an index.
struct PruningPass {
    let index: PruningIndex
    let queries: [Query]
    let scratch: PruningScratch
    let kernels: Kernels
    let table: UnsafePointer<svk_sketch_kernels>
    var explanation: PruningExplanation
    private var clock: StageClock
    private var blockCount = 0

    init(
        index: PruningIndex, queries: [Query], scratch: PruningScratch, kernels: Kernels,
        table: UnsafePointer<svk_sketch_kernels>, explanation: PruningExplanation, isExplained: Bool
    ) {
        self.index = index
        self.queries = queries
        self.scratch = scratch
        self.kernels = kernels
        self.table = table
        self.explanation = explanation
        clock = StageClock(isRunning: isExplained)
    }

    private var layout: SketchLayout { index.partition.layout }

    // MARK: The query

    /// Rounds and projects the queries and multiplies them with all centroids.
    mutating func prepare() {
        let partition = index.partition
        let layout = layout
        for (number, query) in queries.enumerated() {
            var distance = 0.0
            let steps = svk_sketch_round(
                query.vector.address, layout.rowLength, layout.length,
                scratch.whole.base + number * layout.length, &distance)
            let state = scratch.states[number]
            state.inverse = Float(1 / steps)
            state.cosineError = Float(distance) + 4e-7
            state.isRotated = false
            state.position = 0
        }
        kernels.table.pointee.dots(
            scratch.search.queries, queries.count, partition.basis.base, layout.rowLength, layout.prefix,
            layout.rowLength, scratch.projected.base, layout.prefix)
        for number in queries.indices {
            let state = scratch.states[number]
            var unit: Float = 0
            var zero: Float = 0
            svk_sketch_tables(
                scratch.projected.base + number * layout.prefix, layout.pairs, state.tables.base, &unit, &zero)
            let a = partition.typicalAlignment
            let secant = 1 / (1 - a * a).squareRoot()
            // e's own error, the query's and that of the length of the sketch's direction.
            let slack = 2 * partition.projectionError + partition.basisDefect + state.cosineError
            state.scale = svk_sketch_scale(unit: unit, zero: zero + slack, tangent: a * secant, secant: secant)
        }
        clock.lap(&explanation.prepareNanoseconds)
        table.pointee.dots(
            scratch.wholeQueries, queries.count, partition.centroids.base, partition.cellCount, layout.length,
            scratch.products.base, partition.cellCount)
        for number in queries.indices {
            let products = scratch.products.base + number * partition.cellCount
            scratch.states[number].nearest = svk_sketch_best(products, partition.scales.base, partition.cellCount)
        }
        clock.lap(&explanation.centroidNanoseconds)
        explanation.cells += partition.cellCount * queries.count
    }

    /// What a row's exact inner product must reach to change the answer, errors of all that is compared with it taken
    /// off. Very low ones rule out nothing.
    private func threshold(_ query: Int) -> Float {
        let similarity = max(queries[query].threshold, scratch.search.collectors[query].cut)
        let summation = Float(layout.rowLength / 32 + 8) * 0x1p-23
        let lowest = Similarity.lowestDot(similarity: similarity) - summation - 4e-6
            - scratch.states[query].cosineError
        return lowest >= 0.01 ? lowest : -4
    }

    // MARK: Cells

    mutating func chooseCells(_ query: Int) {
        let partition = index.partition
        let state = scratch.states[query]
        let threshold = threshold(query)
        state.aliveCut = scratch.search.collectors[query].cut
        let products = scratch.products.base + query * partition.cellCount
        let nearest = Float(products[state.nearest]) * partition.scales.base[state.nearest] * state.inverse
        state.aliveCount = index.low.withUnsafeBufferPointer { low in
            index.high.withUnsafeBufferPointer { high in
                guard let low = low.baseAddress, let high = high.baseAddress else { return 0 }
                var cells = svk_sketch_cells(
                    products: products, scales: partition.scales.base, inverse: state.inverse, low: low, high: high,
                    distances: partition.distances.base + state.nearest * partition.cellCount, nearest: nearest,
                    threshold: threshold, slack: 2 * state.cosineError,
                    sine_squared: threshold > 0 ? 1 - threshold * threshold + 1e-6 : 4,
                    misassignment: 2 * partition.misassignment, count: partition.cellCount)
                return table.pointee.cells(&cells, state.cosines.base, state.alive.base)
            }
        }
        clock.lap(&explanation.chooseNanoseconds)
    }

    /// The cell that a match is most likely in comes first: a match raises the threshold for all others.
    mutating func visitNearest<Failure: Error>(
        _ query: Int, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let state = scratch.states[query]
        var view = view(of: query)
        try choose(&view, cell: state.nearest, address, verdict)
        try flush(&view, address, verdict)
        if scratch.search.collectors[query].cut > max(state.aliveCut, queries[query].threshold) { chooseCells(query) }
    }

    /// Visits the cells that are left below number `end`, but for the nearest.
    mutating func visit<Failure: Error>(
        _ query: Int, upTo end: Int, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let state = scratch.states[query]
        var view = view(of: query)
        let alive = state.alive.base
        let count = state.aliveCount
        let nearest = state.nearest
        var position = state.position
        while position < count {
            let cell = Int(alive[position])
            guard cell < end else { break }
            position += 1
            if position < count, let base = index.base {
                let next = Int(base.starts.base[Int(alive[position])])
                svk_prefetch(base.low.base + next, 128)
                svk_prefetch(base.high.base + next, 128)
            }
            if cell != nearest { try choose(&view, cell: cell, address, verdict) }
        }
        state.position = position
        try flush(&view, address, verdict)
    }

    /// What the loop over cells needs of a query, in one place.
    private struct QueryView {
        let query: Int
        let cosines: UnsafePointer<Float>
        let sineSlack: Float
        let offsetScale: Float
        var threshold: Float
    }

    private func view(of query: Int) -> QueryView {
        let state = scratch.states[query]
        return QueryView(
            query: query, cosines: UnsafePointer(state.cosines.base), sineSlack: 1 + 2e-6 + 2 * state.cosineError,
            offsetScale: 512 / state.scale.unit, threshold: threshold(query))
    }

    // MARK: Blocks

    private mutating func choose<Failure: Error>(
        _ view: inout QueryView, cell number: Int, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let cosine = view.cosines[number]
        let wanted = view.offsetScale * cosine * index.partition.offsetSteps.base[number]
        var cell = BoundedCell(
            cell: svk_sketch_cell(
                cosine: cosine, sine: max(0, view.sineSlack - cosine * cosine).squareRoot().nextUp,
                best: view.threshold > 0 ? cosine / view.threshold : 0, threshold: view.threshold),
            offset: Int16(max(-20_001, min(20_001, wanted.rounded()))))
        explanation.cellsVisited += 1
        let blockRows = SketchLayout.blockRows
        if let base = index.base {
            let first = Int(base.starts.base[number])
            try choose(
                &cell, &view, BlockRun(
                    low: base.low.base + first, high: base.high.base + first,
                    codes: base.codes.base + first * layout.blockBytes,
                    records: base.records.base + first * blockRows * layout.recordStride,
                    rows: Int(base.counts.base[number])), address, verdict)
        }
        guard index.grown[number] else { return }
        let grown = index.cells[number]
        for (position, segment) in grown.segments.enumerated() {
            let rows = position == grown.segments.count - 1 ? grown.lastCount : segment.capacity
            let whole = rows / blockRows
            try choose(
                &cell, &view, BlockRun(
                    low: segment.low, high: segment.high, codes: segment.codes, records: segment.records,
                    rows: whole * blockRows), address, verdict)
            guard rows % blockRows != 0 else { continue }
            scratch.openRange[0] = grown.openLow
            scratch.openRange[1] = grown.openHigh
            try choose(
                &cell, &view, BlockRun(
                    low: scratch.openRange, high: scratch.openRange + 1, codes: segment.codes + whole * layout.blockBytes,
                    records: segment.records + whole * blockRows * layout.recordStride, rows: rows % blockRows),
                address, verdict)
        }
    }

    private struct BoundedCell {
        var cell: svk_sketch_cell
        var offset: Int16
    }

    /// Blocks one behind the other; the last one may be filled in part.
    private struct BlockRun {
        var low: UnsafePointer<Float>
        var high: UnsafePointer<Float>
        var codes: UnsafePointer<UInt8>
        var records: UnsafePointer<UInt8>
        var rows: Int
    }

    private mutating func choose<Failure: Error>(
        _ cell: inout BoundedCell, _ view: inout QueryView, _ run: BlockRun,
        _ address: (UInt32) -> UnsafePointer<Float>?, _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let blockRows = SketchLayout.blockRows
        let count = (run.rows + blockRows - 1) / blockRows
        var first = 0
        while first < count {
            if blockCount == PruningScratch.blockCapacity {
                try flush(&view, address, verdict)
                cell.cell.threshold = view.threshold
                cell.cell.best = view.threshold > 0 ? cell.cell.cosine / view.threshold : 0
            }
            let some = min(count - first, PruningScratch.blockCapacity - blockCount)
            let blocks = scratch.blocks + blockCount
            let chosen = table.pointee.choose(
                &cell.cell, run.low + first, run.high + first, some, run.codes + first * layout.blockBytes,
                layout.blockBytes, run.records + first * blockRows * layout.recordStride, layout.recordStride, blocks)
            for position in 0..<chosen { blocks[position].offset = cell.offset }
            first += some
            // The last block of the run, if it was chosen and has rows missing.
            if first == count, run.rows % blockRows != 0, chosen > 0,
                blocks[chosen - 1].codes == run.codes + (count - 1) * layout.blockBytes
            {
                blocks[chosen - 1].rows = (1 << UInt32(run.rows % blockRows)) - 1
            }
            blockCount += chosen
        }
    }

    /// Sends the blocks gathered so far through both sketches, and compares the rows that are left.
    private mutating func flush<Failure: Error>(
        _ view: inout QueryView, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        guard blockCount > 0 else { return }
        let query = view.query
        let state = scratch.states[query]
        let count = blockCount
        blockCount = 0
        table.pointee.cut(&state.scale, scratch.blocks, count)
        clock.lap(&explanation.chooseNanoseconds)
        let left = table.pointee.scan(scratch.blocks, count, state.tables.base, layout.pairs, scratch.left)
        explanation.blocks += count
        explanation.rowsRefined += left
        clock.lap(&explanation.scanNanoseconds)
        guard left > 0 else { return }
        if !state.isRotated { rotate(query) }
        let found = table.pointee.refine(
            &state.refinement, scratch.blocks, scratch.left, left, layout.recordStride, view.threshold,
            scratch.numbers)
        explanation.candidates += found
        clock.lap(&explanation.refineNanoseconds)
        try compare(query, found, address, verdict)
        view.threshold = threshold(query)
        clock.lap(&explanation.compareNanoseconds)
    }

    private func rotate(_ query: Int) {
        let state = scratch.states[query]
        let row = queries[query].vector.address
        for position in 0..<layout.length {
            state.rotated.base[position] = position < layout.rowLength ? row[position] : 0
        }
        svk_sketch_rotate(state.rotated.base, layout.length, index.partition.signs.base)
        var unit: Float = 0
        var zero: Float = 0
        svk_sketch_steps(state.rotated.base, layout.length, state.steps.base, &unit, &zero)
        // Half a step of e, its sum's roundings and the rotation's.
        let rounding = Float(layout.length) * 0x1p-23
        state.refinement.unit = unit
        state.refinement.zero = zero + 0x1p-16 + rounding + 1e-5 + state.cosineError
        state.isRotated = true
    }

    // MARK: Vectors

    private func compare<Failure: Error>(
        _ query: Int, _ count: Int, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let search = scratch.search
        var next = 0
        while next < count {
            var staged = 0
            while next < count, staged < SearchScratch.stagedRows {
                let row = scratch.numbers[next]
                next += 1
                guard let vector = address(row) else { continue }
                search.staged[staged] = vector
                search.stagedNumbers[staged] = row
                staged += 1
            }
            guard staged > 0 else { continue }
            kernels.table.pointee.dots_gathered(
                search.queries + query, 1, search.staged, staged, layout.rowLength, search.products,
                SearchScratch.tileRows)
            for position in 0..<staged {
                let product = search.products[position]
                guard product >= Similarity.lowestDot(similarity: search.collectors[query].cut) else { continue }
                let similarity = Similarity.decided(
                    dot: product, search.queries[query], search.staged[position], length: layout.rowLength)
                guard similarity >= search.collectors[query].cut else { continue }
                let row = search.stagedNumbers[position]
                // A number that was used again is in the index twice.
                if queries[query].neighbors > 1, search.collectors[query].holds(row) { continue }
                switch try verdict(query, row) {
                case .accept(let order): search.collectors[query].accept(row: row, similarity: similarity, order: order)
                case .exclude(let reason): search.collectors[query].exclude(similarity: similarity, reason: reason)
                case .ignore: break
                }
            }
        }
    }
}
