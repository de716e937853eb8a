import CacheEngine
import EvictionSimulation
import Foundation

/// What the service's eviction saves on requests of Zipf popularity and mixed costs, beside other caches of the same size.
enum Savings {
    private static let shapes: [(name: String, shape: EvictionTrace.Shape)] = [
        ("exponent 0.9", .init()), ("exponent 0.7", .init(exponent: 0.7)), ("exponent 1.1", .init(exponent: 1.1)),
        ("0.9, shifting", .init(shiftInterval: 3_000)), ("0.9, 30% asked once", .init(onceShare: 0.3)),
    ]

    static func run() {
        print("| requests | room | value | lru | LRU | GDSF | S3-FIFO |\n|---|---:|---:|---:|---:|---:|---:|")
        for (name, shape) in shapes {
            let trace = EvictionTrace(shape, seed: 20_261_123)
            let all = trace.requests.reduce(0.0) { $0 + Double(trace.items[$1].costNanodollars) }
            for percent in [5, 20] {
                let bytes = trace.distinctBytes * percent / 100
                var value = LedgerCache(limitBytes: bytes, seed: 1)
                var recency = LedgerCache(limitBytes: bytes, order: .recency, seed: 1)
                var least = LeastRecentlyUsed(limitBytes: bytes)
                var greedyDual = GreedyDualSizeFrequency(limitBytes: bytes)
                var queues = S3FIFO(limitBytes: bytes)
                let saved = [
                    value.saved(on: trace), recency.saved(on: trace), least.saved(on: trace),
                    greedyDual.saved(on: trace),
                    queues.saved(on: trace),
                ]
                let cells = saved.map { String(format: "%.1f%%", 100 * Double($0) / all) }
                print("| \(name) | \(percent)% | \(cells.joined(separator: " | ")) |")
            }
        }
    }
}
