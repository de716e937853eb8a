import CacheEngine
import CacheModel
import CacheServer
import Synchronization

/// An engine that answers when the test says so.
final class FakeExecutor: RequestExecutor {
    struct Submission: Sendable {
        enum Work: Sendable {
            case read(ReadRequest, @Sendable (ReadReply) -> Void)
            case write(WriteRequest, @Sendable (WriteReply) -> Void)
        }

        var work: Work

        func answer(_ reply: ReadReply) {
            if case .read(_, let send) = work { send(reply) }
        }

        func answer(_ reply: WriteReply) {
            if case .write(_, let send) = work { send(reply) }
        }

        func fail(_ error: CacheError) {
            switch work {
            case .read(_, let send): send(.failed(error))
            case .write(_, let send): send(.failed(error))
            }
        }
    }

    private struct State {
        var submissions: [Submission] = []
        var inline: ReadReply?
        var limits: [InlineLimit] = []
        var isServing = true
        var lookupRefusal: CacheError?
    }

    private let state = Mutex(State())

    /// Submissions that came since the last call.
    func take() -> [Submission] {
        state.withLock { state in
            defer { state.submissions = [] }
            return state.submissions
        }
    }

    /// What lookups are answered with on the event loop; nil to hand them over.
    func answerInline(with reply: ReadReply?) { state.withLock { $0.inline = reply } }
    /// Of the lookups that were answered on the event loop.
    var inlineLimits: [InlineLimit] { state.withLock { $0.limits } }

    func submit(_ write: WriteRequest, reply: @escaping @Sendable (WriteReply) -> Void) {
        state.withLock { $0.submissions.append(Submission(work: .write(write, reply))) }
    }

    func submit(_ read: ReadRequest, reply: @escaping @Sendable (ReadReply) -> Void) {
        state.withLock { $0.submissions.append(Submission(work: .read(read, reply))) }
    }

    func answerInline(_ read: ReadRequest, limit: InlineLimit) -> ReadReply? {
        state.withLock { state in
            if state.inline != nil { state.limits.append(limit) }
            return state.inline
        }
    }

    func lookupRefusal() -> CacheError? { state.withLock(\.lookupRefusal) }
    /// Why lookups are refused from now on; nil to take them.
    func refuseLookups(_ error: CacheError?) { state.withLock { $0.lookupRefusal = error } }

    func lease(namespace: String, sources: [String]) -> (lease: Lease, sources: [SourceState]) {
        (.sample, sources.map { _ in SourceState(version: .ordered(3), lastSequence: 2) })
    }

    func namespaces() -> [NamespaceDescription] { [] }
    var isServing: Bool { state.withLock(\.isServing) }
    func set(isServing: Bool) { state.withLock { $0.isServing = isServing } }
    func statisticsFields() -> [StatisticsField] { [StatisticsField("kernel", .text("a \"quoted\"\n name"))] }
    var position: Position { Position(incarnation: 7, sequence: 4) }
}

extension Lease {
    static let sample = Lease(position: Position(incarnation: 7, sequence: 4), namespace: 1)
}

extension LookupReply {
    static let miss = LookupReply(
        outcome: .miss(Miss(reason: .nothingStored)), lease: .sample, sourceSequences: [], searchNanoseconds: 5)
}

extension StoredEntry {
    static func sample(payloadBytes: Int) -> StoredEntry {
        StoredEntry(
            identifier: EntryIdentifier(1), scope: .shared, key: nil, createdAt: Timestamp(milliseconds: 0),
            ageMilliseconds: 0, expiresAt: nil, norm: nil, costSavedNanodollars: 0, prompt: nil, dependencies: [],
            tags: [], contentType: "text/plain", payload: [UInt8](repeating: 1, count: payloadBytes),
            payloadBytes: payloadBytes)
    }
}
