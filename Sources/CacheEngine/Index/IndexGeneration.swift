internal import CacheModel
internal import CacheStorage
package import VectorSearch

/// A partition, and the sketches of rows under it: what a search of a large namespace goes through.
///
/// Generations of a content are numbered upward and never share a number, so that what is left of an older one on the disk is
/// never taken for the newer one's.
package struct IndexGeneration: Sendable {
    package let number: UInt32
    package internal(set) var index: PruningIndex

    package var partition: PruningPartition { index.partition }

    package init(number: UInt32, index: PruningIndex) {
        self.number = number
        self.index = index
    }
}

extension PruningPartition {
    func sketchLayout(_ layout: BlockLayout) -> SketchBlockLayout {
        SketchBlockLayout(rowsPerBlock: layout.rowsPerBlock, sketchBytes: sketchBytes)
    }
}

/// The generations of a namespace's search index.
///
/// Invariant: every live row is in `current`, if there is one; every row inserted since `next` began is in `next`.
extension NamespaceIndex {
    /// Those that a new row must be sketched for.
    var partitions: [(number: UInt32, partition: PruningPartition)] {
        [current, isRepacking ? nil : next].compactMap { generation in generation.map { ($0.number, $0.partition) } }
    }

    /// Starts a generation that only rows inserted from here on are in.
    mutating func beginGeneration(_ partition: PruningPartition) -> UInt32 {
        lastGeneration += 1
        next = IndexGeneration(number: lastGeneration, index: PruningIndex(partition))
        return lastGeneration
    }

    mutating func insert(_ sketched: SketchedRows, generation number: UInt32) throws(CacheError) {
        if current?.number == number { try current?.index.insert(sketched) }
        if next?.number == number { try next?.index.insert(sketched) }
    }

    /// Starts to put the rows of the current generation in order: its next form has its number and its partition, and until it
    /// takes over only the rows inserted from here on.
    mutating func beginRepacking() -> IndexGeneration? {
        guard let current, next == nil else { return nil }
        next = IndexGeneration(number: current.number, index: PruningIndex(current.partition))
        return current
    }

    private var isRepacking: Bool { next != nil && next?.number == current?.number }

    /// The next generation takes over.
    ///
    /// - Parameters:
    ///   - base: the rows that were there when it began.
    ///   - rest: those of them whose sketches could not be read back.
    /// - Returns: whether it is still the one that was begun.
    mutating func finishGeneration(
        _ number: UInt32, base: PruningIndex, rest: SketchedRows
    ) throws(CacheError) -> Bool {
        guard var finished = next, finished.number == number else { return false }
        try finished.index.insert(rest)
        finished.index.setBase(of: base)
        current = finished
        next = nil
        return true
    }

    mutating func abandonGeneration(_ number: UInt32) {
        if next?.number == number { next = nil }
    }

    /// The generation that was found in the store.
    ///
    /// - Parameter last: the highest number found, of unfinished ones too.
    mutating func loadGeneration(_ generation: IndexGeneration?, last: UInt32) {
        current = generation
        lastGeneration = last
    }

    /// Whether a new generation is to be built.
    var needsNewGeneration: Bool {
        guard next == nil, let dimension = layout?.dimension else { return false }
        return PruningPlan.needsRebuild(
            liveRows: rowCount, indexedRows: current?.index.rowCount ?? 0, cellCount: current?.partition.cellCount,
            dimension: dimension)
    }

    /// Whether the current generation is to be put in order again.
    var needsRepacking: Bool {
        guard next == nil, let index = current?.index else { return false }
        return PruningPlan.needsRepacking(indexedRows: index.rowCount, grownRows: index.grownRowCount)
    }

    /// The rows that live, in ascending order.
    var liveRows: [UInt32] {
        var rows: [UInt32] = []
        guard let layout else { return rows }
        rows.reserveCapacity(rowCount)
        forEachBlock { number, block in
            let first = number * UInt32(layout.rowsPerBlock)
            block.forEachLiveSlot { rows.append(first + UInt32($0)) }
        }
        return rows
    }

    /// Where a row's vector lies; nil for a row that lives no more.
    func address(_ row: UInt32) -> UnsafePointer<Float>? {
        guard let layout else { return nil }
        let slot = Int(row) % layout.rowsPerBlock
        guard let block = self[row / UInt32(layout.rowsPerBlock)], slot < block.count, block.isLive(slot) else { return nil }
        return block.rows?.advanced(by: slot * layout.stride)
    }
}
