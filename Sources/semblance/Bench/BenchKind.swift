/// The kinds of requests that a load is made of.
enum BenchKind: Int, CaseIterable, Sendable {
    case lookup
    case insert
    case invalidate
    /// Asks nothing of the cache: what the sockets and the load generator can do at all.
    case ping

    var name: String {
        switch self {
        case .lookup: "lookup"
        case .insert: "insert"
        case .invalidate: "invalidate"
        case .ping: "ping"
        }
    }
}
