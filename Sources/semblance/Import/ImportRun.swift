import CacheModel

/// Where rows go: a service, or a test's idea of one.
protocol InsertionTarget: Sendable {
    /// - Throws: `CacheError` when nothing is known of the whole request, or nothing was stored.
    func insert(_ insertions: [Insertion]) async throws -> [InsertOutcome]
    /// Waits for a busy service.
    func pause(milliseconds: Int) async throws
}

/// Sends the rows that are not done yet, several requests at a time, and keeps account of what was acknowledged.
struct ImportRun {
    var source: ImportSource
    var state: ImportState
    let target: any InsertionTarget
    /// Rows in a request, 1 through `Limits.batchCount`.
    var batchRows = Limits.batchCount
    /// Requests under way at once.
    var requestLimit = 4
    var now = Timestamp.now
    /// Called after each acknowledged request.
    var onProgress: (ImportState, [RefusedRow]) throws(CacheError) -> Void
    /// Asked before each request; no further one is sent from then on.
    var isInterrupted: () -> Bool = { false }

    fileprivate struct BatchOutcome: Sendable {
        /// Rows that the service has stored or refused for good.
        var done: [Range<Int>] = []
        var storedCount = 0
        var refused: [RefusedRow] = []
        var failure: CacheError?
    }

    /// - Returns: whether everything is done; false after an interruption.
    /// - Throws: `CacheError` when the service cannot go on. What was acknowledged is in `state` all the same.
    mutating func run() async throws -> Bool {
        let lease = Lease(state.lease)
        var next = state.gap(from: 0)
        var failure: CacheError?
        let limit = requestLimit
        try await withThrowingTaskGroup(of: BatchOutcome.self) { group in
            var waiting = 0
            while true {
                while failure == nil, waiting < limit, let gap = next, !isInterrupted() {
                    guard let batch = try read(gap, lease) else { break }
                    next = state.gap(from: batch.rows.upperBound)
                    let target = target
                    group.addTask { await Self.send(batch, to: target) }
                    waiting += 1
                }
                guard waiting > 0, let outcome = try await group.next() else { break }
                waiting -= 1
                failure = failure ?? outcome.failure
                for rows in outcome.done { state.finish(rows) }
                state.storedCount += outcome.storedCount
                state.refusedCount += outcome.refused.count
                try onProgress(state, outcome.refused)
            }
        }
        if let failure { throw failure }
        return state.isComplete
    }

    private mutating func read(_ gap: Range<Int>, _ lease: Lease?) throws(CacheError) -> ImportBatch? {
        try source.skip(to: gap.lowerBound)
        return try source.next(rowLimit: min(batchRows, gap.count), now: now, lease: lease)
    }

    /// Codes that say something of the service and not of the row: the row may well be taken later.
    fileprivate static let passing: Set<CacheError.Code> = [
        .storageFull, .storageFailed, .shuttingDown, .internalError, .fenced,
    ]

    private static func send(_ batch: ImportBatch, to target: any InsertionTarget) async -> BatchOutcome {
        var outcome = BatchOutcome(refused: batch.unreadable)
        var rows = batch.insertions
        var waitMilliseconds = 20
        do {
            while !rows.isEmpty {
                do {
                    rows = try outcome.add(try await target.insert(rows.map(\.insertion)), of: rows)
                } catch let error as CacheError where error.code == .overloaded {
                    waitMilliseconds = max(waitMilliseconds, error.detail["retry-after-ms"].flatMap { Int($0) } ?? 0)
                }
                guard !rows.isEmpty, outcome.failure == nil else { break }
                try await target.pause(milliseconds: min(waitMilliseconds, 2_000))
                waitMilliseconds = min(waitMilliseconds, 1_000) * 2
            }
        } catch let error as CacheError {
            outcome.failure = error
        } catch {
            outcome.failure = CacheError(.internalError, "the import was cancelled")
        }
        outcome.refused.sort { $0.row < $1.row }
        if outcome.failure == nil {
            outcome.done = [batch.rows]
        } else {
            // What the service did take of the request is not to be stored twice; unreadable rows come again.
            outcome.refused.removeAll { row in batch.unreadable.contains { $0.row == row.row } }
        }
        return outcome
    }
}

extension ImportRun.BatchOutcome {
    /// - Returns: the rows to be sent again, because the service was busy.
    fileprivate mutating func add(
        _ outcomes: [InsertOutcome], of rows: [(row: Int, insertion: Insertion)]
    ) throws(CacheError) -> [(row: Int, insertion: Insertion)] {
        guard outcomes.count == rows.count else {
            throw CacheError(.malformedFrame, "the service answered with another number of outcomes")
        }
        var busy: [(row: Int, insertion: Insertion)] = []
        for (item, outcome) in zip(rows, outcomes) {
            switch outcome {
            case .stored:
                storedCount += 1
                done.append(item.row..<item.row + 1)
            case .refused(let error) where error.code == .overloaded: busy.append(item)
            case .refused(let error) where ImportRun.passing.contains(error.code): failure = failure ?? error
            case .refused(let error):
                refused.append(RefusedRow(row: item.row, error: error))
                done.append(item.row..<item.row + 1)
            }
        }
        return busy
    }
}
