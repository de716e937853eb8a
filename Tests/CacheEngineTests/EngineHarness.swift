import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Synchronization
import VectorSearch

/// A clock that stands still until a test moves it.
final class ManualClock: WallClock {
    private let milliseconds: Mutex<Int64>

    init(milliseconds: Int64 = 1_700_000_000_000) { self.milliseconds = Mutex(milliseconds) }

    var now: Timestamp { Timestamp(milliseconds: milliseconds.withLock { $0 }) }
    func advance(milliseconds: Int64) { self.milliseconds.withLock { $0 += milliseconds } }
}

/// A folder of a test's own, gone with it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "semblance-tests-" + UUID().uuidString
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// An engine on a temporary directory, called as if it were synchronous, which can be closed and opened again.
final class EngineHarness {
    let directory: TemporaryDirectory
    let clock: ManualClock
    var configuration: EngineConfiguration
    private(set) var engine: Engine

    static let namespace = "support"

    init(
        directory: TemporaryDirectory = TemporaryDirectory(), clock: ManualClock = ManualClock(),
        configure: (inout EngineConfiguration) -> Void = { _ in }
    ) throws {
        self.directory = directory
        self.clock = clock
        let kernels = try Kernels(environment: [:])
        configuration = EngineConfiguration(directory: directory.path + "/store", kernels: kernels)
        configuration.clock = clock
        configuration.searchThreads = 1
        configuration.storage.mapBytes = 1 << 30
        configuration.reclaimIntervalMilliseconds = nil
        configure(&configuration)
        engine = try Engine.open(configuration)
    }

    deinit { engine.close() }

    func reopen(configure: (inout EngineConfiguration) -> Void = { _ in }) throws {
        engine.close()
        configure(&configuration)
        engine = try Engine.open(configuration)
    }

    // MARK: Calls that wait for their reply

    func write(_ request: WriteRequest) -> WriteReply { Self.wait { engine.submit(request, reply: $0) } }
    func read(_ request: ReadRequest) -> ReadReply { Self.wait { engine.submit(request, reply: $0) } }

    private static func wait<Value: Sendable>(_ body: (@escaping @Sendable (Value) -> Void) -> Void) -> Value {
        let answer = Answer<Value>()
        body { answer.set($0) }
        return answer.get()
    }

    /// What another thread answers.
    private final class Answer<Value: Sendable>: Sendable {
        private let value = Mutex<Value?>(nil)
        private let semaphore = DispatchSemaphore(value: 0)

        func set(_ value: Value) {
            self.value.withLock { $0 = value }
            semaphore.signal()
        }

        func get() -> Value {
            semaphore.wait()
            return value.withLock { $0 }!
        }
    }

    @discardableResult
    func insert(
        _ insertions: [Insertion], into namespace: String = EngineHarness.namespace, model: String? = nil
    ) -> [InsertOutcome] {
        switch write(.insert(InsertBatch(namespace: namespace, model: model, insertions: insertions))) {
        case .inserted(let outcomes): outcomes
        case .failed(let error): insertions.map { _ in .refused(error) }
        default: []
        }
    }

    @discardableResult
    func insert(_ insertion: Insertion, into namespace: String = EngineHarness.namespace) -> InsertOutcome {
        insert([insertion], into: namespace)[0]
    }

    func lookup(_ lookup: Lookup, in namespace: String = EngineHarness.namespace) -> LookupReply {
        guard case .lookup(let replies) = read(.lookup(namespace: namespace, [lookup])) else {
            preconditionFailure("a lookup was answered by something else")
        }
        return replies[0]
    }

    @discardableResult
    func invalidate(
        _ source: String, _ change: Invalidation.Change, in namespace: String = EngineHarness.namespace,
        incarnation: UInt64? = nil
    ) -> Result<InvalidationReceipt, CacheError> {
        let invalidation = Invalidation(source: source, change: change, incarnation: incarnation)
        switch write(.invalidate(namespace: namespace, [invalidation])) {
        case .invalidated(let outcomes): return outcomes[0]
        case .failed(let error): return .failure(error)
        default: return .failure(CacheError(.internalError, "an invalidation was answered by something else"))
        }
    }

    func lease(in namespace: String = EngineHarness.namespace) -> Lease {
        engine.lease(namespace: namespace, sources: []).lease
    }
}

extension InsertOutcome {
    var entry: EntryIdentifier? { if case .stored(let entry, _) = self { entry } else { nil } }
    var code: CacheError.Code? { if case .refused(let error) = self { error.code } else { nil } }
}

extension LookupReply {
    var hits: [Hit] { if case .hits(let hits) = outcome { hits } else { [] } }
    var missReason: Miss.Reason? { if case .miss(let miss) = outcome { miss.reason } else { nil } }
    var code: CacheError.Code? { if case .refused(let error) = outcome { error.code } else { nil } }
}

extension Result where Failure == CacheError {
    var code: CacheError.Code? { if case .failure(let error) = self { error.code } else { nil } }
}
