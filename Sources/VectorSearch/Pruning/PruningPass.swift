import CVectorKernels
import CacheModel

/// One search on its way through the cells of an index.
struct PruningPass {
    let index: PruningIndex
    let queries: [Query]
    let scratch: PruningScratch
    let kernels: Kernels
    let table: UnsafePointer<svk_sketch_kernels>
    var explanation: SearchExplanation
    private var clock: StageClock
    /// What is being filled, and what waits for its vectors.
    private var filling: BlockBatch
    private var refined: BlockBatch

    init(
        index: PruningIndex, queries: [Query], scratch: PruningScratch, kernels: Kernels,
        table: UnsafePointer<svk_sketch_kernels>, explanation: SearchExplanation, isExplained: Bool
    ) {
        self.index = index
        self.queries = queries
        self.scratch = scratch
        self.kernels = kernels
        self.table = table
        self.explanation = explanation
        clock = StageClock(isRunning: isExplained)
        filling = scratch.batches[0]
        refined = scratch.batches[1]
        for batch in scratch.batches {
            batch.blockCount = 0
            batch.leftCount = 0
            batch.numberCount = 0
        }
    }

    private var layout: SketchLayout { index.partition.layout }

    // MARK: The query

    /// Rounds and projects the queries and multiplies them with all centroids.
    mutating func prepare() {
        let partition = index.partition
        let layout = layout
        for (number, query) in queries.enumerated() {
            var distance = 0.0
            let steps = table.pointee.round(
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
            state.rest = svk_sketch_fill_tables(
                scratch.projected.base + number * layout.prefix, layout.pairs, layout.frontPairs, state.tables.base,
                &unit, &zero)
            let a = partition.typicalAlignment
            let secant = 1 / (1 - a * a).squareRoot()
            // e's own error, the query's and that of the length of the sketch's direction.
            let slack = 2 * partition.projectionError + partition.basisDefect + state.cosineError
            state.scale = svk_sketch_scale(unit: unit, zero: zero + slack, tangent: a * secant, secant: secant)
        }
        clock.lap(&explanation.times.prepareNanoseconds)
        table.pointee.dots(
            scratch.wholeQueries, queries.count, partition.centroids.base, partition.cellCount, layout.length,
            scratch.products.base, partition.cellCount)
        for number in queries.indices {
            let products = scratch.products.base + number * partition.cellCount
            scratch.states[number].nearest = svk_sketch_best(products, partition.scales.base, partition.cellCount)
        }
        clock.lap(&explanation.times.centroidNanoseconds)
        explanation.counts.cells += UInt64(partition.cellCount * queries.count)
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
        clock.lap(&explanation.times.chooseNanoseconds)
    }

    /// The cell that a match is most likely in comes first: a match raises the threshold for all others.
    mutating func visitNearest<Failure: Error>(
        _ query: Int, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        var nearest = UInt32(scratch.states[query].nearest)
        try visit(&nearest, 1, query, address, verdict)
    }

    /// Chooses cells again if the nearest one had a match, and leaves that one out.
    mutating func leaveOutNearest(_ query: Int) {
        let state = scratch.states[query]
        if scratch.search.collectors[query].cut > max(state.aliveCut, queries[query].threshold) { chooseCells(query) }
        state.leaveOutNearest()
    }

    /// Whether a query visits so many cells that it passes them together with others.
    func isShared(_ query: Int) -> Bool { scratch.states[query].aliveCount * 2 >= index.partition.cellCount }

    /// Visits the cells that are left below number `end`.
    mutating func visit<Failure: Error>(
        _ query: Int, upTo end: Int, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let state = scratch.states[query]
        let first = state.position
        while state.position < state.aliveCount, Int(state.alive.base[state.position]) < end { state.position += 1 }
        guard first < state.position else { return }
        try visit(state.alive.base + first, state.position - first, query, address, verdict)
    }

    private func view(of query: Int) -> svk_sketch_view {
        let state = scratch.states[query]
        return svk_sketch_view(
            scale: state.scale, threshold: threshold(query), sine_slack: 1 + 2e-6 + 2 * state.cosineError)
    }

    private mutating func visit<Failure: Error>(
        _ cells: UnsafePointer<UInt32>, _ count: Int, _ query: Int,
        _ address: (UInt32) -> UnsafePointer<Float>?, _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        explanation.counts.cellsVisited += UInt64(count)
        filling.query = query
        var view = view(of: query)
        let cosines = UnsafePointer(scratch.states[query].cosines.base)
        if let base = index.base {
            var walk = svk_sketch_walk(
                cells: cells, cell_count: count, cosines: cosines, offset_steps: index.partition.offsetSteps.base,
                starts: base.starts.base, rows: base.counts.base, low: base.low.base, high: base.high.base,
                front: base.fronts.base, back: base.backs.base, records: base.records.base, strides: layout.strides,
                position: 0, block: 0)
            while true {
                filling.blockCount += table.pointee.walk(
                    &view, &walk, filling.blocks + filling.blockCount,
                    PruningScratch.blockCapacity - filling.blockCount)
                guard walk.position < count else { break }
                try advance(address, verdict)
                filling.query = query
                view.threshold = threshold(query)
            }
        }
        if index.hasGrown {
            for position in 0..<count where index.grown[Int(cells[position])] {
                let cell = Int(cells[position])
                try choose(&view, query, grown: cell, cosines[cell], address, verdict)
            }
        }
        try advance(address, verdict)
    }

    // MARK: Blocks

    private mutating func choose<Failure: Error>(
        _ view: inout svk_sketch_view, _ query: Int, grown number: Int, _ cosine: Float,
        _ address: (UInt32) -> UnsafePointer<Float>?, _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let blockRows = SketchLayout.blockRows
        let layout = layout
        let cell = index.cells[number]
        let offsetStep = index.partition.offsetSteps.base[number]
        for (position, segment) in cell.segments.enumerated() {
            let rows = position == cell.segments.count - 1 ? cell.lastCount : segment.capacity
            let whole = rows / blockRows
            try choose(
                svk_sketch_run(
                    low: segment.low, high: segment.high, front: segment.fronts, back: segment.backs,
                    records: segment.records, rows: whole * blockRows, cosine: cosine, offset_step: offsetStep),
                &view, query, address, verdict)
            guard rows % blockRows != 0 else { continue }
            scratch.openRange[0] = cell.openLow
            scratch.openRange[1] = cell.openHigh
            try choose(
                svk_sketch_run(
                    low: scratch.openRange, high: scratch.openRange + 1,
                    front: segment.fronts + whole * layout.frontBytes, back: segment.backs + whole * layout.backBytes,
                    records: segment.records + whole * blockRows * layout.recordStride, rows: rows % blockRows,
                    cosine: cosine, offset_step: offsetStep), &view, query, address, verdict)
        }
    }

    private mutating func choose<Failure: Error>(
        _ run: svk_sketch_run, _ view: inout svk_sketch_view, _ query: Int,
        _ address: (UInt32) -> UnsafePointer<Float>?, _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        var run = run
        var strides = layout.strides
        let count = (run.rows + SketchLayout.blockRows - 1) / SketchLayout.blockRows
        var first = 0
        while first < count {
            if filling.blockCount == PruningScratch.blockCapacity {
                try advance(address, verdict)
                filling.query = query
                view.threshold = threshold(query)
            }
            let some = min(count - first, PruningScratch.blockCapacity - filling.blockCount)
            filling.blockCount += table.pointee.choose(
                &view, &run, &strides, first, some, filling.blocks + filling.blockCount)
            first += some
        }
    }

    /// Sends the blocks gathered so far through both sketches and asks for the vectors of the rows that are left; they
    /// are compared when the next blocks have had their turn. Meanwhile the rows of those before are compared.
    private mutating func advance<Failure: Error>(
        _ address: (UInt32) -> UnsafePointer<Float>?, _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        guard filling.blockCount > 0 else { return }
        clock.lap(&explanation.times.chooseNanoseconds)
        scan(filling)
        clock.lap(&explanation.times.sketchNanoseconds)
        refine(filling, address)
        clock.lap(&explanation.times.refineNanoseconds)
        swap(&filling, &refined)
        try compare(filling, address, verdict)
        clock.lap(&explanation.times.compareNanoseconds)
    }

    /// Compares what still waits for it.
    mutating func drain<Failure: Error>(
        _ address: (UInt32) -> UnsafePointer<Float>?, _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        try compare(refined, address, verdict)
        clock.lap(&explanation.times.compareNanoseconds)
    }

    private mutating func scan(_ batch: BlockBatch) {
        guard batch.blockCount > 0 else { return }
        let state = scratch.states[batch.query]
        var tables = svk_sketch_tables(
            values: state.tables.base, front_pairs: layout.frontPairs, back_pairs: layout.pairs - layout.frontPairs,
            rest: state.rest)
        var open = scratch.open
        batch.leftCount = table.pointee.scan(
            batch.blocks, batch.blockCount, &tables, layout.recordStride, &open, batch.left)
        if clock.isRunning {
            explanation.counts.blocks += UInt64(batch.blockCount)
            for block in 0..<batch.blockCount {
                explanation.counts.sketchesRead += UInt64(batch.blocks[block].rows.nonzeroBitCount)
            }
        }
        explanation.counts.sketchesRefined += UInt64(batch.leftCount)
        batch.blockCount = 0
    }

    private mutating func refine(_ batch: BlockBatch, _ address: (UInt32) -> UnsafePointer<Float>?) {
        guard batch.leftCount > 0 else { return }
        let state = scratch.states[batch.query]
        if !state.isRotated { rotate(batch.query) }
        batch.numberCount = table.pointee.refine(
            &state.refinement, batch.blocks, batch.left, batch.leftCount, layout.recordStride, threshold(batch.query),
            batch.numbers)
        batch.leftCount = 0
        explanation.counts.rowsCompared += UInt64(batch.numberCount)
        for position in 0..<min(batch.numberCount, Self.rowsAsked) {
            guard let vector = address(batch.numbers[position]) else { continue }
            svk_prefetch_far(vector, layout.rowLength * 4)
        }
    }

    /// Vectors asked for before their turn; more would push each other out of the second cache.
    private static let rowsAsked = 128

    private func rotate(_ query: Int) {
        let state = scratch.states[query]
        let row = queries[query].vector.address
        for position in 0..<layout.length {
            state.rotated.base[position] = position < layout.rowLength ? row[position] : 0
        }
        table.pointee.rotate(state.rotated.base, layout.length, index.partition.signs.base)
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
        _ batch: BlockBatch, _ address: (UInt32) -> UnsafePointer<Float>?,
        _ verdict: (Int, UInt32) throws(Failure) -> RowVerdict
    ) throws(Failure) {
        let search = scratch.search
        let query = batch.query
        let count = batch.numberCount
        batch.numberCount = 0
        var next = 0
        while next < count {
            var staged = 0
            while next < count, staged < SearchScratch.stagedRows {
                let row = batch.numbers[next]
                next += 1
                guard let vector = address(row) else { continue }
                if next > Self.rowsAsked { svk_prefetch_far(vector, layout.rowLength * 4) }
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
