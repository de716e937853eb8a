package import CacheModel
package import CacheStorage
package import VectorSearch

/// Rows on their way into the index: their numbers and a copy of their vectors.
package struct UnsketchedRows {
    package private(set) var rows: [UInt32] = []
    fileprivate var vectors: [Float] = []

    /// Enough for the sketcher to work in batches, and few enough to stay in the second cache.
    private static let limit = 256

    package init() {}

    package var isFull: Bool { rows.count >= Self.limit }

    package mutating func append(_ row: UInt32, _ vector: UnsafeBufferPointer<Float>) {
        if rows.isEmpty {
            rows.reserveCapacity(Self.limit)
            vectors.reserveCapacity(Self.limit * vector.count)
        }
        rows.append(row)
        vectors.append(contentsOf: vector)
    }
}

/// Rows and their sketches, one behind the other.
package struct SketchedRows: Sendable {
    package var rows: [UInt32]
    package var sketches: [UInt8]
}

extension PruningIndex {
    /// - Throws: `store-damaged` for sketches of another partition.
    mutating func insert(_ sketched: SketchedRows) throws(CacheError) {
        let result = sketched.sketches.withUnsafeBytes { bytes -> Result<Void, CacheError> in
            do throws(CacheError) { return .success(try insert(bytes, rows: sketched.rows)) } catch { return .failure(error) }
        }
        try result.get()
    }
}

/// Makes sketches on one thread, and keeps the sketchers of the partitions in use.
package final class RowSketchers {
    private let kernels: Kernels
    /// By the identity of their partition, which each of them keeps alive.
    private var sketchers: [ObjectIdentifier: RowSketcher] = [:]
    /// Namespaces that are filled at the same time; each sketcher takes about half a megabyte.
    private static let limit = 8

    package init(kernels: Kernels) { self.kernels = kernels }

    /// - Throws: `internal-error` when this machine has no kernels for it.
    package func sketch(
        _ appended: UnsketchedRows, _ layout: BlockLayout, _ partition: PruningPartition
    ) throws(CacheError) -> SketchedRows {
        try appended.vectors.withUnsafeBufferPointer { (vectors) throws(CacheError) -> SketchedRows in
            guard let base = vectors.baseAddress else { return SketchedRows(rows: [], sketches: []) }
            let addresses = appended.rows.indices.map { base + $0 * layout.stride }
            return SketchedRows(rows: appended.rows, sketches: try sketches(of: addresses, partition))
        }
    }

    /// Sketches those of the rows that live, from their vectors in the map.
    func sketch(
        _ rows: ArraySlice<UInt32>, of index: NamespaceIndex, _ partition: PruningPartition
    ) throws(CacheError) -> SketchedRows {
        let live = rows.compactMap { row in index.address(row).map { (row, $0) } }
        return SketchedRows(rows: live.map(\.0), sketches: try sketches(of: live.map(\.1), partition))
    }

    /// - Returns: the sketches, one behind the other.
    /// - Throws: `internal-error` when this machine has no kernels for it.
    private func sketches(
        of vectors: [UnsafePointer<Float>], _ partition: PruningPartition
    ) throws(CacheError) -> [UInt8] {
        let sketcher = try sketcher(partition)
        return [UInt8](unsafeUninitializedCapacity: vectors.count * sketcher.sketchBytes) { bytes, count in
            sketcher.sketch(vectors, into: UnsafeMutableRawBufferPointer(bytes))
            count = vectors.count * sketcher.sketchBytes
        }
    }

    private func sketcher(_ partition: PruningPartition) throws(CacheError) -> RowSketcher {
        if let known = sketchers[ObjectIdentifier(partition)] { return known }
        guard let sketcher = RowSketcher(partition, kernels: kernels) else {
            throw CacheError(.internalError, "there are no sketch kernels")
        }
        if sketchers.count == Self.limit { sketchers.removeAll() }
        sketchers[ObjectIdentifier(partition)] = sketcher
        return sketcher
    }
}
