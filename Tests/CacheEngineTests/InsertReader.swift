import CacheEngine
import CacheModel
import Synchronization

/// A thread's work that looks something up again and again until it is stopped.
final class Reader: Sendable {
    struct Seen {
        var hits = 0
        var misses = 0
        var isAscending = true
        var last: [UInt8] = []
    }

    private let engine: Engine
    private let isStopped = Atomic<Bool>(false)
    private let state = Mutex(Seen())

    init(engine: Engine) { self.engine = engine }

    var seen: Seen { state.withLock { $0 } }
    func stop() { isStopped.store(true, ordering: .releasing) }

    /// Runs at least once and never longer than 200,000 rounds.
    func run(lookups lookup: Lookup) {
        for _ in 0..<200_000 {
            guard
                case .lookup(let replies)? = engine.answerInline(
                    .lookup(namespace: EngineHarness.namespace, [lookup]), limit: .brief),
                let reply = replies.first
            else { continue }
            state.withLock { seen in
                guard let payload = reply.hits.first?.entry.payload else {
                    seen.misses += 1
                    return
                }
                seen.hits += 1
                if payload.lexicographicallyPrecedes(seen.last) { seen.isAscending = false }
                seen.last = payload
            }
            if isStopped.load(ordering: .acquiring) { return }
        }
    }
}

/// Counts commits on the writer thread for a test that reads the count elsewhere.
final class StepCounter: Sendable {
    private let value = Atomic<Int>(0)
    var count: Int { value.load(ordering: .acquiring) }
    func add() { value.wrappingAdd(1, ordering: .releasing) }
}
