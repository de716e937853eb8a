/// When each request of an open loop is due. Requests are numbered over all workers and are dealt out to them in turn.
///
/// A request that is sent late counts from when it was due, so that a service which stalls is charged with every
/// request that had to wait for it, and not only with those that were on their way ("coordinated omission").
struct BenchTimetable: Hashable, Sendable {
    /// Requests a second, of all workers together.
    let rate: Double
    /// Of all workers together; nil for no end.
    let requestCount: Int?
    let worker: Int
    let workerCount: Int

    init(rate: Double, requestCount: Int?, worker: Int = 0, workerCount: Int = 1) {
        self.rate = rate
        self.requestCount = requestCount
        self.worker = worker
        self.workerCount = workerCount
    }

    /// As many requests as are due before so much time is over.
    static func requestCount(rate: Double, seconds: Double) -> Int {
        Int(min((rate * seconds).rounded(.up), 1e15))
    }

    /// How many of the requests are this worker's; nil for no end.
    var ownCount: Int? {
        requestCount.map { max(0, $0 - worker + workerCount - 1) / workerCount }
    }

    /// When this worker's request of this index is due, in nanoseconds since the start.
    func dueNanoseconds(_ index: Int) -> UInt64 {
        UInt64(Double(worker + index * workerCount) * 1e9 / rate)
    }

    /// How many of this worker's requests are due by then.
    func dueCount(atNanoseconds elapsed: UInt64) -> Int {
        let total = Int(min(Double(elapsed) * rate / 1e9, 1e15))
        // Nearly right, as division rounds; made exact by looking.
        var count = max(0, (total - worker) / workerCount)
        while count > 0, dueNanoseconds(count - 1) > elapsed { count -= 1 }
        while dueNanoseconds(count) <= elapsed { count += 1 }
        return min(count, ownCount ?? count)
    }

    /// The time from the first request to the last one of all workers, in nanoseconds; 0 without an end.
    var spanNanoseconds: UInt64 {
        guard let requestCount, requestCount > 1 else { return 0 }
        return UInt64(Double(requestCount - 1) * 1e9 / rate)
    }

    /// How far the sending may be behind at its end without the rate counting as missed: a hundredth of the time, and
    /// 10 ms in any case, as a busy machine does not wake anybody to the microsecond.
    var toleranceNanoseconds: UInt64 { max(10_000_000, spanNanoseconds / 100) }
}
