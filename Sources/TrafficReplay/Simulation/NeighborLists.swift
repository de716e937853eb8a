import CacheModel
import VectorSearch

/// For every question the questions of its scope that are near to it, nearest first.
///
/// Searched once at the lowest threshold. What of it is stored when a request comes is for each simulation to know.
package struct NeighborLists: Sendable {
    struct Neighbor: Sendable {
        var question: Int32
        var similarity: Float
    }

    private(set) var lists: [[Neighbor]]
    /// Questions with more near ones before them than are looked at.
    package private(set) var crowdedCount = 0
    package private(set) var pairCount = 0

    /// Near questions that are looked at, of those that came before; later ones are added to that.
    static let limit = Limits.neighborsRange.upperBound
    private static let batchQueries = 64

    func near(_ question: Int32) -> [Neighbor] { lists[Int(question)] }

    /// - Parameters:
    ///   - vectors: by number of text; nil for texts that no search needs.
    ///   - progress: questions that are done.
    /// - Throws: `CacheError` for vectors that are none.
    init(
        _ log: TrafficLog, vectors: [UnitVector?], threshold: Float, kernels: Kernels, blas: BlasLibrary,
        progress: (Int) -> Void
    ) throws(CacheError) {
        lists = [[Neighbor]](repeating: [], count: log.questions.count)
        var scopes: [[Int32]] = Array(repeating: [], count: log.scopeCount)
        for (number, question) in log.questions.enumerated() where question.text >= 0 {
            scopes[Int(question.scope)].append(Int32(number))
        }
        let scan = ExactScan(kernels: kernels, blas: blas)
        let scratch = SearchScratch()
        var done = 0
        for members in scopes {
            if members.count > 1 {
                try search(members, log, vectors, threshold, scan, scratch) { progress(done + $0) }
            }
            done += members.count
        }
        progress(done)
        for number in lists.indices { lists[number].sort { $0.similarity > $1.similarity } }
    }

    private mutating func search(
        _ members: [Int32], _ log: TrafficLog, _ vectors: [UnitVector?], _ threshold: Float, _ scan: ExactScan,
        _ scratch: SearchScratch, _ progress: (Int) -> Void
    ) throws(CacheError) {
        let rows = members.compactMap { vectors[Int(log.questions[Int($0)].text)] }
        guard let dimension = rows.first?.dimension, rows.count == members.count,
            rows.allSatisfy({ $0.dimension == dimension })
        else { throw CacheError(.invalidVector, "The encoder gives embeddings of several lengths.") }
        let matrix = RowMatrix(rows)
        defer { withExtendedLifetime(matrix) {} }
        for start in stride(from: 0, to: rows.count, by: Self.batchQueries) {
            let end = min(start + Self.batchQueries, rows.count)
            var queries: [Query] = []
            for row in rows[start..<end] {
                queries.append(try Query(row, threshold: threshold, neighbors: Self.limit))
            }
            let run = RowRun(base: matrix.base, count: end, firstRow: 0)
            let results = scan.search(
                queries, dimension: dimension, stride: matrix.stride, runs: CollectionOfOne(run), scratch: scratch
            ) { (query: Int, row: UInt32) -> RowVerdict in
                Int(row) < start + query ? .accept(order: UInt64(row)) : .ignore
            }
            for (index, result) in results.enumerated() {
                note(result.matches, of: members[start + index], members)
            }
            progress(end)
        }
    }

    private mutating func note(_ matches: [Match], of question: Int32, _ members: [Int32]) {
        if matches.count == Self.limit { crowdedCount += 1 }
        pairCount += matches.count
        for match in matches {
            let other = members[Int(match.row)]
            lists[Int(question)].append(Neighbor(question: other, similarity: match.similarity))
            lists[Int(other)].append(Neighbor(question: question, similarity: match.similarity))
        }
    }
}

/// Rows that lie together in memory, as a search wants them.
private final class RowMatrix {
    let stride: Int
    private let memory: UnsafeMutablePointer<Float>

    init(_ rows: [UnitVector]) {
        stride = rows.first?.stride ?? 0
        let bytes = UnsafeMutableRawPointer.allocate(
            byteCount: max(1, rows.count * stride) * MemoryLayout<Float>.stride, alignment: 64)
        memory = bytes.bindMemory(to: Float.self, capacity: max(1, rows.count * stride))
        for (number, row) in rows.enumerated() {
            row.withUnsafeRow { floats in
                if let base = floats.baseAddress { (memory + number * stride).initialize(from: base, count: stride) }
            }
        }
    }

    var base: UnsafePointer<Float> { UnsafePointer(memory) }

    deinit { UnsafeMutableRawPointer(memory).deallocate() }
}
