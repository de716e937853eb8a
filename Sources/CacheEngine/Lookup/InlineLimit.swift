/// How long a lookup may keep the thread of its caller, instead of being handed to a search thread.
package enum InlineLimit: Hashable, Sendable {
    /// Others wait for the thread: 200 µs.
    case brief
    /// Nobody does, and nobody would gain by a hand-over: 2 ms.
    case long

    /// What the search may read at most, at the 10 GB/s that a core reads at least.
    var searchBytes: Int {
        switch self {
        case .brief: 2_000_000
        case .long: 20_000_000
        }
    }
}
