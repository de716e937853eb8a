package import CacheStorage
internal import CacheModel
internal import VectorSearch

/// A generation of a search index that is of no use any more.
package struct ObsoleteGeneration: Hashable, Sendable {
    package var content: ContentIdentifier
    package var number: UInt32
}

/// Brings a namespace's search index back from its sketches, without reading vectors.
struct GenerationLoader {
    let content: ContentIdentifier
    let transaction: ReadTransaction

    /// What was found of a content's search index.
    struct Found: Sendable {
        /// Nil when there is no finished generation, or it is damaged: then it is built anew from the rows.
        var generation: IndexGeneration?
        /// The rows in it, in ascending order.
        var rows: [UInt32] = []
        /// The other generations that have left something in the store.
        var obsolete: [ObsoleteGeneration] = []
        /// The highest number, of unfinished ones too.
        var last: UInt32 = 0
    }

    /// Reads the finished generation with all rows that it has a sketch of, those of dead rows too.
    func read(_ layout: BlockLayout?, kernels: Kernels) throws(CacheError) -> Found {
        let finished = try generations(.partitions)
        var numbers = Set(finished + (try generations(.sketches)))
        var found = Found()
        found.last = numbers.max() ?? 0
        if let number = finished.max(), let layout {
            do throws(CacheError) {
                let partition = try partition(number, layout.dimension, kernels)
                var rows: [UInt32] = []
                let index = try build(number, partition, layout) { block, record, sketchLayout in
                    let first = block * UInt32(layout.rowsPerBlock)
                    guard let record else { return [] }
                    let slots = (0..<layout.rowsPerBlock).filter { sketchLayout.sketch($0, in: record) != nil }
                    rows += slots.map { first + UInt32($0) }
                    return slots
                }
                found.rows = rows
                found.generation = IndexGeneration(number: number, index: index)
                numbers.remove(number)
            } catch {
                guard error.code == .storeDamaged else { throw error }
            }
        }
        found.obsolete = numbers.map { ObsoleteGeneration(content: content, number: $0) }
        return found
    }

    /// An index of the given rows.
    ///
    /// - Parameter rows: in ascending order.
    /// - Returns: the rows, too, whose sketches are missing or damaged.
    func build(
        _ number: UInt32, _ partition: PruningPartition, _ rows: [UInt32], _ layout: BlockLayout
    ) throws(CacheError) -> (index: PruningIndex, missing: [UInt32]) {
        let rowsPerBlock = UInt32(layout.rowsPerBlock)
        var missing: [UInt32] = []
        var next = 0
        let index = try build(number, partition, layout) { block, record, sketchLayout in
            var slots: [Int] = []
            while next < rows.count, rows[next] / rowsPerBlock <= block {
                let slot = Int(rows[next] % rowsPerBlock)
                if rows[next] / rowsPerBlock == block, let record, sketchLayout.sketch(slot, in: record) != nil {
                    slots.append(slot)
                } else {
                    missing.append(rows[next])
                }
                next += 1
            }
            return slots
        }
        return (index, missing + rows[next...])
    }

    /// An index of stored sketches.
    ///
    /// - Parameter choose: the slots of a block whose rows are wanted; their sketches must be there. The record is nil when it
    ///   is damaged. Blocks come in ascending order.
    private func build(
        _ number: UInt32, _ partition: PruningPartition, _ layout: BlockLayout,
        choose: (_ block: UInt32, _ record: UnsafeRawPointer?, SketchBlockLayout) -> [Int]
    ) throws(CacheError) -> PruningIndex {
        let sketchLayout = partition.sketchLayout(layout)
        var rows: [UInt32] = []
        var sketches: [UnsafeRawPointer] = []
        let prefix = StorageKey.partition(content, number)
        try transaction.forEach(.sketches, prefix: prefix) { (key, value) throws(CacheError) -> Bool in
            guard let block: UInt32 = StorageKey.number(in: key, at: 8),
                Int(block) <= Limits.rowsPerNamespace / layout.rowsPerBlock
            else { throw RecordReader.damaged }
            let record = sketchLayout.checked(value, key: key)
            for slot in choose(block, record, sketchLayout) {
                guard let record, let sketch = sketchLayout.sketch(slot, in: record) else { continue }
                rows.append(block * UInt32(layout.rowsPerBlock) + UInt32(slot))
                sketches.append(sketch)
            }
            return true
        }
        return try PruningIndex(partition, rows: rows) { sketches[$0] }
    }

    /// The generations that have records in a table.
    private func generations(_ table: Table) throws(CacheError) -> [UInt32] {
        let prefix = StorageKey.content(content)
        var found: [UInt32] = []
        var start = prefix
        while true {
            var number: UInt32?
            try transaction.forEach(table, from: start) { (key, _) throws(CacheError) -> Bool in
                guard key.count >= 8, key.prefix(4).elementsEqual(prefix) else { return false }
                number = StorageKey.number(in: key, at: 4)
                return false
            }
            guard let number else { return found }
            found.append(number)
            guard number < .max else { return found }
            start = StorageKey.partition(content, number + 1)
        }
    }

    private func partition(
        _ number: UInt32, _ dimension: Int, _ kernels: Kernels
    ) throws(CacheError) -> PruningPartition {
        let key = StorageKey.partition(content, number)
        guard let record = try transaction.value(.partitions, key) else { throw RecordReader.damaged }
        var reader = try RecordReader(sealed: record, seed: Checksum.of(key))
        return try PruningPartition(
            decoding: try reader.readBytes(reader.remainingCount), dimension: dimension, kernels: kernels)
    }
}

extension NamespaceIndex {
    /// Takes over what was found of the search index, and sketches the live rows that are not in it.
    mutating func load(_ found: GenerationLoader.Found, _ sketchers: RowSketchers) throws(CacheError) {
        loadGeneration(found.generation, last: found.last)
        guard let current else { return }
        var missing: [UInt32] = []
        var next = 0
        for row in liveRows {
            while next < found.rows.count, found.rows[next] < row { next += 1 }
            if next == found.rows.count || found.rows[next] != row { missing.append(row) }
        }
        guard !missing.isEmpty else { return }
        try insert(sketchers.sketch(missing[...], of: self, current.partition), generation: current.number)
    }
}
