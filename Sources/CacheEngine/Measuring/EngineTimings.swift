internal import CacheModel
internal import CacheStorage
package import CoreMetrics

/// How long the steps of the engine take, and how much they do at once. What is recorded goes to the backend that the
/// engine was opened with.
package struct EngineTimings: Sendable {
    /// The steps of a request that happen inside of the engine.
    package enum Stage: String, CaseIterable, Sendable {
        /// A read waits for a search thread; lookups that are answered on the caller's thread do not.
        case readWait = "read-wait"
        /// A batch of lookups: the search, reading what the hits carry, the last check.
        case search
        /// A write waits for the writer.
        case writeWait = "write-wait"
    }

    package enum Commit: String, CaseIterable, Sendable {
        case entries, invalidation
    }

    package static let stageName = "semblance_stage_seconds"
    package static let stageLabel = "stage"
    package static let commitName = "semblance_commit_seconds"
    package static let commitLabel = "purpose"
    package static let searchBatchName = "semblance_search_batch_size"
    package static let commitBatchName = "semblance_commit_batch_size"

    private let readWait: Timer
    private let search: Timer
    private let writeWait: Timer
    private let searchBatch: any RecorderHandler
    private let entriesCommit: Timer
    private let invalidationCommit: Timer
    private let entriesBatch: Recorder
    private let invalidationBatch: Recorder

    package init(_ factory: any MetricsFactory) {
        func stage(_ stage: Stage) -> Timer {
            Timer(label: Self.stageName, dimensions: [(Self.stageLabel, stage.rawValue)], factory: factory)
        }
        func commit(_ commit: Commit) -> (Timer, Recorder) {
            let dimensions = [(Self.commitLabel, commit.rawValue)]
            return (
                Timer(label: Self.commitName, dimensions: dimensions, factory: factory),
                Recorder(label: Self.commitBatchName, dimensions: dimensions, factory: factory)
            )
        }
        readWait = stage(.readWait)
        search = stage(.search)
        writeWait = stage(.writeWait)
        // With every lookup: `Recorder` takes numbers of any type, and longer.
        searchBatch = factory.makeRecorder(label: Self.searchBatchName, dimensions: [], aggregate: true)
        (entriesCommit, entriesBatch) = commit(.entries)
        (invalidationCommit, invalidationBatch) = commit(.invalidation)
    }

    func readsTaken(_ reads: [PendingRead], at now: MonotonicTime) {
        for read in reads { readWait.recordNanoseconds(now.nanoseconds(since: read.submittedAt)) }
    }

    func writesTaken(_ writes: [PendingWrite], at now: MonotonicTime) {
        for write in writes { writeWait.recordNanoseconds(now.nanoseconds(since: write.submittedAt)) }
    }

    func searched(_ count: Int, nanoseconds: UInt64) {
        search.recordNanoseconds(Int64(clamping: nanoseconds))
        searchBatch.record(Int64(count))
    }

    func committed(_ purpose: CommitPurpose, since start: MonotonicTime) {
        let timer = purpose == .entries ? entriesCommit : invalidationCommit
        timer.recordNanoseconds(MonotonicTime.now.nanoseconds(since: start))
    }

    /// - Parameter count: of insertions and deletions, and of requests of another kind, that are done together.
    func grouped(_ purpose: CommitPurpose, count: Int) {
        (purpose == .entries ? entriesBatch : invalidationBatch).record(count)
    }
}
