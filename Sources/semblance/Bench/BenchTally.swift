import CacheModel

/// What came of the requests of a load.
struct BenchTally: Sendable {
    /// One for each kind, in the order of `BenchKind.allCases`.
    private var kinds = Array(repeating: Kind(), count: BenchKind.allCases.count)
    /// Of lookups: the time that the service says it has searched.
    var search = BenchHistogram()
    /// Of lookups: the time from sending to the reply, less the search.
    var overhead = BenchHistogram()
    var hitCount = 0
    var missCounts: [Miss.Reason: Int] = [:]
    /// Inserts that took the place of an entry.
    var replacedCount = 0
    /// How long after it was due each request of an open loop was sent.
    var sendDelay = BenchHistogram()
    /// Requests of the timetable that were not sent before its end.
    var unsentCount = 0
    /// How late the last request was sent, or, where some were not sent, for how long the first of them was due.
    var behindNanoseconds: UInt64 = 0
    /// For how long a request was due while all connections had as many in flight as they may; of several workers, the
    /// one that waited longest.
    var blockedNanoseconds: UInt64 = 0
    /// Sent, but nobody waited for the reply any more.
    var unansweredCount = 0
    var lostConnectionCount = 0
    /// Between the start and the last reply.
    var elapsedNanoseconds: UInt64 = 0

    struct Kind: Sendable {
        var sentCount = 0
        /// From when a request was due, or sent in a closed loop, to its reply. Errors are not in it.
        var latency = BenchHistogram()
        var errors: [CacheError.Code: Int] = [:]

        var answeredCount: Int { latency.count }
        var errorCount: Int { errors.values.reduce(0, +) }
    }

    subscript(kind: BenchKind) -> Kind {
        get { kinds[kind.rawValue] }
        _modify { yield &kinds[kind.rawValue] }
    }

    var sentCount: Int { kinds.reduce(0) { $0 + $1.sentCount } }
    var answeredCount: Int { kinds.reduce(0) { $0 + $1.answeredCount } }
    var errorCount: Int { kinds.reduce(0) { $0 + $1.errorCount } }
    var errors: [CacheError.Code: Int] {
        kinds.reduce(into: [:]) { errors, kind in errors.merge(kind.errors, uniquingKeysWith: +) }
    }
    var missCount: Int { missCounts.values.reduce(0, +) }

    /// Adds what another worker has done at the same time.
    mutating func add(_ other: BenchTally) {
        for kind in BenchKind.allCases {
            self[kind].sentCount += other[kind].sentCount
            self[kind].latency.add(other[kind].latency)
            self[kind].errors.merge(other[kind].errors, uniquingKeysWith: +)
        }
        search.add(other.search)
        overhead.add(other.overhead)
        hitCount += other.hitCount
        missCounts.merge(other.missCounts, uniquingKeysWith: +)
        replacedCount += other.replacedCount
        sendDelay.add(other.sendDelay)
        unsentCount += other.unsentCount
        behindNanoseconds = max(behindNanoseconds, other.behindNanoseconds)
        blockedNanoseconds = max(blockedNanoseconds, other.blockedNanoseconds)
        unansweredCount += other.unansweredCount
        lostConnectionCount += other.lostConnectionCount
        elapsedNanoseconds = max(elapsedNanoseconds, other.elapsedNanoseconds)
    }
}
