import CacheModel
import CacheProtocol

/// What requests are made of: the same for all workers.
struct BenchMaterial: Sendable {
    /// Vectors of queries that are kept in memory, in bytes.
    static let queryLimitBytes = 2 << 30
    /// Key of every entry that a load inserts, less the row: "bench" in ASCII.
    private static let keyPrefix = UInt128(0x62_656e_6368) << 64

    let namespace: String
    let settings: BenchSettings
    /// A request for each query.
    let lookups: [Request]
    let vectors: NumPyFile?
    let dimension: Int?
    /// Sources that entries depend on: row r on source r modulo their count.
    let sourceCount: Int

    /// - Throws: `invalid-argument` for files that cannot be read or do not fit together.
    init(settings: BenchSettings, queries: NumPyFile?, vectors: NumPyFile?) throws(CacheError) {
        self.settings = settings
        namespace = settings.namespace
        self.vectors = vectors
        if let queries, let vectors, queries.dimension != vectors.dimension {
            throw CacheError(
                .invalidArgument, "\(queries.file.path) and \(vectors.file.path) hold vectors of different lengths",
                detail: ["expected": "\(vectors.dimension)", "got": "\(queries.dimension)"])
        }
        for file in [queries, vectors] {
            if let file, file.rowCount == 0 {
                throw CacheError(
                    .invalidArgument, "\(file.file.path) has no rows", detail: ["path": file.file.path])
            }
        }
        dimension = queries?.dimension ?? vectors?.dimension
        // Every source that is announced is then one that entries depend on.
        sourceCount = min(settings.sourceCount, vectors?.rowCount ?? .max)
        lookups = try Self.lookups(queries, settings)
    }

    private static func lookups(_ queries: NumPyFile?, _ settings: BenchSettings) throws(CacheError) -> [Request] {
        guard let queries else { return [] }
        let (bytes, overflow) = queries.rowCount.multipliedReportingOverflow(by: queries.dimension * 4)
        guard !overflow, bytes <= queryLimitBytes else {
            throw CacheError(
                .invalidArgument, "\(queries.file.path) has more queries than are kept in memory: use a part of it",
                detail: ["path": queries.file.path, "limit": "\(queryLimitBytes)"])
        }
        var lookups: [Request] = []
        lookups.reserveCapacity(queries.rowCount)
        for start in stride(from: 0, to: queries.rowCount, by: Limits.batchCount) {
            for vector in try queries.rows(start..<min(queries.rowCount, start + Limits.batchCount)) {
                let lookup = Lookup(vector: vector, threshold: settings.threshold)
                lookups.append(.lookup(LookupRequest(namespace: settings.namespace, [lookup])))
            }
        }
        return lookups
    }

    static func source(_ index: Int) -> String { "bench/\(index)" }

    func sourceIndex(ofRow row: Int) -> Int { row % sourceCount }

    /// Rows that depend on this source: `source`, `source + sourceCount`, …
    func rowCount(ofSource source: Int) -> Int {
        guard let vectors, source < vectors.rowCount else { return 0 }
        return (vectors.rowCount - source - 1) / sourceCount + 1
    }

    /// An entry whose key is its row's: inserted again it takes its own place, and the namespace does not grow.
    func insertion(row: Int, vector: [Float], version: DataVersion, lease: Lease?) -> Insertion {
        var payload = Array("answer \(row) ".utf8.prefix(settings.payloadBytes))
        payload += Array(repeating: UInt8(ascii: "."), count: settings.payloadBytes - payload.count)
        return Insertion(
            key: ExactKey(Self.keyPrefix | UInt128(row)), vector: vector, payload: payload,
            contentType: "text/plain; charset=utf-8",
            dependencies: [Dependency(Self.source(sourceIndex(ofRow: row)), version)], lease: lease)
    }
}

/// A source as the load generator has announced it.
struct BenchSource: Hashable, Sendable {
    var version: UInt64
    var generation = Generation.zero

    static let first = BenchSource(version: 1)

    /// - Throws: `kind-mismatch` for a source that somebody has announced with labels.
    init(_ state: SourceState, index: Int) throws(CacheError) {
        switch state.version {
        case .ordered(let version, let generation): self.init(version: version, generation: generation)
        case .unnamed: self = .first
        case .labelled:
            throw CacheError(
                .kindMismatch, "a source that the load announces with versions was announced with a label before",
                detail: ["source": BenchMaterial.source(index)])
        }
    }

    init(version: UInt64, generation: Generation = .zero) {
        self.version = version
        self.generation = generation
    }

    var dataVersion: DataVersion { .ordered(version, generation: generation) }

    /// To the next version, as long as there is one: somebody else may have announced the last.
    mutating func advance() { if version < .max { version += 1 } }
}
