import CacheEngine
import EvictionSimulation
import Testing

/// What eviction by value saves, beside what other caches of the same size do on the same requests.
@Suite struct EvictionTraceTests {
    private static let shapes: [EvictionTrace.Shape] = [
        .init(), .init(exponent: 0.7), .init(exponent: 1.1), .init(shiftInterval: 3_000), .init(onceShare: 0.3),
    ]

    @Test(arguments: shapes, [5, 20])
    func valueSavesAtLeastWhatOthersSave(_ shape: EvictionTrace.Shape, percentOfBytes: Int) {
        let trace = EvictionTrace(shape, seed: 20_261_123)
        let limitBytes = trace.distinctBytes * percentOfBytes / 100
        var own = LedgerCache(limitBytes: limitBytes, seed: 1)
        let saved = own.saved(on: trace)
        var recency = LeastRecentlyUsed(limitBytes: limitBytes)
        #expect(saved >= recency.saved(on: trace), "LRU")
        var greedyDual = GreedyDualSizeFrequency(limitBytes: limitBytes)
        #expect(saved >= greedyDual.saved(on: trace), "GDSF")
        var queues = S3FIFO(limitBytes: limitBytes)
        #expect(saved >= queues.saved(on: trace), "S3-FIFO")
    }

    /// A sample of 32 instead of a list of all: the two orders agree but for the last per cent.
    @Test func sampledRecencySavesWhatALeastRecentlyUsedListDoes() {
        let trace = EvictionTrace(.init(), seed: 7)
        let limitBytes = trace.distinctBytes / 10
        var sampled = LedgerCache(limitBytes: limitBytes, order: .recency, seed: 1)
        var exact = LeastRecentlyUsed(limitBytes: limitBytes)
        let ratio = Double(sampled.saved(on: trace)) / Double(exact.saved(on: trace))
        #expect((0.98...1.02).contains(ratio), "\(ratio)")
    }
}
