import Synchronization

/// Bytes that all connections together hold in memory.
package final class ByteGauge: Sendable {
    private let held = Atomic<Int>(0)
    private let limitBytes: Int

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    package var heldBytes: Int { held.load(ordering: .relaxed) }

    /// - Returns: false, with nothing charged, when the limit would be exceeded.
    package func charge(_ bytes: Int) -> Bool {
        let (_, new) = held.add(bytes, ordering: .relaxed)
        if new <= limitBytes { return true }
        held.subtract(bytes, ordering: .relaxed)
        return false
    }

    /// Charges what is in memory already, whatever the limit; less than zero for what no longer is.
    package func adjust(by bytes: Int) { held.add(bytes, ordering: .relaxed) }

    package func release(_ bytes: Int) { held.subtract(bytes, ordering: .relaxed) }
}
