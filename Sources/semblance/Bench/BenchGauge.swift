import Synchronization

/// How far a worker has come, for whoever watches meanwhile.
final class BenchGauge: Sendable {
    private let answered = Atomic(0)
    private let errors = Atomic(0)

    var answeredCount: Int { answered.load(ordering: .relaxed) }
    var errorCount: Int { errors.load(ordering: .relaxed) }

    func add(answered count: Int, errors errorCount: Int) {
        if count > 0 { answered.add(count, ordering: .relaxed) }
        if errorCount > 0 { errors.add(errorCount, ordering: .relaxed) }
    }
}
