package import CacheModel
internal import Synchronization

/// Hits on their way from the threads that search to the writer, which decides what makes room.
///
/// Each searcher has a log of its own, so that no lookup waits for another; the writer takes what is there before it evicts, and
/// when a log is full.
package final class HitLog: Sendable {
    private let entries = Mutex<[EntryIdentifier]>([])

    /// Hits after which the writer is asked to take them.
    private static let noticeCount = 4_096
    /// A log that the writer does not get to drops what is beyond.
    private static let limit = 16_384

    package init() {}

    /// - Returns: whether the writer should take what is there.
    package func append(_ entry: EntryIdentifier) -> Bool {
        entries.withLock { entries in
            guard entries.count < Self.limit else { return false }
            entries.append(entry)
            return entries.count == Self.noticeCount
        }
    }

    package func take() -> [EntryIdentifier] {
        entries.withLock { entries in
            defer { entries = [] }
            return entries
        }
    }
}

/// The logs of all searchers of an engine.
package final class HitLogs: Sendable {
    private let logs = Mutex<[HitLog]>([])
    /// Asks the writer to take the hits.
    private let notice: @Sendable () -> Void

    package init(notice: @escaping @Sendable () -> Void) { self.notice = notice }

    package func makeLog() -> HitLog {
        let log = HitLog()
        logs.withLock { $0.append(log) }
        return log
    }

    package func append(_ entry: EntryIdentifier, to log: HitLog) {
        if log.append(entry) { notice() }
    }

    package func take() -> [EntryIdentifier] { logs.withLock { $0 }.flatMap { $0.take() } }
}
