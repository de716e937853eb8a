import BenchmarkHarness
import ServiceLoad

/// What is stored and looked up in all parts.
struct Workload {
    static let namespace = "benchmark"
    static let dimension = 384
    /// Of a GET beside a lookup: as many as a vector has.
    static let vectorBytes = dimension * 4
    /// An answer of some paragraphs.
    static let payload = [UInt8](repeating: UInt8(ascii: "a"), count: 1_024)

    let vectors: ClusteredVectors
    let rowCount: Int

    init(_ options: Options, rowCount: Int) {
        vectors = ClusteredVectors(dimension: Self.dimension, centerCount: 256, seed: options.seed)
        self.rowCount = rowCount
    }

    /// Lookups of which every second one has a row to find.
    ///
    /// - Parameter threshold: nil for 0.95, the namespace's.
    func lookups(_ count: Int, threshold: Float? = nil) throws -> [[UInt8]] {
        try (0..<count).map {
            let query = vectors.query($0, rowCount: rowCount)
            return try ServiceFrame.lookup(query, namespace: Self.namespace, threshold: threshold)
        }
    }

    func fill(_ server: SemblanceServer) throws {
        try server.fill(Self.namespace, 0..<rowCount, vectors, payload: Self.payload)
        server.settle()
    }
}
