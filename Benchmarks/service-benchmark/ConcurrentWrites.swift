import BenchmarkHarness
import Foundation
import ServiceLoad
import Synchronization

/// Threads that each write one thing after the other, and wait for each acknowledgment.
struct ConcurrentWrites {
    let clients: Int
    /// Of all clients together.
    let count: Int

    struct Outcome {
        var perSecond: Double
        var p99Milliseconds: Double
    }

    private struct State {
        var readyCount = 0
        var isStarted = false
        var endedCount = 0
        var times = TimeHistogram()
        var failure: (any Error)?
    }

    /// - Parameters:
    ///   - request: by its number, all made before the time begins.
    ///   - ask: sends a request and waits for its acknowledgment.
    func run(
        connect: @escaping @Sendable () throws -> BlockingConnection,
        request: @escaping @Sendable (Int) throws -> [UInt8],
        ask: @escaping @Sendable (BlockingConnection, [UInt8]) throws -> Void
    ) throws -> Outcome {
        let shared = Shared()
        for client in 0..<clients {
            let (clients, count) = (clients, count)
            Thread.detachNewThread {
                var times = TimeHistogram()
                var failure: (any Error)?
                do {
                    let connection = try connect()
                    let requests = try stride(from: client, to: count, by: clients).map { try request($0) }
                    shared.state.withLock { $0.readyCount += 1 }
                    while !shared.state.withLock({ $0.isStarted }) { usleep(1_000) }
                    for request in requests {
                        let start = monotonicNanoseconds()
                        try ask(connection, request)
                        times.record(monotonicNanoseconds() - start)
                    }
                } catch {
                    failure = error
                }
                shared.state.withLock {
                    $0.times.add(times)
                    $0.endedCount += 1
                    if let failure { $0.failure = failure }
                }
            }
        }
        while shared.state.withLock({ $0.readyCount + $0.endedCount }) < clients { usleep(1_000) }
        let start = monotonicNanoseconds()
        shared.state.withLock { $0.isStarted = true }
        while shared.state.withLock({ $0.endedCount }) < clients { usleep(1_000) }
        let seconds = Double(monotonicNanoseconds() - start) / 1e9
        let (times, failure) = shared.state.withLock { ($0.times, $0.failure) }
        if let failure { throw failure }
        return Outcome(
            perSecond: Double(times.count) / seconds, p99Milliseconds: times.microseconds(atPercentile: 99) / 1_000)
    }

    private final class Shared: Sendable {
        let state = Mutex(State())
    }
}
