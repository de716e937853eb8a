import CacheEngine
import CacheModel
import CacheStorage
import Foundation
import Synchronization

/// Makes the next commits of an invalidation fail, as long as it is armed.
final class HistoryFault: Sendable {
    private let code = Mutex<CInt>(0)

    func arm(_ code: CInt) { self.code.withLock { $0 = code } }
    func code(for purpose: CommitPurpose) -> CInt { purpose == .invalidation ? code.withLock { $0 } : 0 }
}

/// What a history found out to be wrong.
struct HistoryFailure: Error, CustomStringConvertible {
    var description: String
}

/// A real engine and the model of it, called with the same calls: every answer must be the same.
final class HistoryDriver {
    private(set) var model: InvalidationModel
    private(set) var log: [String] = []
    /// How often each kind of answer was seen.
    private(set) var seen: [String: Int] = [:]
    let clock = ManualClock()
    private var harness: EngineHarness
    private let fault = HistoryFault()
    private let incarnations: IncarnationCounter
    private let watermarkLimit: Int

    /// Draws 1, 2, 3 and so on.
    private final class IncarnationCounter: Sendable {
        private let last = Mutex<UInt64>(0)

        func draw() -> UInt64 {
            last.withLock { last in
                last += 1
                return last
            }
        }

        var current: UInt64 { last.withLock { $0 } }
    }

    /// A copy of the store and the model of the copy.
    struct Backup {
        var directory: TemporaryDirectory
        var model: InvalidationModel
    }

    init(watermarkLimit: Int) throws {
        self.watermarkLimit = watermarkLimit
        let incarnations = IncarnationCounter()
        self.incarnations = incarnations
        harness = try Self.open(TemporaryDirectory(), clock, fault, incarnations, watermarkLimit, isRestored: false)
        model = InvalidationModel(incarnation: incarnations.current, watermarkLimit: watermarkLimit)
    }

    private static func open(
        _ directory: TemporaryDirectory, _ clock: ManualClock, _ fault: HistoryFault,
        _ incarnations: IncarnationCounter,
        _ watermarkLimit: Int, isRestored: Bool
    ) throws -> EngineHarness {
        try EngineHarness(directory: directory, clock: clock) { configuration in
            configuration.storage.durability = .relaxed
            configuration.storage.commitFault = { fault.code(for: $0) }
            configuration.storage.mapBytes = 64 << 20
            configuration.watermarkLimit = watermarkLimit
            // Worlds are small, and keys are to wait for others in them all the same.
            configuration.leastRecentKeys = 1
            configuration.makeIncarnation = { incarnations.draw() }
            configuration.isRestored = isRestored
        }
    }

    var now: Int64 { clock.now.milliseconds }

    func advanceClock(milliseconds: Int64) {
        clock.advance(milliseconds: milliseconds)
        note("clock +\(milliseconds)")
    }

    func note(_ text: String) {
        log.append(text)
        if log.count > 40 { log.removeFirst(20) }
    }

    private func count(_ answer: String) { seen[answer, default: 0] += 1 }

    private func same<Value: Equatable>(_ what: String, engine: Value, model: Value) throws {
        note("\(what): \(engine)")
        guard engine == model else {
            throw HistoryFailure(description: "\(what)\n   engine: \(engine)\n   model:  \(model)")
        }
    }

    private func refusal(_ error: CacheError) -> InvalidationModel.Refusal {
        var detail = error.detail
        // The index in its batch is no matter of freshness.
        detail["row"] = nil
        return InvalidationModel.Refusal(code: error.code, detail: detail)
    }

    // MARK: News

    /// - Returns: the outcomes; nil when the commit failed.
    func invalidate(
        _ news: [Invalidation], in name: String, fails: Bool = false
    ) throws -> [Result<InvalidationReceipt, InvalidationModel.Refusal>]? {
        let expected = news.map { model.invalidate($0, in: name) }
        let isAcknowledged = model.settle(fails: fails)
        fault.arm(fails ? EIO : 0)
        defer { fault.arm(0) }
        let what = "invalidate \(name) \(news.map { "\($0.source) \($0.change) \($0.incarnation ?? 0)" })"
        switch harness.write(.invalidate(namespace: name, news)) {
        case .invalidated(let outcomes) where isAcknowledged:
            let outcomes = outcomes.map { outcome in outcome.mapError { refusal($0) } }
            try same(what, engine: outcomes, model: expected)
            for outcome in outcomes {
                switch outcome {
                case .success(let receipt): count(receipt.changed ? "changed" : "already")
                case .failure(let refusal): count("invalidate \(refusal.code.rawValue)")
                }
            }
            return outcomes
        case .failed(let error) where !isAcknowledged:
            try same(what, engine: error.code, model: .storageFailed)
            count("unacknowledged")
            return nil
        case let reply:
            throw HistoryFailure(description: "\(what): \(reply), but acknowledged is \(isAcknowledged)")
        }
    }

    /// - Returns: whether the purge is acknowledged.
    func purge(_ purge: Purge, in name: String, fails: Bool = false) throws -> Bool {
        let expected = model.purge(purge, in: name)
        let isAcknowledged = model.settle(fails: fails)
        fault.arm(fails ? EIO : 0)
        defer { fault.arm(0) }
        switch harness.write(.purge(namespace: name, purge)) {
        case .purged(let receipt) where isAcknowledged:
            try same("purge \(name) \(purge)", engine: receipt, model: expected)
            count("purged")
            return true
        case .failed(let error) where !isAcknowledged:
            try same("purge \(name) \(purge)", engine: error.code, model: .storageFailed)
            return false
        case let reply:
            throw HistoryFailure(description: "purge \(purge): \(reply), but acknowledged is \(isAcknowledged)")
        }
    }

    func drop(_ name: String) throws {
        let expected = model.drop(name)
        _ = model.settle(fails: false)
        switch harness.write(.dropNamespace(name)) {
        case .dropped(let receipt): try same("drop \(name)", engine: .success(receipt), model: expected)
        case .failed(let error): try same("drop \(name)", engine: .failure(refusal(error)), model: expected)
        case let reply: throw HistoryFailure(description: "drop: \(reply)")
        }
        count("dropped")
    }

    func liftFence() throws {
        let expected = model.liftFence()
        _ = model.settle(fails: false)
        guard case .fenceLifted(let position) = harness.write(.liftFence) else {
            throw HistoryFailure(description: "the fence was not lifted")
        }
        try same("lift fence", engine: position, model: expected)
        count("fence lifted")
    }

    // MARK: The disk

    func restart() throws {
        try harness.reopen { $0.isRestored = false }
        model.restart()
        try same("restart", engine: harness.engine.position, model: model.durable.position)
        count("restart")
    }

    func backUp() throws -> Backup {
        let directory = TemporaryDirectory()
        let store = directory.path + "/store"
        try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
        try harness.engine.copy(to: store)
        note("backup")
        return Backup(directory: directory, model: model.backup)
    }

    /// Goes on with the copy; the backup itself can be restored again.
    func restore(_ backup: Backup) throws {
        harness.engine.close()
        let directory = TemporaryDirectory()
        try FileManager.default.copyItem(atPath: backup.directory.path + "/store", toPath: directory.path + "/store")
        harness = try Self.open(directory, clock, fault, incarnations, watermarkLimit, isRestored: true)
        model = backup.model
        model.restore(incarnation: incarnations.current)
        try same("restore", engine: harness.engine.position, model: model.durable.position)
        try same("fenced", engine: harness.engine.opening.isFenced, model: true)
        count("restored")
    }

    func reclaim() throws {
        guard case .reclaimed(let number) = harness.write(.reclaim) else {
            throw HistoryFailure(description: "reclaiming was answered by something else")
        }
        try same("reclaim", engine: number, model: model.reclaim(now: now))
        if number > 0 { count("reclaimed") }
    }

    // MARK: Entries

    func lease(_ name: String, sources: [String]) throws -> Lease {
        let (lease, states) = harness.engine.lease(namespace: name, sources: sources)
        try same("lease \(name)", engine: lease, model: model.lease(name))
        let known = model.knowledge.namespaces[name]?.sources ?? [:]
        try same(
            "sources of \(name)", engine: states,
            model: sources.map { known[$0]?.state ?? SourceState(version: .unnamed, lastSequence: 0) })
        return lease
    }

    func insert(_ entry: InvalidationModel.Entry, lease: Lease?, into name: String) throws {
        let insertion = Insertion(
            scope: entry.scope, key: entry.key, vector: entry.distance.map(HistoryVectors.vector),
            payload: entry.payload,
            dependencies: entry.dependencies, tags: entry.tags, expiresAt: Timestamp(milliseconds: entry.expiresAt),
            lease: lease)
        let outcome = harness.insert(insertion, into: name)
        let what =
            "insert \(name) \(entry.payload) scope \(entry.scope.fingerprint) \(entry.dependencies) "
            + "\(entry.tags) lease \(lease?.description ?? "none")"
        switch (outcome, model.insert(entry, lease: lease, into: name, now: now)) {
        case (.stored(let number, let replaced), .success(let expected)):
            try same(what, engine: replaced?.number, model: expected.replaced)
            guard model.contents[name]?[number.number] == nil else {
                throw HistoryFailure(description: "\(what): the number \(number) was given twice")
            }
            model.store(expected.entry, as: number.number, into: name)
            count("stored")
        case (.refused(let error), .failure(let expected)):
            try same(what, engine: refusal(error), model: expected)
            count("insert \(error.code.rawValue)")
        case (let engine, let expected):
            throw HistoryFailure(description: "\(what)\n   engine: \(engine)\n   model:  \(expected)")
        }
    }

    func delete(_ number: UInt64, in name: String) throws {
        guard
            case .deleted(let deleted) = harness.write(
                .delete(namespace: name, entries: [EntryIdentifier(number)], scope: nil))
        else { throw HistoryFailure(description: "a deletion was answered by something else") }
        try same("delete \(number)", engine: deleted, model: [model.delete(number, in: name)])
    }

    /// - Returns: the entries that were returned.
    func lookup(
        scope: Scope, key: ExactKey? = nil, reach: Int?, minimumPosition: Position? = nil, sources: [String],
        in name: String
    ) throws -> [InvalidationModel.Entry] {
        let lookup = Lookup(
            scope: scope, key: key, vector: reach.map { _ in HistoryVectors.vector(0) },
            threshold: reach.map(HistoryVectors.threshold), neighbors: Limits.neighborsRange.upperBound,
            minimumPosition: minimumPosition, sources: sources)
        let reply = harness.lookup(lookup, in: name)
        let answer: InvalidationModel.Answer? =
            switch reply.outcome {
            case .hits(let hits):
                hits.first?.match == .key
                    ? .keyHit(hits[0].entry.identifier.number) : .vectorHits(hits.map(\.entry.identifier.number))
            case .miss(let miss): .miss(miss.reason)
            case .refused: nil
            }
        let expected = model.lookup(
            scope: scope, key: key, reach: reach, minimumPosition: minimumPosition, in: name, now: now)
        guard answer == expected else {
            throw HistoryFailure(
                description:
                    "lookup in \(name), scope \(scope.fingerprint), key \(key?.fingerprint ?? 0), reach \(reach ?? -1)"
                    + "\n   engine: \(reply.outcome)\n   model:  \(expected)")
        }
        guard reply.lease == model.lease(name) else {
            throw HistoryFailure(description: "a lookup's lease is \(reply.lease), in the model \(model.lease(name))")
        }
        let known = model.knowledge.namespaces[name]?.sources ?? [:]
        guard reply.sourceSequences == sources.map({ known[$0]?.last ?? 0 }) else {
            throw HistoryFailure(description: "a lookup reports the changes \(reply.sourceSequences)")
        }
        switch reply.outcome {
        case .miss(let miss): count("miss \(miss.reason)")
        default: count(key == nil ? "vector hits" : "key hit")
        }
        return try reply.hits.enumerated().map { rank, hit in
            guard let entry = model.contents[name]?[hit.entry.identifier.number],
                hit.entry.payload == (rank == 0 ? entry.payload : nil), hit.entry.dependencies == entry.dependencies,
                hit.entry.tags == entry.tags, hit.entry.scope == scope
            else { throw HistoryFailure(description: "a hit is not what was stored: \(hit.entry)") }
            return entry
        }
    }

    /// One entry, by its number.
    func get(_ number: UInt64, in name: String) throws {
        let entry = model.contents[name]?[number]
        let expected: Result<[UInt8], InvalidationModel.Refusal>
        let detail = ["entry": "\(number)"]
        if model.contents[name] == nil {
            expected = .failure(.init(code: .namespaceNotFound, detail: ["namespace": name]))
        } else if let entry, entry.expiresAt > now {
            expected =
                model.verdict(entry, in: name).map {
                    .failure(
                        .init(code: .entryNotFound, detail: detail.merging(["reason": $0.refusal.code.rawValue]) { $1 })
                    )
                } ?? .success(entry.payload)
        } else {
            expected = .failure(.init(code: .entryNotFound, detail: detail))
        }
        switch harness.read(.get(namespace: name, scope: nil, entry: EntryIdentifier(number))) {
        case .entry(let entry): try same("get \(number)", engine: .success(entry.payload ?? []), model: expected)
        case .failed(let error): try same("get \(number)", engine: .failure(refusal(error)), model: expected)
        case .lookup, .page: throw HistoryFailure(description: "an entry was answered as something else")
        }
    }
}

/// Vectors at growing distances from the one that is asked for.
enum HistoryVectors {
    static let distances = 0...3
    private static let angles: [Float] = [0, 0.1, 0.2, 0.9]
    /// Between the cosines of the angles above.
    private static let thresholds: [Float] = [0.999, 0.99, 0.9, 0.5]

    static func vector(_ distance: Int) -> [Float] {
        let angle = Double(angles[distance])
        return [Float(cos(angle)), 0, Float(sin(angle))]
    }

    /// Lets entries through up to this distance.
    static func threshold(_ reach: Int) -> Float { thresholds[reach] }
}
