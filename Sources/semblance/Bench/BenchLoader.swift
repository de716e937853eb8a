import CacheModel
import SemblanceClient

/// Inserts the rows that a load asks for, before anything is measured.
struct BenchLoader {
    /// Requests under way at once.
    private static let requestLimit = 4

    let client: SemblanceClient
    let material: BenchMaterial
    let sources: [BenchSource]
    /// Called with the count of rows that are stored.
    var onProgress: (Int) -> Void
    var isInterrupted: () -> Bool

    struct Outcome: Sendable {
        var rowCount: Int
        var elapsed: Duration
        var lease: Lease
        var isInterrupted = false
    }

    /// - Throws: the first refusal: a load on half of the rows measures something else.
    func run() async throws -> Outcome {
        // The rows are as they are: nothing that they were built from can have changed since.
        let lease = try await client.lease(in: material.namespace)
        let clock = ContinuousClock()
        let start = clock.now
        let rowCount = material.vectors?.rowCount ?? 0
        var storedCount = 0
        try await withThrowingTaskGroup(of: Int.self) { group in
            var next = 0
            var waiting = 0
            while true {
                while waiting < Self.requestLimit, next < rowCount, !isInterrupted() {
                    let rows = next..<min(rowCount, next + Limits.batchCount)
                    next = rows.upperBound
                    waiting += 1
                    let (client, namespace) = (client, material.namespace)
                    let insertions = try insertions(rows, lease)
                    group.addTask { try await Self.send(insertions, client, namespace) }
                }
                guard waiting > 0, let count = try await group.next() else { break }
                waiting -= 1
                storedCount += count
                onProgress(storedCount)
            }
        }
        return Outcome(
            rowCount: storedCount, elapsed: clock.now - start, lease: lease, isInterrupted: storedCount < rowCount)
    }

    private func insertions(_ rows: Range<Int>, _ lease: Lease) throws(CacheError) -> [Insertion] {
        guard let vectors = material.vectors else { return [] }
        return zip(rows, try vectors.rows(rows)).map { row, vector in
            let source = sources[material.sourceIndex(ofRow: row)]
            return material.insertion(row: row, vector: vector, version: source.dataVersion, lease: lease)
        }
    }

    private static func send(
        _ insertions: [Insertion], _ client: SemblanceClient, _ namespace: String
    ) async throws -> Int {
        var rest = insertions
        while !rest.isEmpty {
            var busy: [Insertion] = []
            for (insertion, outcome) in zip(rest, try await client.insert(rest, in: namespace)) {
                switch outcome {
                case .stored: break
                case .refused(let error) where error.code == .overloaded: busy.append(insertion)
                case .refused(let error): throw error
                }
            }
            if !busy.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
            rest = busy
        }
        return insertions.count
    }
}
