import CacheModel

/// When requests are sent.
enum BenchRate: Hashable, Sendable {
    /// Closed loop: each connection keeps as many requests in flight as it may. The service sets the pace.
    case maximum
    /// Open loop: so many requests a second, whether or not the earlier ones have been answered.
    case perSecond(Double)

    static let range = 0.001...10_000_000.0

    /// `max`, or a number of requests a second.
    ///
    /// - Throws: `invalid-argument`.
    init(parsing text: String) throws(CacheError) {
        if text == "max" {
            self = .maximum
            return
        }
        guard let rate = Double(text), Self.range.contains(rate) else {
            throw CacheError(
                .invalidArgument,
                "'\(text)' is not a rate: write max, or requests a second, more than 0 and at most 10000000",
                detail: ["got": text])
        }
        self = .perSecond(rate)
    }
}
