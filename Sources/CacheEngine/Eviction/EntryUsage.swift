package import CacheStorage

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// What is known of an entry when room has to be made. 40 bytes.
package struct EntryUsage: Sendable {
    package var entry: UInt64
    /// Milliseconds since 1970; `Int64.max` for never.
    package var expiresAt: Int64
    /// The ledger's clock at the last insert or hit.
    package fileprivate(set) var lastAccess: UInt64 = 0
    /// Nano-dollars that a hit saves. At least 1, so that entries which nobody gave a cost are told apart by their frequency.
    package var cost: Float
    /// Inserts and hits, each of which counts half as much after every half-life.
    package fileprivate(set) var frequency: Float = 0
    package var bytes: UInt32
    package var content: ContentIdentifier

    package init(
        entry: UInt64, content: ContentIdentifier, bytes: Int, costNanodollars: UInt64, expiresAtMilliseconds: Int64
    ) {
        self.entry = entry
        self.content = content
        self.bytes = UInt32(clamping: max(1, bytes))
        cost = max(1, Float(costNanodollars))
        expiresAt = expiresAtMilliseconds
    }

    /// Counts an insert or a hit.
    mutating func count(at clock: UInt64, halfLife: Double, remembered: Float = 0) {
        frequency = Self.decayed(frequency, from: lastAccess, to: clock, halfLife: halfLife) + remembered + 1
        lastAccess = clock
    }

    static func decayed(_ frequency: Float, from start: UInt64, to end: UInt64, halfLife: Double) -> Float {
        guard end > start else { return frequency }
        return frequency * Float(exp2(-Double(end - start) / halfLife))
    }

    /// Where the entry stands in an order: the lowest goes first.
    ///
    /// A value is cost × frequency ÷ bytes, or cost × frequency where a limit counts entries. It is compared by its logarithm,
    /// which ageing lowers by one for each half-life: so however old an entry is, nothing underflows.
    func rank(_ order: EvictionOrder, _ unit: EvictionUnit, at clock: UInt64, halfLife: Double) -> Double {
        let age = Double(clock &- lastAccess)
        switch order {
        case .recency: return -age
        case .value:
            let value = Double(cost) * Double(frequency) / (unit == .bytes ? Double(bytes) : 1)
            return log2(value) - age / halfLife
        }
    }
}
