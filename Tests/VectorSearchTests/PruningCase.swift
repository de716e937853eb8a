import CacheModel

@testable import VectorSearch

/// Rows in memory with an index over them, and what a search by the index must answer.
///
/// `@unchecked Sendable`: the memory is written once, before it is shared.
struct PruningCase: @unchecked Sendable {
    let dimension: Int
    let memory: RowMemory
    let vectors: [UnitVector]

    init(dimension: Int, vectors: [UnitVector]) {
        self.dimension = dimension
        self.vectors = vectors
        memory = RowMemory(rows: vectors.map(\.row), stride: UnitVector.stride(dimension: dimension))
    }

    func address(_ row: UInt32) -> UnsafePointer<Float>? {
        Int(row) < vectors.count ? UnsafePointer(memory.base + Int(row) * memory.stride) : nil
    }

    /// An index over the first `built` rows, into which the others are inserted in batches.
    func index(
        built: Int, cells: Int?, kernels: Kernels, seed: UInt64, batch: Int = 37
    ) throws -> PruningIndex {
        let builder = PruningBuilder(
            dimension: dimension, rows: (0..<UInt32(built)).map { $0 }, cells: cells, seed: seed, kernels: kernels,
            blas: try BlasLibrary())
        while try !builder.step(maximumRows: 100, address: address) {}
        var index = try builder.finish()
        try insert(built..<vectors.count, into: &index, kernels: kernels, batch: batch)
        return index
    }

    func insert(_ range: Range<Int>, into index: inout PruningIndex, kernels: Kernels, batch: Int) throws {
        guard let sketcher = RowSketcher(index.partition, kernels: kernels) else { return }
        for start in stride(from: range.lowerBound, to: range.upperBound, by: batch) {
            let rows = (start..<min(start + batch, range.upperBound)).map { UInt32($0) }
            var sketches = [UInt8](repeating: 0, count: rows.count * sketcher.sketchBytes)
            try sketches.withUnsafeMutableBytes { bytes in
                sketcher.sketch(rows.compactMap(address), into: bytes)
                try index.insert(UnsafeRawBufferPointer(bytes), rows: rows)
            }
        }
    }

    /// What a scan of all rows finds.
    func scanned(
        _ queries: [Query], kernels: Kernels, verdict: (Int, UInt32) -> RowVerdict
    ) throws -> [SearchResult] {
        let run = RowRun(base: UnsafePointer(memory.base), count: vectors.count, firstRow: 0)
        return ExactScan(kernels: kernels, blas: try BlasLibrary(), path: .kernels).search(
            queries, dimension: dimension, stride: memory.stride, runs: [run], scratch: SearchScratch(),
            verdict: verdict)
    }

    /// Rows of the kinds that bounds go wrong at first.
    static func adversarial(_ dimension: Int, count: Int, random: inout SeededGenerator) throws -> [UnitVector] {
        var vectors: [UnitVector] = []
        let mean = random.components(dimension)
        let centers = (0..<6).map { _ in random.components(dimension) }
        for index in 0..<count {
            let center = centers[index % centers.count]
            var components: [Float]
            switch index % 10 {
            case 0: components = center
            case 1: components = center.map { -$0 }
            case 2: components = (0..<dimension).map { $0 == index % dimension ? 1 : 0 }
            case 3: components = center.map { $0 < 0 ? -1 : 1 }
            case 4: components = zip(mean, random.components(dimension)).map { $0 + 0.02 * $1 }
            case 5: components = zip(center, random.components(dimension)).map { $0 + 1e-6 * $1 }
            case 6: components = vectors.isEmpty ? center : Array(vectors[index / 2].row.prefix(dimension))
            default:
                let spread = Float.random(in: 0...1, using: &random)
                components = zip(center, random.components(dimension)).map { $0 + spread * $1 }
            }
            if components.allSatisfy({ $0 == 0 }) { components[0] = 1 }
            vectors.append(try UnitVector(components))
        }
        return vectors
    }
}
