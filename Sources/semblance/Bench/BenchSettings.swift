import NIOCore

/// What load is to be put on a service.
struct BenchSettings: Sendable {
    static let standardSeconds = 10.0
    static let secondsLimit = 86_400.0
    static let standardSourceCount = 1_000
    static let standardPayloadBytes = 256
    /// The service beside it needs the other cores.
    static var standardThreadCount: Int { max(1, System.coreCount / 2) }

    var namespace: String
    var threshold: Float?
    var rate = BenchRate.maximum
    var mix = BenchMix.lookups
    /// Each query once, in order, and nothing else.
    var isOnce = false
    /// Nil for no end but that of the queries.
    var seconds: Double?
    var connectionCount = 1
    /// Requests in flight on a connection at most; nil for as many as the service takes.
    var pipelineLimit: Int?
    /// At most; no more are used than there are connections.
    var threadCount = 1
    var seed: UInt64 = 1
    /// How many sources the inserted entries are spread over, at most one for each.
    var sourceCount = Self.standardSourceCount
    var payloadBytes = Self.standardPayloadBytes
    /// Without a reply for so long, what is in flight is given up.
    var timeoutMilliseconds: Int64 = 10_000

    /// Shown to the service; empty for none.
    var token = ""

    init(namespace: String) { self.namespace = namespace }
}
