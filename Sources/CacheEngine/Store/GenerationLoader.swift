internal import CacheModel
package import CacheStorage
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
    let sketchers: RowSketchers

    /// Loads the finished generation, if there is one. One that is damaged is none: it is built anew from the rows.
    ///
    /// - Returns: the other generations that have left something in the store.
    func load(into index: inout NamespaceIndex, kernels: Kernels) throws(CacheError) -> [ObsoleteGeneration] {
        let finished = try generations(.partitions)
        var found = Set(finished + (try generations(.sketches)))
        let last = found.max() ?? 0
        var generation: IndexGeneration?
        if let number = finished.max(), let layout = index.layout {
            do throws(CacheError) {
                let partition = try partition(number, layout.dimension, kernels)
                let (built, missing) = try build(number, partition, index.liveRows, layout)
                generation = IndexGeneration(number: number, index: built)
                try generation?.index.insert(try sketchers.sketch(missing[...], of: index, partition))
                found.remove(number)
            } catch {
                guard error.code == .storeDamaged else { throw error }
            }
        }
        index.loadGeneration(generation, last: last)
        return found.map { ObsoleteGeneration(content: content, number: $0) }
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

    /// An index of the given rows from the sketches that are stored for them.
    ///
    /// - Parameter rows: in ascending order.
    /// - Returns: the rows, too, whose sketches are missing or damaged.
    func build(
        _ number: UInt32, _ partition: PruningPartition, _ rows: [UInt32], _ layout: BlockLayout
    ) throws(CacheError) -> (index: PruningIndex, missing: [UInt32]) {
        let sketchLayout = partition.sketchLayout(layout)
        let rowsPerBlock = UInt32(layout.rowsPerBlock)
        var found: [UInt32] = []
        var sketches: [UnsafeRawPointer] = []
        var missing: [UInt32] = []
        found.reserveCapacity(rows.count)
        sketches.reserveCapacity(rows.count)
        var next = 0
        let prefix = StorageKey.partition(content, number)
        try transaction.forEach(.sketches, prefix: prefix) { (key, value) throws(CacheError) -> Bool in
            guard let block: UInt32 = StorageKey.number(in: key, at: 8) else { return true }
            while next < rows.count, rows[next] / rowsPerBlock < block {
                missing.append(rows[next])
                next += 1
            }
            let record = sketchLayout.checked(value, key: key)
            while next < rows.count, rows[next] / rowsPerBlock == block {
                if let record, let sketch = sketchLayout.sketch(Int(rows[next] % rowsPerBlock), in: record) {
                    found.append(rows[next])
                    sketches.append(sketch)
                } else {
                    missing.append(rows[next])
                }
                next += 1
            }
            return next < rows.count
        }
        missing += rows[next...]
        return (try PruningIndex(partition, rows: found) { sketches[$0] }, missing)
    }
}
